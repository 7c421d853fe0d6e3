/**
 * Draw probabilities of candidates for a decision, and the distribution that results if a share of decisions is held out.
 * @module
 */
import { PROPENSITY_ONE } from "@calybris/kernel";

/** A distribution over candidates. Each share is at most 1, and the shares sum to 1 except for rounding. */
export interface Possible {
  readonly ids: readonly number[];
  readonly shares: readonly number[];
}

/** Draw probabilities by candidate, as integers over 2^32, so that rounding never makes a share above 1. */
export class DrawCounts {
  readonly #ids: number[] = [];
  readonly #counts: number[] = [];

  add(id: number, count: number): void {
    if (count === 0) return;
    const at = this.#ids.indexOf(id);
    if (at === -1) {
      this.#ids.push(id);
      this.#counts.push(count);
    } else this.#counts[at] = (this.#counts[at] as number) + count;
  }

  /** The distribution if a share of decisions runs the base instead of the drawn candidate. */
  mixedWith(base: number, holdoutShare: number): Possible {
    const shares = this.#counts.map((count) => (1 - holdoutShare) * (count / PROPENSITY_ONE));
    if (holdoutShare === 0) return { ids: this.#ids, shares };
    const at = this.#ids.indexOf(base);
    if (at === -1) return { ids: [...this.#ids, base], shares: [...shares, holdoutShare] };
    shares[at] = (shares[at] as number) + holdoutShare;
    return { ids: this.#ids, shares };
  }
}
