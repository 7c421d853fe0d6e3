import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errorTable } from "./error-table.ts";
import { docstringExamples, fences, runExample } from "./examples.ts";
import { filesBelow, ROOT, read, tableRows } from "./sources.ts";

const COMMAND = `${ROOT}packages/cli/bin/calybris.cjs`;

let folder: string;
const before = process.cwd();

/** Examples may write where they stand, so they stand in a folder of their own. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "calybris-docs-"));
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

test("docs/errors.md is the error table of the code", () => {
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(`${ROOT}docs/errors.md`, errorTable());
  expect(read("docs/errors.md")).toBe(errorTable());
});

describe("docs/invariants.md", () => {
  const titles = filesBelow("", ".test.ts").map(read).join("\n");

  test.each(tableRows(read("docs/invariants.md")))("%s: %s", (_id, _claim, code = "", tests = "") => {
    const places = code.split(", ").map((place) => [...place.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text));
    for (const [file = "", symbol = ""] of places) {
      expect(read(file), `${file} holds ${symbol}`).toMatch(new RegExp(`\\b${symbol}\\b`));
    }
    const named = [...tests.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => title);
    expect(named.length, "a row names its tests").toBeGreaterThan(0);
    expect(named.filter((title) => !titles.includes(title))).toEqual([]);
  });
});

describe("links", () => {
  test.each(filesBelow("", ".md"))("of %s lead somewhere", (file) => {
    const targets = [...read(file).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) => target);
    expect(targets.filter((target) => !existsSync(join(ROOT, file, "..", target)))).toEqual([]);
  });
});

describe("examples", () => {
  const examples = [
    ...[...filesBelow("packages/kernel/src", ".ts"), ...filesBelow("packages/engine/src", ".ts")].flatMap((file) =>
      docstringExamples(read(file)).map((example, index): [string, string] => [`${file} ${index + 1}`, example]),
    ),
    ...["README.md", ...filesBelow("packages", "README.md")].flatMap((file) =>
      fences(read(file), "ts").map((example, index): [string, string] => [`${file} ${index + 1}`, example]),
    ),
  ];

  test.each(examples)("%s comes to what it states", async (name, example) => {
    for (const { expression, actual, stated } of await runExample(name, example)) {
      expect(actual, expression).toEqual(stated);
    }
  });
});

/** Commands as a reader would type them, but for the way to the program. */
const AS_INSTALLED = 'npx() { shift; "$NODE" "$COMMAND" "$@"; }\nset -e\n';
/** Pages whose commands need nothing that the page did not make before. docs/learning.md has a test of its own. */
const PAGES_WITH_COMMANDS = ["README.md", "docs/budgets.md"];

// Skipped where the command is not built, and where there is no shell to type into.
describe.skipIf(!existsSync(COMMAND) || process.platform === "win32")("commands", () => {
  test.each(PAGES_WITH_COMMANDS)(
    "of %s run as they are written, and print what the page shows",
    (page) => {
      const script = fences(read(page), "sh").filter((commands) => commands.includes("npx calybris"));
      const cwd = mkdtempSync(join(folder, "page-"));
      const env = { ...process.env, NODE: process.execPath, COMMAND, NO_COLOR: "1" };
      const output = execFileSync("sh", ["-c", AS_INSTALLED + script.join("\n")], {
        cwd,
        env,
        stdio: "pipe",
      }).toString();
      const printed = new Set(output.split("\n").map(withoutOffsets));
      const shown = fences(read(page), "text").flatMap((text) => text.trimEnd().split("\n"));
      expect(shown.filter((line) => !printed.has(withoutOffsets(line)))).toEqual([]);
    },
    120_000,
  );
});

/** A byte offset moves with the format of an entry. */
function withoutOffsets(line: string): string {
  return line.replace(/at byte \d+/, "at byte N");
}
