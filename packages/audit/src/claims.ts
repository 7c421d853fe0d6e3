/**
 * What became of each reservation. Those that are open or held are kept; of those that are closed, as many as the engine
 * remembers, because only they can still be corrected.
 * @module
 */
import type { ReservationEntry } from "@calybris/kernel";
import type { Attempt } from "./attempts.ts";
import type { Pocket } from "./account.ts";

/** How many closed reservations may still be corrected, the latest ones. */
const CLOSED_KEPT_MAX = 262_144;

export type ClaimState = "open" | "held" | "settled" | "released" | "expired" | "reconciled" | "corrected";

export interface Claim {
  decisionId: string;
  readonly tenant: string;
  readonly pockets: readonly Pocket[];
  /** Of each level from the top down, the periods that had ended plus 1; 0 for one that nothing was taken from. */
  readonly levels: readonly number[];
  /** Its number among those that are closed, as a snapshot counts them. */
  closedNumber: number | undefined;
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
  readonly #closed = new Map<number, Claim>();
  /** Goes on from the oldest that is left: asking the Map for its first anew walks over all that were ever deleted. */
  readonly #oldest: MapIterator<number> = this.#closed.keys();
  readonly #closedMax: number;

  constructor(closedMax: number = CLOSED_KEPT_MAX) {
    this.#closedMax = closedMax;
  }

  /** In the order in which they were closed, or corrected last. */
  get closed(): ReadonlyMap<number, Claim> {
    return this.#closed;
  }

  get(of: number): Claim | undefined {
    return this.open.get(of) ?? this.#closed.get(of);
  }

  /** What a decision's reservation was closed at, as far back as it is remembered. */
  closedCost(of: number): bigint | undefined {
    return this.#closed.get(of)?.costMicrocents;
  }

  /** Returns the one that can no longer be corrected, if this is one too many. */
  close(of: number, claim: Claim): Claim | undefined {
    this.open.delete(of);
    this.#closed.delete(of);
    this.#closed.set(of, claim);
    if (this.#closed.size <= this.#closedMax) return undefined;
    const oldest = this.#oldest.next().value as number;
    const forgotten = this.#closed.get(oldest);
    this.#closed.delete(oldest);
    return forgotten;
  }
}
