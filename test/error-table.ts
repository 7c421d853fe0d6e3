/** The text of `docs/errors.md`, from the error tables in the code. @module */
import { ESTIMATE_ERRORS } from "@calybris/estimate";
import { GATEWAY_ERRORS } from "@calybris/gateway";
import { ENGINE_ERRORS } from "@calybris/engine";
import { ERRORS, type ErrorRow } from "@calybris/kernel";
import { SAVINGS_ERRORS } from "@calybris/savings";
import { CLI_ERRORS } from "../packages/cli/src/cli-errors.ts";

const HEADING = `# Errors

For developers and operators who handle a failed command or request. Switch on the code, which is stable. The status is the
HTTP status of the service. \`calybris\` prints the message and the remedy and exits with a code other than 0. A rejected
request is not an error: it is a decision with a reason.

The page is generated from the tables of the packages (\`*-errors.ts\`, in the kernel \`errors.ts\` too) by
\`UPDATE_DOCS=1 npx vitest run test/docs.test.ts\`. Words in braces are values at run time.
`;

/** Each package has its own. */
const TABLES: readonly object[] = [ERRORS, ENGINE_ERRORS, CLI_ERRORS, GATEWAY_ERRORS, SAVINGS_ERRORS, ESTIMATE_ERRORS];

/** Columns are padded as the formatter pads them. */
export function errorTable(): string {
  const rows = TABLES.flatMap((table) => Object.entries(table)).map(([code, row]) => {
    const { status, message, remedy } = row as ErrorRow<unknown>;
    return [`\`${code}\``, String(status), message(placeholders), remedy];
  });
  const heading = ["code", "status", "what happened", "what to do"];
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], fill: string): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(" | ")} |`;
  const dashes = widths.map(() => "-");
  return `${HEADING}\n${[line(heading, " "), line(dashes, "-"), ...rows.map((row) => line(row, " "))].join("\n")}\n`;
}

/** Every detail is its own name in braces; a list of mistakes holds one. */
const placeholders: unknown = new Proxy(
  {},
  {
    get: (_target, key) =>
      key === "mistakes" ? [{ path: "{field}", problem: "{problem}", remedy: "{remedy}" }] : `{${String(key)}}`,
  },
);
