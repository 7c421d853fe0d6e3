/**
 * The simplest model of rewards: the running mean of each arm.
 * @module
 */

/** Weight of the overall mean in an arm's prediction, in rows. */
const OVERALL_ROWS = 20;

/**
 * Predicts each arm's reward from earlier rows, so that a row is never predicted from itself. The predictions make doubly
 * robust estimates narrower without a bias.
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

  /** The predictions for the next row; between 0 and 1 if rewards are. */
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

  /** The mean reward of an arm; `NaN` if it never ran with an outcome. */
  meanOf(arm: number): number {
    return (this.#sums[arm] ?? 0) / (this.#counts[arm] ?? 0);
  }

  countOf(arm: number): number {
    return this.#counts[arm] ?? 0;
  }
}
