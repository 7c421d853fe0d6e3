/**
 * Checks on accounts whenever money is reserved, granted or billed.
 * @module
 */
import { CLOCK_SLACK_US } from "./period-check.ts";
import type { Pocket, Account } from "./account.ts";
import type { Report } from "./report.ts";

/** If the tenant has periods, money is spent and granted in the period that contains the time. */
export function lookForPeriod({ tenant, limit, pocket }: Account, at: number, report: Report): void {
  if (limit.period === undefined) return;
  const endsAt = pocket.period?.endsAt ?? Number.NEGATIVE_INFINITY;
  if (at >= endsAt + CLOCK_SLACK_US)
    report("money", `a period of ${quote(tenant)} that contains ${at}`, pocket.period ? `one until ${endsAt}` : "none");
}

/** Reports a balance once when it goes out of range, and not again while it stays out of range. */
export function look(accounts: readonly Account[], report: Report): void {
  for (const account of accounts) {
    const { fault } = account;
    if (fault !== undefined && account.isSound)
      report("money", `balances of ${quote(account.tenant)} from 0 to 2^63−1`, `${fault} (${account.text})`);
    account.isSound = fault === undefined;
  }
}

export function accountsOf(pockets: readonly Pocket[]): readonly Account[] {
  return pockets.map(({ account }) => account);
}

/** Reserves the amount from every pocket, and reports each pocket whose headroom is smaller. */
export function reserve(pockets: readonly Pocket[], amountMicrocents: bigint, report: Report): void {
  for (const { account: level } of pockets) {
    const { headroomMicrocents } = level;
    if (amountMicrocents > headroomMicrocents) {
      const found = `${amountMicrocents} (${level.text})`;
      report("money", `a reservation of at most ${headroomMicrocents} microcents from ${quote(level.tenant)}`, found);
      level.isSound = false;
    }
    level.reservedMicrocents += amountMicrocents;
  }
}

export function parentText(parent: string | undefined): string {
  return parent === undefined ? "nobody" : quote(parent);
}

export function quote(text: string): string {
  return JSON.stringify(text);
}
