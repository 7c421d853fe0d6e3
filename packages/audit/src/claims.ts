/**
 * What became of each reservation. Those that are open or held are kept; of those that are closed, as many as the engine
 * remembers, because only they can still be corrected.
 * @module
 */
import type { ReservationEntry } from "@calybris/kernel";
import type { Attempt } from "./attempts.ts";
import type { Pocket } from "./account.ts";
import type { ClosedPart } from "./closed-part.ts";

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

export class Claims {
  /** In the order of their decisions. */
  readonly open: Map<number, Claim> = new Map();
  readonly #closed: ClosedPart;

  /** @param closed - those that are closed, in as many bytes as a snapshot holds of each. */
  constructor(closed: ClosedPart) {
    this.#closed = closed;
  }

  get(of: number): Claim | undefined {
    return this.open.get(of) ?? this.#closed.get(of);
  }

  /** What a decision's reservation was closed at, as far back as it is remembered. */
  closedCost(of: number): bigint | undefined {
    return this.#closed.costOf(of);
  }

  /** Those that may still be corrected, in the order in which they were closed, or corrected last. */
  closed(): Iterable<readonly [of: number, claim: Claim]> {
    return this.#closed.all();
  }

  /** @param tenant - place of its tenant among all, from 0. */
  close(of: number, claim: Claim, tenant: number): void {
    this.open.delete(of);
    this.#closed.take(of, claim, tenant);
  }
}
