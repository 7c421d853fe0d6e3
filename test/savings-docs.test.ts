import { writeFileSync } from "node:fs";
import { parseUsageMap, USAGE_EXPORTS } from "@calybris/savings";
import { expect, test } from "vitest";
import { calybris } from "../packages/cli/test/support/captured-terminal.ts";
import { fences } from "./examples.ts";
import { ROOT, read } from "./sources.ts";

const PAGE = "docs/savings.md";
const SAMPLE = "examples/savings/usage.csv";

/** Written by `UPDATE_DOCS=1 npx vitest run test/savings-docs.test.ts`. */
test.each([
  ["what the command prints", "output", async () => `\`\`\`text\n${await printed()}\n\`\`\``],
  ["the exports it recognises", "exports", async () => exportTable()],
])("docs/savings.md shows %s", async (_what, mark, fresh) => {
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const page = read(PAGE);
  const [from, to] = [page.indexOf(begin) + begin.length, page.indexOf(end)];
  const expected = `\n\n${await fresh()}\n\n`;
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(ROOT + PAGE, page.slice(0, from) + expected + page.slice(to));
  else expect(page.slice(from, to)).toBe(expected);
});

test("the map that docs/savings.md shows is one", () => {
  const [written = ""] = fences(read(PAGE), "json");
  expect(parseUsageMap(JSON.parse(written), PAGE)).toMatchObject({ paid: { columns: ["cost"], unit: "cents" } });
});

async function printed(): Promise<string> {
  const { exit, out } = await calybris("savings", ROOT + SAMPLE);
  expect(exit).toBe(0);
  return out.replaceAll(`${ROOT}examples/savings/`, "");
}

function exportTable(): string {
  const rows = USAGE_EXPORTS.map(({ name, title, documentation }) => [`\`${name}\``, title, documentation]);
  const heading = ["name", "export", "columns as in"];
  const widths = heading.map((text, column) =>
    Math.max(...[heading, ...rows].map((row) => row[column]?.length ?? 0), text.length),
  );
  const line = (cells: readonly string[], fill = " "): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(" | ")} |`;
  return [line(heading), line(["-", "-", "-"], "-"), ...rows.map((row) => line(row))].join("\n");
}
