/**
 * A reservation as the audit holds it, and the transitions between its states.
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
  /** For each level from the top down, the number of ended periods plus 1; 0 for a level that nothing was reserved from. */
  readonly levels: readonly number[];
  /** The amount that the decision reserved. */
  readonly amountMicrocents: bigint;
  /** The amount that a hold billed at once. */
  knownMicrocents: bigint;
  /** Only for the decision of a call, whose entry has a `basis`. */
  attempts: Attempt[] | undefined;
  /** Microseconds since the Unix epoch. */
  expiresAt: number;
  state: ClaimState;
  /** Sequence of the entry that led to the current state. */
  since: number;
  /** The billed cost; while the reservation is open, the reserved amount. */
  costMicrocents: bigint;
}

/** For each kind of entry, the states it applies to and the state it leads to. */
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
