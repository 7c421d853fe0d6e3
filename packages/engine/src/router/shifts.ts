/**
 * Shifts: whether the success of a tier has moved away from what is believed of it. Two one-sided cumulative sums a tier, over all
 * regimes, of how far each outcome lies from the usual one less an allowance (Page's CUSUM, Biometrika 1954):
 *
 *     rise ← max(0, rise + (x − usual) − allowance)          fall ← max(0, fall − (x − usual) − allowance)
 *
 * A tier has shifted when either reaches the limit. An outcome lies in a range of one success, so by Hoeffding's lemma
 * E exp(8·a·(x − usual − a)) ≤ 1 for an allowance a, and by Lorden (Annals of Mathematical Statistics 1971) a false alarm comes at
 * most once in exp(8 · a · limit) outcomes on average: with a tenth and 20 once in 8 million of each sum, where the usual outcome is
 * known. It is estimated from 100 outcomes or more; a test counts the false alarms of that. A limit of 12.5 finds a shift a third
 * sooner, and takes bursts of like requests for shifts: regret on kdd99-unique rises by a half.
 *
 * Whole numbers only, in sixteenths of a basis point.
 * @module
 */
import { BPS_MAX, type ExactJson, SIXTEENTHS, type SnapshotMembers, TIER_COUNT_MAX } from "@calybris/kernel";
import { OBSERVATION } from "./pooling.ts";

/** A success is one of these. */
const SUCCESS: number = BPS_MAX * SIXTEENTHS;
const ALLOWANCE: number = SUCCESS / 10;
const LIMIT: number = SUCCESS * 20;
/** Fewer observations of a tier do not say what is usual. */
const USUAL_MIN: number = 100 * OBSERVATION;
/** For so many outcomes after a shift the prior is held to as loosely as a guess. */
const DOUBTED_OUTCOMES = 2_000;

export class Shifts {
  readonly #rises: Float64Array = new Float64Array(TIER_COUNT_MAX);
  readonly #falls: Float64Array = new Float64Array(TIER_COUNT_MAX);
  #doubted = 0;

  /** Whether a tier shifted not long ago. */
  get isDoubted(): boolean {
    return this.#doubted > 0;
  }

  /**
   * Whether the tier has shifted with this outcome; then its sums begin anew.
   *
   * @param away - how far the outcome lies from the usual one.
   * @param count - what the usual one is known from.
   */
  observe(tier: number, away: number, count: number): boolean {
    if (this.#doubted > 0) this.#doubted -= 1;
    if (count < USUAL_MIN) return false;
    const rise = Math.max(0, (this.#rises[tier] as number) + away - ALLOWANCE);
    const fall = Math.max(0, (this.#falls[tier] as number) - away - ALLOWANCE);
    const isShift = rise >= LIMIT || fall >= LIMIT;
    this.#rises[tier] = isShift ? 0 : rise;
    this.#falls[tier] = isShift ? 0 : fall;
    if (isShift) this.#doubted = DOUBTED_OUTCOMES;
    return isShift;
  }

  forget(): void {
    this.#rises.fill(0);
    this.#falls.fill(0);
    this.#doubted = 0;
  }

  /** For the state's digest: the rise and the fall of each of so many tiers, and last the outcomes in doubt. */
  toJson(tierCount: number): ExactJson {
    const tiers = Array.from({ length: tierCount }, (_, tier) => tier);
    return [...tiers.flatMap((tier) => [this.#rises[tier] as number, this.#falls[tier] as number]), this.#doubted];
  }

  /** For a state snapshot. */
  toSnapshot(): { readonly rises: number[]; readonly falls: number[]; readonly doubted: number } {
    return { rises: [...this.#rises], falls: [...this.#falls], doubted: this.#doubted };
  }

  /** Throws RangeError for sums that cannot be. */
  restore(members: SnapshotMembers): void {
    for (const [key, sums] of [
      ["rises", this.#rises],
      ["falls", this.#falls],
    ] as const) {
      const values = members.integers(key);
      if (values.length !== sums.length) throw new RangeError(`${key} has ${values.length} values`);
      sums.set(values);
    }
    this.#doubted = members.whole("doubted");
  }
}
