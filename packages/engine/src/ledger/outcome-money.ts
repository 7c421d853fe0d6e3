/**
 * The movement of money that an outcome causes.
 * @module
 */
import { type HoldEntry, type OutcomeEntry, OVERRUN, type SettlementEntry } from "@calybris/kernel";

/** The entry that an outcome implies for its decision's reservation; `undefined` if it moves no money. */
export function moneyOf({
  of,
  settledMicrocents,
  claimedMicrocents,
  actor,
}: OutcomeEntry): SettlementEntry | HoldEntry | undefined {
  if (settledMicrocents !== undefined) return { kind: "settlement", of, actualMicrocents: settledMicrocents, actor };
  if (claimedMicrocents !== undefined) return { kind: "hold", of, cause: OVERRUN, claimedMicrocents, actor };
  return undefined;
}
