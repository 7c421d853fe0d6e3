/**
 * Beliefs: the expected net reward by regime and tier, as discounted Beta counts in ten-thousandths. Every outcome in a
 * regime discounts all its tiers (discounted Thompson sampling, Raj and Kalyani, arXiv 1707.09727), and updates the tier
 * that ran.
 *
 * The counts are in shared memory, one 32-bit word each. In an engine, the ordering thread writes them, so that they are a
 * fold over the journal. Any thread may read and write without locks: a word is never torn, and no outcome is lost.
 * @module
 */
import { type ExactJson, type SnapshotMembers, TIER_COUNT_MAX, WARM_UP_REGIME } from "@calybris/kernel";

/** One observation. */
export const COUNT_ONE = 10_000;
/** Upper bound of a count: about 200,000 observations. */
const COUNT_MAX = 2_000_000_000;
const MILLION = 1_000_000;
const REGIMES: number = WARM_UP_REGIME + 1;

export class Beliefs {
  readonly buffer: SharedArrayBuffer;
  readonly #alpha: Int32Array;
  readonly #beta: Int32Array;
  /** Number of changes of each regime, which shows whether a table is stale. */
  readonly #changes: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer((2 * TIER_COUNT_MAX + 1) * REGIMES * 4)) {
    const cells = REGIMES * TIER_COUNT_MAX;
    this.buffer = buffer;
    this.#alpha = new Int32Array(buffer, 0, cells);
    this.#beta = new Int32Array(buffer, cells * 4, cells);
    this.#changes = new Int32Array(buffer, cells * 8, REGIMES);
    if (this.#alpha[0] === 0) this.#alpha.fill(COUNT_ONE);
    if (this.#beta[0] === 0) this.#beta.fill(COUNT_ONE);
  }

  alpha(regime: number, tier: number): number {
    return Atomics.load(this.#alpha, regime * TIER_COUNT_MAX + tier);
  }

  beta(regime: number, tier: number): number {
    return Atomics.load(this.#beta, regime * TIER_COUNT_MAX + tier);
  }

  changes(regime: number): number {
    return Atomics.load(this.#changes, regime);
  }

  /** All counts, for a state snapshot. */
  toSnapshot(): ExactJson {
    return { alpha: [...this.#alpha], beta: [...this.#beta], changes: [...this.#changes] };
  }

  /** Throws RangeError for invalid counts. */
  restore(members: SnapshotMembers): void {
    for (const [key, counts] of Object.entries({ alpha: this.#alpha, beta: this.#beta, changes: this.#changes })) {
      const values = members.integers(key);
      if (values.length !== counts.length) throw new RangeError(`${key} has ${values.length} counts`);
      for (const [at, value] of values.entries()) Atomics.store(counts, at, value);
    }
  }

  /** Records a reward for a tier of a regime; `rewardBps` is from 0 to 10,000. */
  observe(regime: number, tier: number, rewardBps: number, discountPpm: number): void {
    for (let each = 0; each < TIER_COUNT_MAX; each++) {
      const at = regime * TIER_COUNT_MAX + each;
      discount(this.#alpha, at, discountPpm);
      discount(this.#beta, at, discountPpm);
    }
    const at = regime * TIER_COUNT_MAX + tier;
    add(this.#alpha, at, rewardBps);
    add(this.#beta, at, COUNT_ONE - rewardBps);
    Atomics.add(this.#changes, regime, 1);
  }

  /** Every regime begins with the beliefs of the warm-up. */
  inheritWarmUp(): void {
    for (let regime = 0; regime < WARM_UP_REGIME; regime++) {
      for (let tier = 0; tier < TIER_COUNT_MAX; tier++) {
        const at = regime * TIER_COUNT_MAX + tier;
        Atomics.store(this.#alpha, at, this.alpha(WARM_UP_REGIME, tier));
        Atomics.store(this.#beta, at, this.beta(WARM_UP_REGIME, tier));
      }
      Atomics.add(this.#changes, regime, 1);
    }
  }

  /** Called when tiers change: resets all beliefs. */
  forget(): void {
    for (const counts of [this.#alpha, this.#beta])
      for (let at = 0; at < counts.length; at++) Atomics.store(counts, at, COUNT_ONE);
    for (let regime = 0; regime < REGIMES; regime++) Atomics.add(this.#changes, regime, 1);
  }

  /** Called when regimes change: each begins with the mean of the beliefs of all. */
  redistribute(): void {
    for (let tier = 0; tier < TIER_COUNT_MAX; tier++) {
      for (const counts of [this.#alpha, this.#beta]) {
        let sum = 0;
        for (let regime = 0; regime < WARM_UP_REGIME; regime++) sum += counts[regime * TIER_COUNT_MAX + tier] as number;
        const mean = Math.floor(sum / WARM_UP_REGIME);
        for (let regime = 0; regime < WARM_UP_REGIME; regime++)
          Atomics.store(counts, regime * TIER_COUNT_MAX + tier, mean);
      }
    }
    for (let regime = 0; regime < WARM_UP_REGIME; regime++) Atomics.add(this.#changes, regime, 1);
  }
}

/** Discounts a count. If another thread was faster, it tries again with the new value. */
function discount(counts: Int32Array, at: number, discountPpm: number): void {
  for (;;) {
    const count = Atomics.load(counts, at);
    const less = discounted(count, discountPpm);
    if (less === count || Atomics.compareExchange(counts, at, count, less) === count) return;
  }
}

function add(counts: Int32Array, at: number, amount: number): void {
  for (;;) {
    const count = Atomics.load(counts, at);
    const more = Math.min(count + amount, COUNT_MAX);
    if (more === count || Atomics.compareExchange(counts, at, count, more) === count) return;
  }
}

/** Discounts a count towards its initial single observation. */
function discounted(count: number, discountPpm: number): number {
  return COUNT_ONE + Math.floor(((count - COUNT_ONE) * discountPpm) / MILLION);
}
