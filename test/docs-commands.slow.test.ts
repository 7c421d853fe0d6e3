import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fences } from "./examples.ts";
import { ROOT, read } from "./sources.ts";

const COMMAND = `${ROOT}packages/cli/bin/calybris.cjs`;

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
      const cwd = mkdtempSync(join(tmpdir(), "calybris-page-"));
      onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
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
