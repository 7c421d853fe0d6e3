/**
 * The cost at which a call may be settled, and the cost that is held for an operator instead.
 * @module
 */
import { type LimitEntry, OVERRUN_FACTOR, OVERRUN_FLOOR_MICROCENTS, type ReservationEntry } from "@calybris/kernel";
import { amountOf } from "./attempts.ts";
import type { Claim } from "./claim.ts";
import type { Report } from "./report.ts";

/**
 * A cost is settled up to the tenant's factor and floor; for a tenant below another, also up to the amount that every level
 * can cover. A higher cost is recorded as a claim and held.
 */
export function checkOverrun(
  claim: Claim,
  entry: ReservationEntry,
  limit: LimitEntry | undefined,
  report: Report,
): void {
  const { overrunFactor = OVERRUN_FACTOR, overrunFloorMicrocents = OVERRUN_FLOOR_MICROCENTS } = limit ?? {};
  const times = amountOf(claim) * BigInt(overrunFactor);
  const sized = times > overrunFloorMicrocents ? times : overrunFloorMicrocents;
  const covered = coveredBy(claim);
  const most = covered !== undefined && covered < sized ? covered : sized;
  if (entry.kind === "settlement" && entry.actualMicrocents > most)
    report("money", `a settlement of ${claim.decisionId} of at most ${most} microcents`, `${entry.actualMicrocents}`);
  if (entry.kind === "hold" && entry.claimedMicrocents !== undefined && entry.claimedMicrocents <= most)
    report("money", `an overrun of ${claim.decisionId} beyond ${most} microcents`, `${entry.claimedMicrocents}`);
}

/**
 * The highest cost of a claim that causes no debt; `undefined` for a tenant that reserves only from its own account, whose
 * debt is its own.
 */
function coveredBy(claim: Claim): bigint | undefined {
  const { tenant, pockets } = claim;
  if (pockets.every(({ account }) => account.tenant === tenant)) return undefined;
  const remaining = pockets.map(({ account }) => account.remainingMicrocents);
  return amountOf(claim) + remaining.reduce((least, each) => (each < least ? each : least));
}
