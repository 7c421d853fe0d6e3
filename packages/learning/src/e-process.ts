/**
 * Anytime-valid certification of risk from logged traffic: a bet against "the risk exceeds α" that has no expected gain if
 * that is true (I. Waudby-Smith and A. Ramdas, JRSS-B 86(1), 2024). Its wealth is E = ∏(1 + ηᵢ(α − wᵢℓᵢ)). Once E ≥ 1/δ, the
 * risk is certified. By Ville's inequality, checking after every request does not weaken the guarantee.
 *
 * The weight wᵢ is the probability of the logged action under the downgrading policy over its propensity in the log:
 * 1/propensity if the cheap tier ran and would have run, else 0. The loss ℓᵢ is 1 if the cheap tier failed or, with shadow
 * duplicates, if premium was needed.
 * @module
 */

/** One logged decision. */
export interface LoggedRow {
  /** The predicted gain, in bps. */
  readonly scoreBps: number;
  readonly ranCheap: boolean;
  /** The probability with which the cheap tier was drawn. */
  readonly cheapPropensity: number;
  /** Whether the cheap tier failed. Ignored if it did not run. */
  readonly failed: boolean;
}

export interface EProcessOptions {
  readonly alpha: number;
  readonly delta: number;
  /** Upper bound of the weights: 1 / the smallest propensity of the log. */
  readonly weightMax: number;
}

/** One bet. Its wealth is kept as a logarithm. */
export class EProcess {
  readonly #alpha: number;
  readonly #stakeMax: number;
  readonly #goal: number;
  #logWealth = 0;
  #highest = 0;
  #count = 0;
  #sum = 0;
  #squares = 0;

  constructor({ alpha, delta, weightMax }: EProcessOptions) {
    this.#alpha = alpha;
    this.#stakeMax = 0.5 / Math.max(weightMax - alpha, alpha);
    this.#goal = -Math.log(delta);
  }

  /** Adds one weighted loss. The stake depends only on earlier losses. */
  add(weightedLoss: number): void {
    const count = this.#count + 1;
    const mean = (this.#sum + this.#alpha) / count;
    const variance = (this.#squares + this.#alpha) / count;
    const edge = this.#alpha - mean;
    const stake = edge <= 0 ? 0 : Math.min(this.#stakeMax, edge / Math.max(variance, 1e-9));
    this.#logWealth += Math.log1p(stake * (this.#alpha - weightedLoss));
    this.#highest = Math.max(this.#highest, this.#logWealth);
    this.#count = count;
    this.#sum += weightedLoss;
    this.#squares += (weightedLoss - this.#alpha) ** 2;
  }

  /** Whether the wealth ever reached 1/δ. A certificate stays valid for the traffic it was made on. */
  get isCertified(): boolean {
    return this.#highest >= this.#goal;
  }

  get logWealth(): number {
    return this.#logWealth;
  }
}

export interface LoggedCertificate {
  /** The last threshold that was certified, with all safer ones. */
  readonly thresholdBps: number | undefined;
  readonly passed: number;
  readonly samples: number;
  readonly logWealths: readonly number[];
}

/** Bets on every threshold. The result counts thresholds from the safest on, up to the first that is not certified. */
export function certifyLogged(
  rows: Iterable<LoggedRow>,
  thresholdsBps: readonly number[],
  options: EProcessOptions,
): LoggedCertificate {
  const bets = thresholdsBps.map(() => new EProcess(options));
  let samples = 0;
  for (const row of rows) {
    samples += 1;
    const loss = row.ranCheap && row.failed ? 1 / row.cheapPropensity : 0;
    bets.forEach((bet, at) => {
      bet.add(row.scoreBps < (thresholdsBps[at] ?? 0) ? loss : 0);
    });
  }
  const lost = bets.findIndex((bet) => !bet.isCertified);
  const passed = lost === -1 ? bets.length : lost;
  return { thresholdBps: thresholdsBps[passed - 1], passed, samples, logWealths: bets.map((bet) => bet.logWealth) };
}
