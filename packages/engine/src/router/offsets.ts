/**
 * Offsets: per regime and tier, how far success lies from what the prior expects. Every outcome in a regime makes all its
 * tiers forget a little; the tier that ran learns its residual. A regime's offset is shrunk towards that of all regimes:
 *
 *     G_k   = ΣE / (30 + ΣN)                               over all regimes
 *     m_k   = G_k + (E − n·G_k) / (300 + n)
 *     var_k = ¼·(σ² / (300 + n) + (300 / (300 + n))²·σ² / (30 + ΣN))
 *
 * σ² is the tier's mean squared residual. The quarter makes Thompson sampling explore half as wide as it would
 * (docs/learning-results.md). Whole numbers only: counts in ten-thousandths of an observation, residuals in sixteenths of
 * a basis point, squares in square basis points; every product stays below 2^53.
 *
 * Where the success of requests falls with their expected advantage, what is expected does not rank them: then the
 * regime's belief is flat, about success itself.
 * @module
 */
import {
  BPS_MAX,
  type ExactJson,
  type OffsetBelief,
  SIXTEENTHS,
  type SnapshotMembers,
  TIER_COUNT_MAX,
  WARM_UP_REGIME,
} from "@calybris/kernel";

const REGIMES: number = WARM_UP_REGIME + 1;
const OBSERVATION = 10_000;
const MILLION = 1_000_000;
/** A cell that holds more is halved, so that sums stay exact. */
const OBSERVATIONS_MAX: number = 65_536 * OBSERVATION;
/** What the global offset and a regime's own have behind them from the start, in observations. */
const GLOBAL_PRIOR: number = 30 * OBSERVATION;
const REGIME_PRIOR: number = 300 * OBSERVATION;
/** A flat belief begins near nothing: it has no prior to stay with. */
const FLAT_PRIOR: number = 30 * OBSERVATION;
/** The variance of a success before any is seen, in square basis points: that of one in four. */
const VARIANCE_PRIOR = 18_750_000;
/** Of four parts of the variance, one is used. Times 256: in square sixteenths. */
const VARIANCE_SCALE = 64;
const SHARE_ONE: number = 2 ** 20;
/** A slope is negative when it is so by 2.5 deviations: by chance once in 160, in one of eight regimes once in 20. */
const SLOPE_DEVIATIONS_SQUARED_QUARTERS = 25n;
const SLOPE_OBSERVATIONS_MIN: number = 100 * OBSERVATION;

/** Sums of one tier in one regime. */
const SUMS = [
  "counts",
  "residuals",
  "squares",
  "expected",
  "advantages",
  "advantageSquares",
  "advantageResiduals",
] as const;
type SumName = (typeof SUMS)[number];

export class Offsets {
  readonly #sums: { readonly [Name in SumName]: Float64Array };
  /** How often each regime changed; says whether a belief is stale. */
  readonly #changes: Float64Array = new Float64Array(REGIMES);

