/** `docs/errors.md`, as it must be for the error table in the code. @module */
import { ERRORS, type ErrorRow } from "@calybris/kernel";

const HEADING = `# Errors

What can go wrong when Calybris itself is right. Switch on the code; it is stable. The status is what a service answers
with; \`calybris\` prints the message and the remedy and ends with a code other than 0. A rejected request is not an error:
it is a decision with a reason.

This page is written from the table in \`packages/kernel/src/errors.ts\` by \`UPDATE_DOCS=1 npx vitest run test/docs.test.ts\`.
Words in braces stand for what the error tells at run time.
`;

export function errorTable(): string {
  const rows = Object.entries(ERRORS).map(([code, row]) => {
    const { status, message, remedy } = row as ErrorRow<unknown>;
    return `| \`${code}\` | ${status} | ${message(placeholders)} | ${remedy} |`;
  });
  return `${HEADING}\n| code | status | what happened | what to do |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

/** Every detail is its own name in braces; a list of mistakes holds one. */
const placeholders: unknown = new Proxy(
  {},
  {
    get: (_target, key) =>
      key === "mistakes" ? [{ path: "{field}", problem: "{problem}", remedy: "{remedy}" }] : `{${String(key)}}`,
  },
);
