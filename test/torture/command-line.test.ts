import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

// Goal: the command lists the searches and names a mistake, and a typing error runs nothing.

function run(command: "soak" | "torture", ...args: string[]): { status: number | null; out: string; problem: string } {
  const file = fileURLToPath(new URL(`${command}.ts`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { encoding: "utf8" });
  return { status, out: stdout, problem: stderr };
}

test.each(["soak", "torture"] as const)("%s --help says what can be asked for, and runs nothing", (command) => {
  const { status, out, problem } = run(command, "--help");
  expect(status).toBe(0);
  expect(out).toMatch(/--minutes[\s\S]*--seed[\s\S]*Searches: .*\bcrash\b.*\bkill\b/);
  expect(out).not.toMatch(/passed|command-line|runner/);
  expect(problem).toBe("");
});

test.each([
  [["krash"], 'there is no search "krash", but '],
  [["crash", "--minutes", "soon"], '--minutes is a number above 0, not "soon"'],
  [["crash", "--minutes", "0"], '--minutes is a number above 0, not "0"'],
  [["--seed", "1.5"], '--seed is a whole number, not "1.5"'],
  [["--rounds", "0"], '--rounds is 1 or more, not "0"'],
  [["--round-minutes", "0"], '--round-minutes is a number above 0, not "0"'],
  [["--quick"], "Unknown option '--quick'"],
])("%j is refused with what was expected", (args, problem) => {
  const ended = run("soak", ...args);
  expect(ended.problem).toContain(problem);
  expect(ended.status).toBe(2);
  expect(ended.out).toBe("");
});
