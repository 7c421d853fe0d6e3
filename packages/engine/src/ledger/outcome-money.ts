/**
 * The money that an outcome moves.
 * @module
 */
import { type HoldEntry, type OutcomeEntry, OVERRUN, type SettlementEntry } from "@calybris/kernel";

/** What an outcome does to the reservation of its decision; `undefined` when it moves no money. */
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
