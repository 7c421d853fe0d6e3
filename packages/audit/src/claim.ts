/**
 * A reservation as the audit holds it, and the steps between its states.
 * @module
 */
import type { ReservationEntry } from "@calybris/kernel";
import type { Attempt } from "./attempts.ts";
import type { Pocket } from "./account.ts";

export type ClaimState = "open" | "held" | "settled" | "released" | "expired" | "reconciled" | "corrected";

export interface Claim {
  decisionId: string;
  readonly tenant: string;
  readonly pockets: readonly Pocket[];
  /** Of each level from the top down, the periods that had ended plus 1; 0 for one that nothing was taken from. */
  readonly levels: readonly number[];
  /** What the decision reserved. */
  readonly amountMicrocents: bigint;
  /** What a hold billed at once. */
  knownMicrocents: bigint;
  /** Of a call of which more than its beginning is of interest. */
  attempts: Attempt[] | undefined;
  /** Microseconds since the Unix epoch. */
  expiresAt: number;
  state: ClaimState;
  /** The entry that brought it into its state. */
  since: number;
  /** What it was billed at; while it is open, what it holds. */
  costMicrocents: bigint;
}

/** From which states a kind of entry leads to which. */
export const STEPS: Readonly<
  Record<ReservationEntry["kind"], { readonly from: readonly ClaimState[]; readonly to: ClaimState }>
> = Object.freeze({
  settlement: { from: ["open"], to: "settled" },
  release: { from: ["open"], to: "released" },
  hold: { from: ["open"], to: "held" },
  reconciliation: { from: ["held"], to: "reconciled" },
  expiry: { from: ["open", "held"], to: "expired" },
  correction: { from: ["settled", "expired", "reconciled", "corrected"], to: "corrected" },
});
