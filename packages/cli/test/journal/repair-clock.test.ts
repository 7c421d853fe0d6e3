import { rmSync } from "node:fs";
import { Engine, loadPolicy, parseBudgets } from "@calybris/engine";
import { afterEach, beforeEach, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { POLICY, Sandbox } from "../support/sample-files.ts";

const DAY_US = 86_400_000_000;
const YEAR_US = 365 * DAY_US;

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

test("after 400 days ahead, periods, expiries and retention continue from the later time", async () => {
  const journal = files.at("journal");
  const real = Date.now() * 1_000;
  const open = async (nowUs: number) =>
    Engine.open({ directory: journal, policy: await loadPolicy(policy), nowUs: () => nowUs });
  const ask = (requestId: string) => ({ inputTokens: 10, tenant: "acme", requestId });
  const period = { every: "day", timeZone: "UTC", allotmentDollars: "1" };

  let engine = await open(real);
  await engine.ledger.apply(parseBudgets({ tenants: { acme: { period, reservationSeconds: 3_600 } } }));
  const before = await engine.decide(ask("before"));
  await engine.close();
  engine = await open(real + 400 * DAY_US);
  const ahead = await engine.decide(ask("ahead"));
  const begun = engine.ledger.balance("acme").period;
  await engine.close();
  expect(begun?.index).toBe(401);

  const repair = await calybris("journal", "repair-clock", "--journal", journal, "--json");
  const { repaired } = JSON.parse(repair.out) as { repaired: { sequence: number; from: number; to: number } };
  expect(Math.round((repaired.from - repaired.to) / DAY_US)).toBe(400);
  const { out } = await calybris("show", String(repaired.sequence), "--journal", journal);
  expect(out).toMatch(/ set the time of the journal back from 20\d\d-.* to 20\d\d-/);

  // Days later, still long before the time that was wrong.
  engine = await open(repaired.to + 5 * DAY_US);
  const next = await engine.decide(ask("next"));
  expect(next.repeated).toBe(false);
  expect(engine.ledger.balance("acme").period).toEqual(begun);
  const states = (): object =>
    Object.fromEntries(engine.ledger.prove().reservations.map(({ decisionId, state }) => [decisionId, state]));
  // That of `before` expired by the time that was wrong, and stays settled.
  expect(states()).toEqual({ [ahead.decisionId]: "open", [next.decisionId]: "open" });
  expect(await engine.decide(ask("ahead"))).toMatchObject({ decisionId: ahead.decisionId, repeated: true });
  expect(await engine.decide(ask("before"))).toMatchObject({ decisionId: before.decisionId, repeated: true });
  await engine.close();

  // A request ID is retained for 7 days of the clock; one of the time that was wrong until 7 days after that time.
  engine = await open(repaired.to + 8 * DAY_US);
  expect((await engine.decide(ask("before"))).repeated).toBe(false);
  expect(await engine.decide(ask("ahead"))).toMatchObject({ decisionId: ahead.decisionId, repeated: true });
  await engine.close();

  // Past the time that was wrong, everything is due again.
  engine = await open(real + 402 * DAY_US);
  expect(states()).toEqual({});
  await engine.decide(ask("later"));
  expect(engine.ledger.balance("acme").period?.index).toBe(403);
  await engine.close();
  expect(await calybris("verify", journal)).toMatchObject({ exit: 0, out: expect.stringContaining("INTACT") });
});
