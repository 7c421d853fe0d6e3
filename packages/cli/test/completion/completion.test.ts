import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { placesOf } from "../../src/completion/words.ts";
import { calybris as program } from "../../src/program.ts";
import { calybris, capturedTerminal } from "../support/captured-terminal.ts";

const places = placesOf(await program(capturedTerminal()));
const folder = mkdtempSync(join(tmpdir(), "calybris-completion-"));

async function scriptFor(shell: string): Promise<string> {
  const { exit, out, complaints } = await calybris("completion", shell);
  expect({ exit, complaints }).toEqual({ exit: 0, complaints: "" });
  return out;
}

// Skipped where there is no bash.
describe.skipIf(spawnSync("bash", ["--version"]).error !== undefined)("in bash", () => {
  const file = join(folder, "calybris.bash");
  beforeAll(async () => writeFileSync(file, await scriptFor("bash")));

  /** What bash offers after the words, the last of which is being typed. */
  function offered(...words: readonly string[]): string[] {
    const line = `source ${file}; COMP_WORDS=(calybris "$@"); COMP_CWORD=$#; _calybris; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr, status } = spawnSync("bash", ["-c", line, "bash", ...words], { encoding: "utf8" });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return stdout.split("\n").filter((word) => word !== "");
  }

  test("every command and option of the table is offered at its place", () => {
    const sample = places.filter(({ at }) => /^calybris(?: ledger| ledger show| tail| policy)?$/.test(at));
    expect(sample).toHaveLength(5);
    for (const { at, commands, options } of sample) {
      const words = [...at.split(" ").slice(1), ""];
      expect(offered(...words), at).toEqual([...commands, ...options].map(({ word }) => word));
    }
  });

  test("a beginning narrows, values of options are offered, and what fits nothing is left to file names", () => {
    expect(offered("sh")).toEqual(["show"]);
    expect(offered("ledger", "re")).toEqual(["release", "reconcile"]);
    expect(offered("tail", "--kind", "pol")).toEqual(["policy"]);
    expect(offered("ledger", "show", "--journal", "x", "--res")).toEqual(["--reservations"]);
    expect(offered("savings", "usage")).toEqual([]);
  });
});

// Whether zsh and fish take their scripts is seen where they are installed.
test.each([
  ["zsh", ["-n"]],
  ["fish", ["--no-execute"]],
] as const)("the script for %s names every command and option, and parses", async (shell, check) => {
  const script = await scriptFor(shell);
  for (const { at, commands, options } of places) {
    expect(script).toContain(`"${at}"`);
    for (const { word } of commands) expect(script).toContain(word);
    for (const { word } of options) expect(script).toContain(shell === "fish" ? `-l ${word.slice(2)} ` : word);
  }
  const file = join(folder, `calybris.${shell}`);
  writeFileSync(file, script);
  const { error, status, stderr } = spawnSync(shell, [...check, file], { encoding: "utf8" });
  if (error === undefined) expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("another shell is refused with those there are", async () => {
  expect(await calybris("completion", "cmd")).toMatchObject({
    exit: 2,
    complaints: expect.stringContaining("bash, zsh, fish"),
  });
});
