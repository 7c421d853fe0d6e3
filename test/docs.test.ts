import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errorTable } from "./error-table.ts";
import { docstringExamples, fences, runExample } from "./examples.ts";
import { filesBelow, ROOT, read, tableRows } from "./sources.ts";

let folder: string;
const before = process.cwd();

/** Examples may write to their folder, so they run in one of their own. */
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
