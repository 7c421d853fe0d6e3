/**
 * Shifts: detects that a tier's success has moved away from the belief. Each tier has two one-sided cumulative sums, over
 * all regimes, of the distance of each outcome from the usual one minus an allowance (Page's CUSUM, Biometrika 1954):
 *
 *     rise ← max(0, rise + (x − usual) − allowance)          fall ← max(0, fall − (x − usual) − allowance)
 *
 * A tier has shifted if either sum reaches the limit. Outcomes have a range of one success, so by Hoeffding's lemma
 * E exp(8·a·(x − usual − a)) ≤ 1 for an allowance a, and by Lorden (Annals of Mathematical Statistics 1971) there is at most
 * one false alarm in exp(8 · a · limit) outcomes on average. With an allowance of a tenth and a limit of 20, that is one in
 * 8 million for each sum, if the usual outcome is known. It is estimated from at least 100 outcomes; a test counts the
 * resulting false alarms. A limit of 12.5 detects a shift a third sooner, but takes bursts of similar requests for shifts:
 * regret on kdd99-unique rises by a half.
 *
 * Integers only, in sixteenths of a basis point.
 * @module
 */
import { BPS_MAX, type ExactJson, SIXTEENTHS, type SnapshotMembers, TIER_COUNT_MAX } from "@calybris/kernel";
import { OBSERVATION } from "./pooling.ts";

/** The value of one success. */
const SUCCESS: number = BPS_MAX * SIXTEENTHS;
const ALLOWANCE: number = SUCCESS / 10;
const LIMIT: number = SUCCESS * 20;
/** Minimum observations of a tier before its usual outcome is known. */
const USUAL_MIN: number = 100 * OBSERVATION;
/** Number of outcomes after a shift during which the prior is trusted no more than a guess. */
const DOUBTED_OUTCOMES = 2_000;

export class Shifts {
  readonly #rises: Float64Array = new Float64Array(TIER_COUNT_MAX);
  readonly #falls: Float64Array = new Float64Array(TIER_COUNT_MAX);
  #doubted = 0;

  /** Whether a tier shifted recently. */
  get isDoubted(): boolean {
    return this.#doubted > 0;
  }

  /**
   * Whether the tier has shifted with this outcome. If so, its sums restart.
   *
   * @param away - the distance of the outcome from the usual one.
   * @param count - the observations that the usual outcome is based on.
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

  /** For the state's digest: the rise and the fall of each tier, followed by the remaining outcomes in doubt. */
  toJson(tierCount: number): ExactJson {
    const tiers = Array.from({ length: tierCount }, (_, tier) => tier);
    return [...tiers.flatMap((tier) => [this.#rises[tier] as number, this.#falls[tier] as number]), this.#doubted];
  }

  /** For a state snapshot. */
  toSnapshot(): { readonly rises: number[]; readonly falls: number[]; readonly doubted: number } {
    return { rises: [...this.#rises], falls: [...this.#falls], doubted: this.#doubted };
  }

  /** Throws RangeError for invalid sums. */
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
