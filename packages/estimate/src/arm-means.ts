/**
 * The plainest model of rewards: the mean of each arm so far.
 * @module
 */

/** Rows that the overall mean counts for, in an arm that was seldom tried. */
const OVERALL_ROWS = 20;

/**
 * Predicts each arm's reward from rows before, so that a row is never predicted from itself. It makes doubly robust estimates
 * narrower, and never biased.
 */
export class ArmMeans {
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  #sum = 0;
  #count = 0;

  constructor(arms: number) {
    this.#sums = new Float64Array(arms);
    this.#counts = new Float64Array(arms);
  }

  /** For the row that comes next; between 0 and 1 where rewards are. */
  predictions(): readonly number[] {
    const overall = (this.#sum + 0.5) / (this.#count + 1);
    return Array.from(
      this.#sums,
      (sum, arm) => (sum + OVERALL_ROWS * overall) / ((this.#counts[arm] ?? 0) + OVERALL_ROWS),
    );
  }

  add(arm: number, reward: number): void {
    this.#sums[arm] = (this.#sums[arm] ?? 0) + reward;
    this.#counts[arm] = (this.#counts[arm] ?? 0) + 1;
    this.#sum += reward;
    this.#count += 1;
  }

  /** The mean reward of an arm; `NaN` where it never ran with an outcome. */
  meanOf(arm: number): number {
    return (this.#sums[arm] ?? 0) / (this.#counts[arm] ?? 0);
  }

  countOf(arm: number): number {
    return this.#counts[arm] ?? 0;
  }
}
