/**
 * Periods due on an account's levels, and the account after one has begun. Both leave the account unchanged: a step knows
 * its periods, and the headroom that they add, before it orders any entry.
 * @module
 */
import { I64_MAX, type Microcents, type PeriodEntry } from "@calybris/kernel";
import { type Account, beginPeriod, unspent } from "./account.ts";
import { periodAt } from "./periods.ts";

/**
 * The entries that begin the periods due at a time, from the top level down.
 *
 * @param at - microseconds since the Unix epoch.
 */
export function periodsDue(account: Account, at: number): readonly PeriodEntry[] {
  let due: PeriodEntry[] | undefined;
  for (const level of account.path) {
    const rule = level.limit.period;
    if (rule === undefined || (level.period !== undefined && at < level.period.endsAt)) continue;
    due ??= [];
    due.push({
      kind: "period",
      tenant: level.tenant,
      ...periodAt(rule, at, level.period, level.periodRule),
      withdrawnMicrocents: unspent(level) as Microcents,
      allotmentMicrocents: allotmentThatFits(level, rule.allotmentMicrocents),
    });
  }
  return due ?? NONE;
}

const NONE: readonly PeriodEntry[] = [];

/** A copy of an account after its own of these periods has begun. */
export function afterPeriods(account: Account, periods: readonly PeriodEntry[]): Account {
  const period = periods.find(({ tenant }) => tenant === account.tenant);
  if (period === undefined) return account;
  const draft = { ...account };
  begin(draft, period);
  return draft;
}

export function begin(account: Account, entry: PeriodEntry): void {
  const { index, startsAt, endsAt, withdrawnMicrocents, allotmentMicrocents } = entry;
  beginPeriod(account, { index, startsAt, endsAt }, withdrawnMicrocents, allotmentMicrocents);
}

/** The part of an allotment that keeps the balance within 2^63−1: the period begins in any case. */
function allotmentThatFits(account: Account, allotment: bigint): Microcents {
  const most = I64_MAX - (account.grantedMicrocents - unspent(account));
  return (allotment < most ? allotment : most) as Microcents;
}
