/**
 * Which costs an operator decides on, instead of settling them as they are reported, and what may be known of one meanwhile.
 * @module
 */
import { type CalybrisError, OVERRUN_FACTOR, OVERRUN_FLOOR_MICROCENTS } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { Open } from "./open-table.ts";

/** Whether a cost is held: far beyond what was reserved, or a debt of another's. */
export function isHeld(open: Open, actualMicrocents: bigint): boolean {
  return isBeyond(open, actualMicrocents) || isOthersDebt(open, actualMicrocents);
}

/** What a tenant below another spends is the other's too: a debt of one would close its siblings, so an operator decides. */
function isOthersDebt({ account, parts, amountMicrocents }: Open, actualMicrocents: bigint): boolean {
  const more = actualMicrocents - amountMicrocents;
  if (more <= 0n || parts.every((part) => part.account === account)) return false;
  return parts.some((part) => part.account.remainingMicrocents < more);
}

function isBeyond({ account, amountMicrocents }: Open, actualMicrocents: bigint): boolean {
  const { overrunFactor = OVERRUN_FACTOR, overrunFloorMicrocents = OVERRUN_FLOOR_MICROCENTS } = account.limit;
  return actualMicrocents > overrunFloorMicrocents && actualMicrocents > amountMicrocents * BigInt(overrunFactor);
}

/** Why a hold may not settle at once what it says is known; `undefined` when it may. */
export function refusalOfKnown(open: Open, known: bigint | undefined): CalybrisError | undefined {
  const reserved = open.amountMicrocents - open.knownMicrocents;
  if (known === undefined || known <= reserved) return undefined;
  const problem = `is ${known}, and ${reserved} are reserved`;
  const remedy = "Send what is known up to the reserved amount; the reconciliation states the total.";
  return new EngineError("CAL_LEDGER_INVALID", { mistakes: [{ path: "knownMicrocents", problem, remedy }] });
}