  constructor() {
    const cells = (): Float64Array => new Float64Array(REGIMES * TIER_COUNT_MAX);
    this.#sums = {
      counts: cells(),
      residuals: cells(),
      squares: cells(),
      expected: cells(),
      advantages: cells(),
      advantageSquares: cells(),
      advantageResiduals: cells(),
    };
  }

  changes(regime: number): number {
    return this.#changes[regime] as number;
  }

  /** A tier of a regime succeeded with `successBps`, 0 to 10,000, where `expected` was expected of each tier. */
  observe(regime: number, tier: number, successBps: number, expected: readonly number[], discountPpm: number): void {
    const from = regime * TIER_COUNT_MAX;
    for (const name of SUMS) {
      const sums = this.#sums[name];
      for (let at = from; at < from + TIER_COUNT_MAX; at++) sums[at] = kept(sums[at] as number, discountPpm);
    }
    const at = from + tier;
    if ((this.#sums.counts[at] as number) >= OBSERVATIONS_MAX)
      for (const name of SUMS) this.#sums[name][at] = Math.trunc((this.#sums[name][at] as number) / 2) + 0;
    const own = expected[tier] ?? 0;
    const residual = successBps - own;
    const advantage = own - meanOf(expected);
    this.#add("counts", at, OBSERVATION);
    this.#add("residuals", at, residual * SIXTEENTHS);
    this.#add("squares", at, residual * residual);
    this.#add("expected", at, own * SIXTEENTHS);
    this.#add("advantages", at, advantage);
    this.#add("advantageSquares", at, advantage * advantage);
    this.#add("advantageResiduals", at, advantage * residual);
    this.#changes[regime] = this.changes(regime) + 1;
  }

  /** The entry that activates what is believed of some tiers of a regime. */
  belief(regime: number, tiers: readonly number[], explorationBps: number): OffsetBelief {
    const isFlat = this.#isFlat(regime);
    const believed = tiers.map((tier) => (isFlat ? this.#flat(regime, tier) : this.#offset(regime, tier)));
    return {
      kind: "belief",
      regime,
      tiers,
      means: believed.map(({ mean }) => mean),
      deviations: believed.map(({ deviation }) => deviation),
      explorationBps,
      ...(isFlat ? { flat: true as const } : {}),
      method: "offsets",
    };
  }

  /** What the warm-up learned is where every regime begins: an eighth of it each, so that none of it counts twice. */
  inheritWarmUp(): void {
    for (const name of SUMS) {
      const sums = this.#sums[name];
      for (let tier = 0; tier < TIER_COUNT_MAX; tier++) {
        const share = Math.trunc((sums[WARM_UP_REGIME * TIER_COUNT_MAX + tier] as number) / WARM_UP_REGIME) + 0;
        for (let regime = 0; regime < WARM_UP_REGIME; regime++) sums[regime * TIER_COUNT_MAX + tier] = share;
        sums[WARM_UP_REGIME * TIER_COUNT_MAX + tier] = 0;
      }
    }
    this.#changeAll();
  }

  /** The regimes mean something else: each begins with the mean of what all of them held. */
  redistribute(): void {
    for (const name of SUMS) {
      const sums = this.#sums[name];
      for (let tier = 0; tier < TIER_COUNT_MAX; tier++) {
        let sum = 0;
        for (let regime = 0; regime < WARM_UP_REGIME; regime++) sum += sums[regime * TIER_COUNT_MAX + tier] as number;
        const mean = Math.trunc(sum / WARM_UP_REGIME) + 0;
        for (let regime = 0; regime < WARM_UP_REGIME; regime++) sums[regime * TIER_COUNT_MAX + tier] = mean;
      }
    }
    this.#changeAll();
  }

  /** Nothing is believed: what is expected, or the tiers, are others. */
  forget(): void {
    for (const name of SUMS) this.#sums[name].fill(0);
    this.#changeAll();
  }

  /** For the state's digest: by regime, the sums of each of so many tiers. */
  toJson(tierCount: number): ExactJson {
    return Array.from({ length: REGIMES }, (_, regime) =>
      Array.from({ length: tierCount }, (_each, tier) =>
        SUMS.map((name) => this.#sums[name][regime * TIER_COUNT_MAX + tier] as number),
      ),
    );
  }

  /** For a state snapshot. */
  toSnapshot(): ExactJson {
    const columns = Object.fromEntries(SUMS.map((name) => [name, [...this.#sums[name]]]));
    return { ...columns, changes: [...this.#changes] };
  }

  /** Throws RangeError for sums that cannot be. */
  restore(members: SnapshotMembers): void {
    for (const [key, column] of [
      ...SUMS.map((name) => [name, this.#sums[name]] as const),
      ["changes", this.#changes] as const,
    ]) {
      const values = members.integers(key);
      if (values.length !== column.length) throw new RangeError(`${key} has ${values.length} values`);
      column.set(values);
    }
  }

  #add(name: SumName, at: number, amount: number): void {
    const sums = this.#sums[name];
    sums[at] = (sums[at] as number) + amount;
  }

  #changeAll(): void {
    for (let regime = 0; regime < REGIMES; regime++) this.#changes[regime] = this.changes(regime) + 1;
  }

  #offset(regime: number, tier: number): { readonly mean: number; readonly deviation: number } {
    const residuals = this.#sums.residuals[regime * TIER_COUNT_MAX + tier] as number;
    return this.#shrunk(regime, tier, residuals, this.#total("residuals", tier), 0, REGIME_PRIOR);
  }

  /** Of success itself: the residuals, and what was expected. Before anything is seen, one half. */
  #flat(regime: number, tier: number): { readonly mean: number; readonly deviation: number } {
    const at = regime * TIER_COUNT_MAX + tier;
    const own = (this.#sums.residuals[at] as number) + (this.#sums.expected[at] as number);
    const all = this.#total("residuals", tier) + this.#total("expected", tier);
    return this.#shrunk(regime, tier, own, all, (BPS_MAX / 2) * SIXTEENTHS, FLAT_PRIOR);
  }

  /** The mean of a tier in a regime and its deviation, in sixteenths: own shrunk to all, all to what is usual. */
  #shrunk(
    regime: number,
    tier: number,
    own: number,
    all: number,
    usual: number,
    regimePrior: number,
  ): { readonly mean: number; readonly deviation: number } {
    const count = this.#sums.counts[regime * TIER_COUNT_MAX + tier] as number;
    const total = this.#total("counts", tier);
    const everywhere = Math.floor((all * OBSERVATION + usual * GLOBAL_PRIOR) / (GLOBAL_PRIOR + total));
    const mean = Math.floor((own * OBSERVATION + everywhere * regimePrior) / (regimePrior + count));
    const scaled = VARIANCE_SCALE * this.#variance(tier, total) * OBSERVATION;
    const left = Math.floor((regimePrior * SHARE_ONE) / (regimePrior + count));
    const global = Math.floor(scaled / (GLOBAL_PRIOR + total));
    const inherited = Math.floor((Math.floor((global * left) / SHARE_ONE) * left) / SHARE_ONE);
    const variance = Math.floor(scaled / (regimePrior + count)) + inherited;
    return { mean, deviation: Math.max(1, Math.floor(Math.sqrt(variance))) };
  }

  /** The mean squared residual of a tier, in square basis points. */
  #variance(tier: number, total: number): number {
    const observations = Math.floor(total / OBSERVATION);
    const prior = GLOBAL_PRIOR / OBSERVATION;
    return Math.floor((this.#total("squares", tier) + prior * VARIANCE_PRIOR) / (prior + observations));
  }

  #total(name: SumName, tier: number): number {
    const sums = this.#sums[name];
    let total = 0;
    for (let regime = 0; regime < REGIMES; regime++) total += sums[regime * TIER_COUNT_MAX + tier] as number;
    return total;
  }

  /**
   * Whether success falls where a tier's expected advantage over the mean of all rises: the slope of both, pooled over the
   * tiers and each around its own means, is negative by 2.5 deviations. Squares of sums need more than 53 bits.
   */
  #isFlat(regime: number): boolean {
    let [spread, slope, squares, count] = [0n, 0n, 0n, 0n];
    for (let tier = 0; tier < TIER_COUNT_MAX; tier++) {
      const of = (name: SumName): bigint => BigInt(this.#sums[name][regime * TIER_COUNT_MAX + tier] as number);
      const own = of("counts");
      if (own === 0n) continue;
      const one = BigInt(OBSERVATION);
      spread += of("advantageSquares") - (of("advantages") ** 2n * one) / own;
      slope += of("advantageResiduals") - (of("advantages") * of("residuals") * one) / (BigInt(SIXTEENTHS) * own);
      squares += of("squares");
      count += own;
    }
    if (count < BigInt(SLOPE_OBSERVATIONS_MIN) || spread <= 0n) return false;
    // Of a perfect prior the residuals have no slope, and success has that of the advantage: 1.
    const whole = spread + slope;
    if (whole >= 0n) return false;
    const variance = (squares * BigInt(OBSERVATION)) / count;
    return 4n * whole ** 2n > SLOPE_DEVIATIONS_SQUARED_QUARTERS * variance * spread;
  }
}

/** What is left of a sum; towards 0, and exact: the product is taken in two parts. */
function kept(sum: number, discountPpm: number): number {
  const size = Math.abs(sum);
  const millions = Math.floor(size / MILLION);
  const left = millions * discountPpm + Math.floor(((size - millions * MILLION) * discountPpm) / MILLION);
  return sum < 0 ? 0 - left : left;
}

/** Rounded down. */
function meanOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return Math.floor(sum / Math.max(1, values.length));
}
