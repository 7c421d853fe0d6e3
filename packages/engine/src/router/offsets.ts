/**
 * Offsets: the distance of success from its expectation, by regime and tier. Every outcome in a regime discounts all its
 * tiers, and the tier that ran learns its residual. An offset is pooled twice (`pooling.ts`): over all regimes, and then
 * within the regime around that.
 *
 *     G_k   = pooled means of all regimes, common part 30, own part g
 *     m_k   = G_k + pooled means of the regime less G_k, common part 100, own part h
 *     var_k = ¼·(σ² / (h + n) + (h / (h + n))²·σ² / (g + ΣN))
 *
 * Without a prior, g is 30 and h is 100, because the catalog's qualities are a guess. With a prior, both are 1,000, because
 * it was fitted on labels; they are lower if outcomes contradict it by 5 deviations over all regimes, or by 3 in one. σ² is
 * the tier's mean squared residual. The quarter halves the width of Thompson sampling's exploration (docs/learning.md).
 * Integers only: counts are in ten-thousandths of an observation, residuals in sixteenths of a basis point, squares in
 * square basis points. Every product stays below 2^53.
 *
 * Discounting follows slow changes. If a tier's success shifts (`shifts.ts`), its state is reset at once, and for a while g
 * and h are 30 and 100, so that outcomes weigh more than the prior.
 *
 * If success in a regime falls with the expected advantage, the expectation does not rank requests. The regime's belief is
 * then flat: about success itself.
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
import { OBSERVATION, pool, SHARE_ONE, shareLeft, type Strength, strengthOf } from "./pooling.ts";
import { Shifts } from "./shifts.ts";

const REGIMES: number = WARM_UP_REGIME + 1;
const MILLION = 1_000_000;
/** A cell above this is halved, so that sums stay exact. */
const OBSERVATIONS_MAX: number = 65_536 * OBSERVATION;
/** Shrinkage of the part that all tiers share, in observations: over all regimes, and in one. */
const COMMON_GLOBAL: number = 30 * OBSERVATION;
const COMMON_REGIME: number = 100 * OBSERVATION;
/** Shrinkage of a tier's own offset. */
const OWN_GLOBAL: Strength = { most: 1_000 * OBSERVATION, least: 30 * OBSERVATION, deviationsSquared: 25 };
const OWN_REGIME: Strength = { most: 1_000 * OBSERVATION, least: 100 * OBSERVATION, deviationsSquared: 9 };
/** Prior observations of a tier's variance and of its flat belief. */
const GLOBAL_PRIOR: number = 30 * OBSERVATION;
/** A flat belief has no prior of labels, so its shrinkage is weak. */
const FLAT_PRIOR: number = 30 * OBSERVATION;
/** Shrinkage of a regime's usual residual towards that of all regimes. */
const USUAL_PRIOR: number = 30 * OBSERVATION;
/** Prior variance of a success, in square basis points: that of a success rate of one in four. */
const VARIANCE_PRIOR = 18_750_000;
/** A quarter of the variance, times 256: in square sixteenths. */
const VARIANCE_SCALE = 64;
/** A slope counts as negative from 2.5 deviations on: by chance once in 160, or in one of eight regimes once in 20. */
const SLOPE_DEVIATIONS_SQUARED_QUARTERS = 25n;
const SLOPE_OBSERVATIONS_MIN: number = 100 * OBSERVATION;

