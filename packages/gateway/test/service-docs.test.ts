import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { flagOf, OPTIONS, variableOf } from "../src/config/options.ts";

const FILE = join(import.meta.dirname, "..", "..", "..", "docs", "service.md");
const [BEGIN, END] = ["<!-- options -->", "<!-- /options -->"];

/** The table of options, as it must be for those in the code. */
function optionTable(): string {
  const rows = OPTIONS.map((option) => [
    `\`${option.path}\``,
    `\`--${flagOf(option)}\`, \`${variableOf(option)}\``,
    option.default === undefined ? "" : `\`${JSON.stringify(option.default)}\``,
    option.what.replaceAll("|", "\\|"),
  ]);
  const all = [["option", "flag, variable", "default", "is"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], fill = " "): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(" | ")} |`;
  const [heading = [], ...others] = all;
  return [line(heading), line(["-", "-", "-", "-"], "-"), ...others.map((row) => line(row))].join("\n");
}

test("docs/service.md lists every option there is, as it is", () => {
  const text = readFileSync(FILE, "utf8");
  const [before = "", rest = ""] = text.split(BEGIN);
  const after = rest.split(END)[1] ?? "";
  const wanted = `${before}${BEGIN}\n\n${optionTable()}\n\n${END}${after}`;
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(FILE, wanted);
  expect(text === wanted || process.env["UPDATE_DOCS"] === "1").toBe(true);
});
