/**
 * What holds of purses whenever money is reserved, granted or billed.
 * @module
 */
import { CLOCK_SLACK_US } from "./period-check.ts";
import type { Pocket, Purse } from "./purse.ts";
import type { Report } from "./report.ts";

/** Who spends or is granted money does so in the period that contains the time, if the tenant has periods. */
export function lookForPeriod({ tenant, limit, pocket }: Purse, at: number, report: Report): void {
  if (limit.period === undefined) return;
  const endsAt = pocket.period?.endsAt ?? Number.NEGATIVE_INFINITY;
  if (at >= endsAt + CLOCK_SLACK_US)
    report("money", `a period of ${quote(tenant)} that contains ${at}`, pocket.period ? `one until ${endsAt}` : "none");
}

/** Says of a balance that it is out of range when it becomes so, not again while it stays so. */
export function look(purses: readonly Purse[], report: Report): void {
  for (const purse of purses) {
    const { fault } = purse;
    if (fault !== undefined && purse.isSound)
      report("money", `balances of ${quote(purse.tenant)} from 0 to 2^63−1`, `${fault} (${purse.text})`);
    purse.isSound = fault === undefined;
  }
}

export function pursesOf(pockets: readonly Pocket[]): readonly Purse[] {
  return pockets.map(({ purse }) => purse);
}

/** Reserves from pockets, as far as they have room. */
export function reserve(pockets: readonly Pocket[], amountMicrocents: bigint, report: Report): void {
  for (const { purse: level } of pockets) {
    const { room } = level;
    if (amountMicrocents > room) {
      const found = `${amountMicrocents} (${level.text})`;
      report("money", `a reservation of at most ${room} microcents from ${quote(level.tenant)}`, found);
      level.isSound = false;
    }
    level.reserved += amountMicrocents;
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}