/** Sums for one tier in one regime. */
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
  readonly shifts: Shifts = new Shifts();
  readonly #sums: { readonly [Name in SumName]: Float64Array };
  /** Number of changes of each regime, which shows whether a belief is stale. */
  readonly #changes: Float64Array = new Float64Array(REGIMES);
  /** By tier; computed for each belief. */
  readonly #believed = {
    global: { means: byTier(), counts: byTier(), variances: byTier() },
    own: { means: byTier(), counts: byTier() },
    means: byTier(),
    deviations: byTier(),
  };

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

  /** Records a success of a tier, `successBps` from 0 to 10,000; `expected` has the expectation for each tier. */
  observe(regime: number, tier: number, successBps: number, expected: readonly number[], discountPpm: number): void {
    const own = expected[tier] ?? 0;
    const residual = successBps - own;
    const usual = this.#usual(regime, tier);
    if (this.shifts.observe(tier, residual * SIXTEENTHS - usual.mean, usual.count)) this.#forgetTier(tier);
    const from = regime * TIER_COUNT_MAX;
    for (const name of SUMS) {
      const sums = this.#sums[name];
      for (let at = from; at < from + TIER_COUNT_MAX; at++) sums[at] = kept(sums[at] as number, discountPpm);
    }
    const at = from + tier;
    if ((this.#sums.counts[at] as number) >= OBSERVATIONS_MAX)
      for (const name of SUMS) this.#sums[name][at] = Math.trunc((this.#sums[name][at] as number) / 2) + 0;
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

  /**
   * The entry that activates the beliefs about some tiers of a regime.
   *
   * @param hasPrior - whether the expectation was fitted on labels.
   */
  belief(regime: number, tiers: readonly number[], explorationBps: number, hasPrior: boolean): OffsetBelief {
    const isFlat = this.#isFlat(regime);
    if (!isFlat) this.#believe(regime, hasPrior);
    const believed = tiers.map((tier) => (isFlat ? this.#flat(regime, tier) : this.#offset(tier)));
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

  /** Every regime begins with an eighth of the warm-up's sums, so that no outcome counts twice. */
  inheritWarmUp(): void {
    this.shifts.forget();
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

  /** Called when regimes change: each begins with the mean of the sums of all. */
  redistribute(): void {
    this.shifts.forget();
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

  /** Resets all beliefs, because the expectation or the tiers changed. */
  forget(): void {
    this.shifts.forget();
    for (const name of SUMS) this.#sums[name].fill(0);
    this.#changeAll();
  }

  /** Called when the method of learning changes. A snapshot of another method holds no offsets, so change counts restart. */
  begin(): void {
    this.#changes.fill(0);
    this.forget();
  }

  /** For the state's digest: the sums of each tier, by regime. */
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
    return { ...columns, changes: [...this.#changes], ...this.shifts.toSnapshot() };
  }

  /** Throws RangeError for invalid sums. */
  restore(members: SnapshotMembers): void {
    for (const [key, column] of [
      ...SUMS.map((name) => [name, this.#sums[name]] as const),
      ["changes", this.#changes] as const,
    ]) {
      const values = members.integers(key);
      if (values.length !== column.length) throw new RangeError(`${key} has ${values.length} values`);
      column.set(values);
    }
    this.shifts.restore(members);
  }

  #add(name: SumName, at: number, amount: number): void {
    const sums = this.#sums[name];
    sums[at] = (sums[at] as number) + amount;
  }

  /**
   * The usual residual of a tier in a regime, shrunk towards that of all regimes, and the count of observations over all
   * regimes.
   */
  #usual(regime: number, tier: number): { readonly mean: number; readonly count: number } {
    const count = this.#total("counts", tier);
    const everywhere = meanResidual(this.#total("residuals", tier), count);
    const at = regime * TIER_COUNT_MAX + tier;
    const [own, residuals] = [this.#sums.counts[at] as number, this.#sums.residuals[at] as number];
    const mean = Math.floor((residuals * OBSERVATION + everywhere * USUAL_PRIOR) / (own + USUAL_PRIOR));
    return { mean, count };
  }

  /** Resets a tier after a shift. */
  #forgetTier(tier: number): void {
    for (const name of SUMS)
      for (let regime = 0; regime < REGIMES; regime++) this.#sums[name][regime * TIER_COUNT_MAX + tier] = 0;
    this.#changeAll();
  }

  #changeAll(): void {
    for (let regime = 0; regime < REGIMES; regime++) this.#changes[regime] = this.changes(regime) + 1;
  }

  /** Computes the offset of every tier in a regime, and its deviation. */
  #believe(regime: number, hasPrior: boolean): void {
    const { global, own, means, deviations } = this.#believed;
    const from = regime * TIER_COUNT_MAX;
    for (let tier = 0; tier < TIER_COUNT_MAX; tier++) {
      const [total, count] = [this.#total("counts", tier), this.#sums.counts[from + tier] as number];
      global.counts[tier] = total;
      global.means[tier] = meanResidual(this.#total("residuals", tier), total);
      global.variances[tier] = this.#variance(tier, total);
      own.counts[tier] = count;
    }
    const isHeld = hasPrior && !this.shifts.isDoubted;
    const g = isHeld ? strengthOf(global, OWN_GLOBAL) : OWN_GLOBAL.least;
    pool(global, COMMON_GLOBAL, g, means);
    for (let tier = 0; tier < TIER_COUNT_MAX; tier++) {
      const count = own.counts[tier] as number;
      const residual = meanResidual(this.#sums.residuals[from + tier] as number, count);
      own.means[tier] = count === 0 ? 0 : residual - (means[tier] as number);
    }
    const h = isHeld ? strengthOf({ ...own, variances: global.variances }, OWN_REGIME) : OWN_REGIME.least;
    pool(own, COMMON_REGIME, h, deviations);
    for (let tier = 0; tier < TIER_COUNT_MAX; tier++) {
      means[tier] = (means[tier] as number) + (deviations[tier] as number);
      const [total, count] = [global.counts[tier] as number, own.counts[tier] as number];
      deviations[tier] = deviationOf(global.variances[tier] as number, { count, prior: h }, { count: total, prior: g });
    }
  }

  #offset(tier: number): { readonly mean: number; readonly deviation: number } {
    const { means, deviations } = this.#believed;
    return { mean: means[tier] as number, deviation: deviations[tier] as number };
  }

  /** The belief about success itself, shrunk towards that of all regimes, which is shrunk towards one half. */
  #flat(regime: number, tier: number): { readonly mean: number; readonly deviation: number } {
    const at = regime * TIER_COUNT_MAX + tier;
    const own = (this.#sums.residuals[at] as number) + (this.#sums.expected[at] as number);
    const all = this.#total("residuals", tier) + this.#total("expected", tier);
    const [count, total] = [this.#sums.counts[at] as number, this.#total("counts", tier)];
    const usual = (BPS_MAX / 2) * SIXTEENTHS;
    const everywhere = Math.floor((all * OBSERVATION + usual * GLOBAL_PRIOR) / (GLOBAL_PRIOR + total));
    const mean = Math.floor((own * OBSERVATION + everywhere * FLAT_PRIOR) / (FLAT_PRIOR + count));
    const variance = this.#variance(tier, total);
    const deviation = deviationOf(variance, { count, prior: FLAT_PRIOR }, { count: total, prior: GLOBAL_PRIOR });
    return { mean, deviation };
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
   * Whether success falls as a tier's expected advantage over the mean of all tiers rises: the slope, pooled over the tiers
   * and centred for each, is negative by at least 2.5 deviations. Squares of sums need more than 53 bits.
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
    // For a perfect prior, the residuals have slope 0 and success has the slope of the advantage: 1.
    const whole = spread + slope;
    if (whole >= 0n) return false;
    const variance = (squares * BigInt(OBSERVATION)) / count;
    return 4n * whole ** 2n > SLOPE_DEVIATIONS_SQUARED_QUARTERS * variance * spread;
  }
}

/** The sum over the count; 0 for an empty cell. */
function meanResidual(residuals: number, count: number): number {
  return count === 0 ? 0 : Math.floor((residuals * OBSERVATION) / count);
}

function byTier(): Float64Array {
  return new Float64Array(TIER_COUNT_MAX);
}

interface Behind {
  readonly count: number;
  readonly prior: number;
}

/** The deviation of a mean: from its own observations, plus the share inherited from all regimes; at least 1. */
function deviationOf(variance: number, own: Behind, all: Behind): number {
  const scaled = VARIANCE_SCALE * variance * OBSERVATION;
  const left = shareLeft(own.prior, own.count);
  const global = Math.floor(scaled / (all.prior + all.count));
  const inherited = Math.floor((Math.floor((global * left) / SHARE_ONE) * left) / SHARE_ONE);
  return Math.max(1, Math.floor(Math.sqrt(Math.floor(scaled / (own.prior + own.count)) + inherited)));
}

/** The discounted sum, rounded towards 0. The product is computed in two parts to be exact. */
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
