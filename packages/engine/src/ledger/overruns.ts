/**
 * Costs that are held for an operator instead of settled as reported, and the part of them that may be settled at once.
 * @module
 */
import { type CalybrisError, OVERRUN_FACTOR, OVERRUN_FLOOR_MICROCENTS } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { Open } from "./open-table.ts";

/** Whether a cost is held: far above the reservation, or not covered on every level of a tenant below another. */
export function isHeld(open: Open, actualMicrocents: bigint): boolean {
  return isBeyond(open, actualMicrocents) || isOthersDebt(open, actualMicrocents);
}

/**
 * A tenant's spending also counts for its parents, and a parent's debt would block its other children: an operator decides.
 */
function isOthersDebt({ account, parts, amountMicrocents }: Open, actualMicrocents: bigint): boolean {
  const more = actualMicrocents - amountMicrocents;
  if (more <= 0n || parts.every((part) => part.account === account)) return false;
  return parts.some((part) => part.account.remainingMicrocents < more);
}

function isBeyond({ account, amountMicrocents }: Open, actualMicrocents: bigint): boolean {
  const { overrunFactor = OVERRUN_FACTOR, overrunFloorMicrocents = OVERRUN_FLOOR_MICROCENTS } = account.limit;
  return actualMicrocents > overrunFloorMicrocents && actualMicrocents > amountMicrocents * BigInt(overrunFactor);
}

/** The error for a hold whose known part may not be settled at once; `undefined` if it may. */
export function refusalOfKnown(open: Open, known: bigint | undefined): CalybrisError | undefined {
  const reserved = open.amountMicrocents - open.knownMicrocents;
  if (known === undefined || known <= reserved) return undefined;
  const problem = `is ${known}, and ${reserved} are reserved`;
  const remedy = "Send what is known up to the reserved amount; the reconciliation states the total.";
  return new EngineError("CAL_LEDGER_INVALID", { mistakes: [{ path: "knownMicrocents", problem, remedy }] });
}
