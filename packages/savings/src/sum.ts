/**
 * An exact sum of microcents. Rows are added as safe integers, for speed; the total is a `bigint`, which never overflows.
 * @module
 */

/** Below this, one more row of at most {@link Number.MAX_SAFE_INTEGER} / 2 is still exact. */
const CARRY_AT = 2 ** 52;

export class Sum {
  #carried = 0n;
  #pending = 0;

  /** @param amount - an integer from 0 to 2^52. */
  add(amount: number): void {
    this.#pending += amount;
    if (this.#pending < CARRY_AT) return;
    this.#carried += BigInt(this.#pending);
    this.#pending = 0;
  }

  get total(): bigint {
    return this.#carried + BigInt(this.#pending);
  }
}
