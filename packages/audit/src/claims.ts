/**
 * What became of each reservation. Those that are open or held are kept; of those that are closed, as many as the engine
 * remembers, because only they can still be corrected.
 * @module
 */
import type { Claim } from "./claim.ts";
import type { ClosedPart } from "./closed-part.ts";

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
