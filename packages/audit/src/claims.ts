/**
 * The state of each reservation. Open and held reservations are all kept. Closed ones are kept up to the engine's limit,
 * because only those can still be corrected.
 * @module
 */
import type { Claim } from "./claim.ts";
import type { ClosedPart } from "./closed-part.ts";

export class Claims {
  /** In the order of their decisions. */
  readonly open: Map<number, Claim> = new Map();
  readonly #closed: ClosedPart;

  /** @param closed - the closed reservations, in the same number of bytes each as in a snapshot. */
  constructor(closed: ClosedPart) {
    this.#closed = closed;
  }

  get(of: number): Claim | undefined {
    return this.open.get(of) ?? this.#closed.get(of);
  }

  /** The cost at which a decision's reservation was closed, if it is still remembered. */
  closedCost(of: number): bigint | undefined {
    return this.#closed.costOf(of);
  }

  /** Closed reservations that may still be corrected, in the order in which they were closed or last corrected. */
  closed(): Iterable<readonly [of: number, claim: Claim]> {
    return this.#closed.all();
  }

  /** @param tenant - index of its tenant among all, from 0. */
  close(of: number, claim: Claim, tenant: number): void {
    this.open.delete(of);
    this.#closed.take(of, claim, tenant);
  }
}
