import { expect, test } from "vitest";
import { longTest } from "../../../../test/share.ts";
import { estimatedCalls } from "./estimated-calls.ts";
import { manyCalls } from "./many-calls.ts";
import { moneyUnderFire } from "./money-under-fire.ts";

// Goal: a gateway that is killed in the middle of calls loses no cost, charges none twice, and ends at the provider's bill.
// Method: a real process, a real kill, a real journal; `npm run torture -- money-under-fire` does the same with 10,000 calls.

const seed = 1;

test("a gateway that is killed under calls is charged what its provider bills, to the microcent", async () => {
  const report = await moneyUnderFire({ seed, calls: 150, concurrency: 16, kills: 1, milliseconds: 120_000 });
  console.log({ seed, ...report });
  expect(report).toMatchObject({ calls: 150, kills: 3 });
  expect(report.killsInRecovery).toBeGreaterThan(0);
  expect(report.statuses[200]).toBeGreaterThan(80);
  expect(report.statuses[402]).toBeGreaterThan(0);
  expect(report.repeatsRefused).toBeGreaterThan(0);
  expect(report.reconciled).toBeGreaterThan(0);
  expect(report.billMicrocents).toBeGreaterThan(0n);
});

longTest(
  "calls that are reserved by an estimate exceed it about as often as it says, and are charged what is billed",
  async () => {
    const report = await estimatedCalls({ seed, calls: 400, milliseconds: 120_000 });
    console.log({ seed, ...report });
    expect(report.estimated).toBeGreaterThan(300);
    // 1 in 100 is stated: 4 of 400, and 16 is six standard deviations above.
    expect(report.overruns).toBeLessThanOrEqual(16);
  },
);

longTest("calls of every kind are answered, nothing stays reserved, and what was charged is the bill", async () => {
  const { calls, answers, savedDollars } = await manyCalls({
    seed,
    calls: 250,
    concurrency: 16,
    milliseconds: 120_000,
  });
  console.log({ seed, calls, answers, savedDollars });
  expect(calls).toBe(250);
  expect(answers["malformed 400"]).toBeGreaterThan(0);
  expect(answers["plain 200"]).toBeGreaterThan(180);
  expect(savedDollars).toBeGreaterThan(0);
});
