import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { basename } from "node:path";
import { expect, test } from "vitest";

test("temporary files of tests, and of processes that they start, are in the folder that is removed after the run", () => {
  expect(basename(tmpdir())).toMatch(/^calybris-run-/);
  const inner = execFileSync(process.execPath, ["-p", "os.tmpdir()"], { encoding: "utf8" });
  expect(inner.trim()).toBe(tmpdir());
});
