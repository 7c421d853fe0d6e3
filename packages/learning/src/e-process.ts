/**
 * Risk certified from logged traffic, at any time: a bet against "the risk exceeds α" that cannot be expected to win if
 * it does (I. Waudby-Smith and A. Ramdas, JRSS-B 86(1), 2024). Its wealth is E = ∏(1 + ηᵢ(α − wᵢℓᵢ)); once E ≥ 1/δ the
 * risk is certified, and looking after every request costs nothing (Ville's inequality).
 *
 * The weight wᵢ is what the downgrading policy would have done over what was done: 1/propensity where the cheap tier ran
 * and would have run, else 0. The loss ℓᵢ is 1 where the cheap tier failed, or, with shadow duplicates, where premium was
 * needed.
 * @module
 */

/** One logged decision. */
export interface LoggedRow {
  /** The predicted gain, in bps. */
  readonly scoreBps: number;
  readonly ranCheap: boolean;
  /** The probability with which the cheap tier was drawn. */
  readonly cheapPropensity: number;
  /** Whether the cheap tier failed; asked only where it ran. */
  readonly failed: boolean;
}

export interface EProcessOptions {
  readonly alpha: number;
  readonly delta: number;
  /** No weight is greater: 1 over the least propensity of the log. */
  readonly weightMax: number;
}

/** One bet, kept as the logarithm of its wealth. */
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

  /** Takes one weighted loss in. The stake depends on earlier ones only. */
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

  /** Whether the wealth ever reached 1/δ: what was certified once stays certified for the traffic it was certified on. */
  get isCertified(): boolean {
    return this.#highest >= this.#goal;
  }

  get logWealth(): number {
    return this.#logWealth;
  }
}

export interface LoggedCertificate {
  /** The last threshold whose bet was won, all safer ones won before it. */
  readonly thresholdBps: number | undefined;
  readonly passed: number;
  readonly samples: number;
  readonly logWealths: readonly number[];
}

/** Walks the thresholds, safest first, with a bet each; the walk ends at the first bet that is not won. */
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
