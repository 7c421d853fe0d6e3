import { rmSync } from "node:fs";
import { Engine, loadPolicy } from "@calybris/engine";
import { afterEach, beforeEach, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { POLICY, Sandbox } from "../support/sample-files.ts";

const YEAR_US = 365 * 86_400_000_000;

let files: Sandbox;
let policy: string;
beforeEach(() => {
  files = new Sandbox();
  policy = files.write("policy.json", JSON.stringify(POLICY));
});
afterEach(() => rmSync(files.path, { recursive: true, force: true }));

test("a journal that a clock ran ahead in is refused, repaired once, opened again, and intact", async () => {
  const journal = files.at("journal");
  const ahead = Date.now() * 1_000 + YEAR_US;
  const engine = await Engine.open({ directory: journal, policy: await loadPolicy(policy), nowUs: () => ahead });
  await engine.decide({ inputTokens: 10 });
  await engine.close();
  const set = ["policy", "set", policy, "--journal", journal];
  expect(await calybris(...set)).toMatchObject({
    exit: 1,
    complaints: expect.stringMatching(/CAL_JOURNAL_CLOCK[\s\S]*calybris journal repair-clock/),
  });
  const words = ["journal", "repair-clock", "--journal", journal];
  const { out, exit } = await calybris(...words, "--by", "ada", "--json");
  const { repaired } = JSON.parse(out) as { repaired: { sequence: number; from: number; to: number } };
  expect([exit, repaired.from]).toEqual([0, ahead]);
  expect(Math.abs(repaired.to - Date.now() * 1_000)).toBeLessThan(60_000_000);
  expect((await calybris(...words)).out).toContain("nothing to repair");
  expect(await calybris(...set)).toMatchObject({ exit: 0 });
  expect((await calybris("verify", journal)).exit).toBe(0);
  expect(await calybris("journal", "repair-clock", "--journal", files.at("none"))).toMatchObject({ exit: 2 });
});
