/** A gateway killed under model calls charges what its provider bills, to the microcent. @module */
import { moneyUnderFire } from "../../packages/cli/test/fire/money-under-fire.ts";
import type { Budget, Found } from "./search.ts";

export const name = "money under fire";

const SIZE = { calls: 10_000, concurrency: 128, kills: 5 };
/** Of the time: for the calls that are under way, and for the reconciliation. */
const CALLS_SHARE = 0.8;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const report = await moneyUnderFire({ ...SIZE, seed, milliseconds: milliseconds * CALLS_SHARE, progress });
  const { calls, kills, killsInRecovery, attempts, samples, reconciled, repeatsRefused, billMicrocents, statuses } =
    report;
  const summary = [
    `${calls} calls, ${attempts} attempts, ${kills} kills of which ${killsInRecovery} before it was ready again, ${repeatsRefused} repeats refused, ${samples} moments compared`,
    `${reconciled} held calls reconciled; billed and charged ${billMicrocents} microcents`,
    `answers ${JSON.stringify(statuses)}`,
  ];
  return { cases: calls, summary: summary.join("\n  ") };
}
