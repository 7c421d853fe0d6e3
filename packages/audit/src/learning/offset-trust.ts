/**
 * The state of a policy that learns by offsets, written from the formats (docs/formats.md) in unbounded integers, not from
 * the engine: for each regime and tier, the distance of success from the expectation, and the belief about it.
 * @module
 */
import {
  type ExactJson,
  type OffsetBelief,
  type OutcomeEntry,
  type SnapshotMembers,
  WARM_UP_REGIME,
} from "@calybris/kernel";
import { ShiftTrust } from "./shift-trust.ts";

const TIERS = 8;
const REGIMES = WARM_UP_REGIME + 1;
const OBSERVATION = 10_000n;
const MOST = 65_536n * OBSERVATION;
const USUAL = 30n * OBSERVATION;
const FLAT = 30n * OBSERVATION;
/**
 * Prior counts: of the part that all tiers share; the largest and the least of a tier's own part; and the squared deviations
 * that chance explains.
 */
const EVERYWHERE: Behind = {
  shared: 30n * OBSERVATION,
  most: 1_000n * OBSERVATION,
  least: 30n * OBSERVATION,
  chance: 25n,
};
const REGIME: Behind = {
  shared: 100n * OBSERVATION,
  most: 1_000n * OBSERVATION,
  least: 100n * OBSERVATION,
  chance: 9n,
};
const COMPARED = 20n * OBSERVATION;
const USUAL_VARIANCE = 18_750_000n;
const UNIT = 16n;
const PART = 1n << 20n;
const BOUNDARY_MEMORY = 1_024;
const MILLION = 1_000_000;

/** In the order of the state's digest, with the names that a snapshot uses. */
const NAMES = [
  "counts",
  "residuals",
  "squares",
  "expected",
  "advantages",
  "advantageSquares",
  "advantageResiduals",
] as const;
type Cell = Record<(typeof NAMES)[number], bigint>;

interface Behind {
  readonly shared: bigint;
  readonly most: bigint;
  readonly least: bigint;
  readonly chance: bigint;
}

/** A tier's mean residual in sixteenths, its observation count, and the variance of its outcomes in square basis points. */
interface Seen {
  readonly mean: bigint;
  readonly count: bigint;
  readonly variance: bigint;
}

interface Believed {
  readonly mean: bigint;
  readonly deviation: bigint;
}

export class OffsetTrust {
  #cells: readonly Cell[] = emptyCells();
  /** Number of changes of each regime, as a snapshot states it. */
  readonly changes: number[] = Array.from({ length: REGIMES }, () => 0);
  /** Share of drawn decisions whose choice was in the boundary zone, in millionths. */
  boundaryPpm: number = MILLION;

  readonly shift: ShiftTrust = new ShiftTrust();

  forget(): void {
    this.shift.forget();
    this.#cells = emptyCells();
    this.#allChanged();
  }

  /** Called when the method of learning changes: changes are counted from here. */
  begin(): void {
    this.changes.fill(0);
    this.forget();
    this.forgetBoundary();
  }

  forgetBoundary(): void {
    this.boundaryPpm = MILLION;
  }

  drawn(isBoundary: boolean): void {
    this.boundaryPpm += Math.trunc(((isBoundary ? MILLION : 0) - this.boundaryPpm) / BOUNDARY_MEMORY);
  }

  take({ tier, successBps, expected }: OutcomeEntry, regime: number, discountPpm: number): void {
    if (expected === undefined) return;
    const counts = this.#sum(tier, "counts");
    const away = (BigInt(successBps) - BigInt(expected[tier] ?? 0)) * UNIT - this.#usual(regime, tier, counts);
    if (this.shift.take(tier, away, counts)) this.#forgetTier(tier);
    if (discountPpm !== MILLION) this.#discount(regime, BigInt(discountPpm));
    this.changes[regime] = (this.changes[regime] ?? 0) + 1;
    const cell = this.#cell(regime, tier);
    if (cell.counts >= MOST) for (const name of NAMES) cell[name] /= 2n;
    const all = expected.reduce((sum, each) => sum + each, 0);
    const own = BigInt(expected[tier] ?? 0);
    const residual = BigInt(successBps) - own;
    const advantage = own - BigInt(Math.floor(all / Math.max(1, expected.length)));
    cell.counts += OBSERVATION;
    cell.residuals += residual * UNIT;
    cell.squares += residual ** 2n;
    cell.expected += own * UNIT;
    cell.advantages += advantage;
    cell.advantageSquares += advantage ** 2n;
    cell.advantageResiduals += advantage * residual;
  }

  /** The expected content of a belief entry about some tiers of a regime. */
  belief(
    regime: number,
    tiers: readonly number[],
    averageBps: number,
    hasPrior: boolean,
  ): Pick<OffsetBelief, "means" | "deviations" | "explorationBps" | "flat"> {
    const isFlat = this.#isFlat(regime);
    const all = isFlat
      ? Array.from({ length: TIERS }, (_, tier) => this.#flat(regime, tier))
      : this.#offsets(regime, hasPrior);
    const believed = tiers.map((tier) => all[tier] as Believed);
    const parts = 10 * this.boundaryPpm + (MILLION - this.boundaryPpm);
    return {
      means: believed.map(({ mean }) => Number(mean)),
      deviations: believed.map(({ deviation }) => Number(deviation)),
      explorationBps: Math.min(10_000, Math.floor((averageBps * 10 * MILLION) / parts)),
      ...(isFlat ? { flat: true as const } : {}),
    };
  }

  /** Everything that later beliefs depend on. */
  get carried(): readonly unknown[] {
    return [this.boundaryPpm, this.#cells, this.shift.toSnapshot()];
  }

  /** Each of the first regimes begins with an eighth of the warm-up's sums. */
  inherit(): void {
    this.shift.forget();
    this.#deal((tier) => this.#cell(WARM_UP_REGIME, tier));
    for (let tier = 0; tier < TIERS; tier++) Object.assign(this.#cell(WARM_UP_REGIME, tier), emptyCell());
  }

  /** Each of the later regimes begins with an eighth of all sums. */
  redistribute(): void {
    this.shift.forget();
    this.#deal((tier) => {
      const sum = emptyCell();
      for (let regime = 0; regime < WARM_UP_REGIME; regime++)
        for (const name of NAMES) sum[name] += this.#cell(regime, tier)[name];
      return sum;
    });
  }

  toJson(tierCount: number): ExactJson {
    return Array.from({ length: REGIMES }, (_, regime) =>
      this.#regime(regime)
        .slice(0, tierCount)
        .map((cell) => NAMES.map((name) => Number(cell[name]))),
    );
  }

  /** As a snapshot holds it. */
  toSnapshot(): object {
    const columns = NAMES.map((name) => [name, this.#cells.map((cell) => Number(cell[name]))]);
    return { ...Object.fromEntries(columns), changes: this.changes, ...this.shift.toSnapshot() };
  }

  restore(members: SnapshotMembers): void {
    for (const [regime, count] of members.integers("changes").entries()) this.changes[regime] = count;
    for (const name of NAMES)
      for (const [at, sum] of members.integers(name).entries()) {
        const cell = this.#cells[at];
        if (cell !== undefined) cell[name] = BigInt(sum);
      }
    this.shift.restore(members);
  }

  #discount(regime: number, ppm: bigint): void {
    for (const cell of this.#regime(regime))
      for (const name of NAMES) if (cell[name] !== 0n) cell[name] = (cell[name] * ppm) / 1_000_000n;
  }

  /**
   * The mean residual of a regime, shrunk towards the mean over all regimes.
   *
   * @param allCounts - of the tier over all regimes.
   */
  #usual(regime: number, tier: number, allCounts: bigint): bigint {
    const { counts, residuals } = this.#cell(regime, tier);
    const everywhere = meanOf(this.#sum(tier, "residuals"), allCounts);
    return floorOf(residuals * OBSERVATION + everywhere * USUAL, counts + USUAL);
  }

  #forgetTier(tier: number): void {
    for (let regime = 0; regime < REGIMES; regime++) Object.assign(this.#cell(regime, tier), emptyCell());
    this.#allChanged();
  }

  #allChanged(): void {
    for (let regime = 0; regime < REGIMES; regime++) this.changes[regime] = (this.changes[regime] ?? 0) + 1;
  }

  #deal(from: (tier: number) => Cell): void {
    this.#allChanged();
    for (let tier = 0; tier < TIERS; tier++) {
      const sum = { ...from(tier) };
      for (let regime = 0; regime < WARM_UP_REGIME; regime++)
        for (const name of NAMES) this.#cell(regime, tier)[name] = sum[name] / BigInt(WARM_UP_REGIME);
    }
  }

  /** The offset of every tier from the expectation, pooled over the regimes and then in this one. */
  #offsets(regime: number, hasPrior: boolean): readonly Believed[] {
    const all = Array.from({ length: TIERS }, (_, tier): Seen => {
      const { counts, residuals, squares } = this.#column(tier);
      return { mean: meanOf(residuals, counts), count: counts, variance: varianceOf(squares, counts) };
    });
    const isHeld = hasPrior && this.shift.doubted === 0;
    const g = isHeld ? strengthOf(all, EVERYWHERE) : EVERYWHERE.least;
    const everywhere = pooled(all, EVERYWHERE.shared, g);
    const own = all.map(({ variance }, tier): Seen => {
      const { counts: count, residuals } = this.#cell(regime, tier);
      const mean = count === 0n ? 0n : meanOf(residuals, count) - (everywhere[tier] as bigint);
      return { mean, count, variance };
    });
    const h = isHeld ? strengthOf(own, REGIME) : REGIME.least;
    return pooled(own, REGIME.shared, h).map((offset, tier) => {
      const { variance, count: total } = all[tier] as Seen;
      const { count } = own[tier] as Seen;
      return { mean: (everywhere[tier] as bigint) + offset, deviation: deviationOf(variance, [h, count], [g, total]) };
    });
  }

  /** The belief about success itself, for a regime whose expectations are flat. */
  #flat(regime: number, tier: number): Believed {
    const { counts, residuals, expected, squares } = this.#column(tier);
    const cell = this.#cell(regime, tier);
    const everywhere = floorOf((residuals + expected) * OBSERVATION + 5_000n * UNIT * USUAL, USUAL + counts);
    const mean = floorOf((cell.residuals + cell.expected) * OBSERVATION + everywhere * FLAT, FLAT + cell.counts);
    return { mean, deviation: deviationOf(varianceOf(squares, counts), [FLAT, cell.counts], [USUAL, counts]) };
  }

  /** The sums of a tier over all regimes. */
  #column(tier: number): Cell {
    return Object.fromEntries(NAMES.map((name) => [name, this.#sum(tier, name)])) as Cell;
  }

  #sum(tier: number, name: (typeof NAMES)[number]): bigint {
    let sum = 0n;
    for (let at = tier; at < this.#cells.length; at += TIERS) sum += (this.#cells[at] as Cell)[name];
    return sum;
  }

  /** Whether the slope of success on expected advantage is below 0 by two and a half standard deviations. */
  #isFlat(regime: number): boolean {
    const seen = this.#regime(regime).filter(({ counts }) => counts > 0n);
    const sum = (of: (cell: Cell) => bigint): bigint => seen.reduce((so, cell) => so + of(cell), 0n);
    const spread = sum((cell) => cell.advantageSquares - (cell.advantages ** 2n * OBSERVATION) / cell.counts);
    const bend = sum(
      (cell) => cell.advantageResiduals - (cell.advantages * cell.residuals * OBSERVATION) / (UNIT * cell.counts),
    );
    const counts = sum((cell) => cell.counts);
    if (counts < 100n * OBSERVATION || spread <= 0n || spread + bend >= 0n) return false;
    const variance = (sum((cell) => cell.squares) * OBSERVATION) / counts;
    return 4n * (spread + bend) ** 2n > 25n * variance * spread;
  }

  #cell(regime: number, tier: number): Cell {
    return this.#cells[regime * TIERS + tier] ?? emptyCell();
  }

  #regime(regime: number): readonly Cell[] {
    return this.#cells.slice(regime * TIERS, (regime + 1) * TIERS);
  }
}

function emptyCells(): readonly Cell[] {
  return Array.from({ length: REGIMES * TIERS }, emptyCell);
}

function emptyCell(): Cell {
  return Object.fromEntries(NAMES.map((name) => [name, 0n])) as Cell;
}

function meanOf(residuals: bigint, count: bigint): bigint {
  return count === 0n ? 0n : floorOf(residuals * OBSERVATION, count);
}

function varianceOf(squares: bigint, counts: bigint): bigint {
  return (squares + 30n * USUAL_VARIANCE) / (30n + counts / OBSERVATION);
}

/**
 * The root of a quarter of the variance over its own counts, plus the share inherited from the variance over all regimes.
 */
function deviationOf(
  variance: bigint,
  [h, count]: readonly [bigint, bigint],
  [g, total]: readonly [bigint, bigint],
): bigint {
  const scaled = 64n * variance * OBSERVATION;
  const left = (h * PART) / (h + count);
  const inherited = ((((scaled / (g + total)) * left) / PART) * left) / PART;
  const deviation = rootOf(scaled / (h + count) + inherited);
  return deviation < 1n ? 1n : deviation;
}

/** Each mean shrunk towards the common mean, which is shrunk towards 0. */
function pooled(seen: readonly Seen[], shared: bigint, own: bigint): readonly bigint[] {
  const left = seen.map(({ count }) => (own * PART) / (own + count));
  const weights = seen.map(({ count }, tier) => (count * (left[tier] as bigint)) / PART);
  const sum = seen.reduce((so, { mean }, tier) => so + mean * (weights[tier] as bigint), 0n);
  const common = floorOf(
    sum,
    weights.reduce((so, each) => so + each, shared),
  );
  return seen.map(({ mean }, tier) => common + floorOf((mean - common) * (PART - (left[tier] as bigint)), PART));
}

/** The prior counts of a tier's own part: few if two tiers differ by more than chance explains. */
function strengthOf(seen: readonly Seen[], { most, least, chance }: Behind): bigint {
  let strength = most;
  const often = seen.filter(({ count }) => count >= COMPARED);
  for (const [at, one] of often.entries())
    for (const other of often.slice(at + 1)) {
      const spread = [one, other].reduce(
        (sum, { variance, count }) => sum + (variance * UNIT ** 2n * OBSERVATION) / count,
        0n,
      );
      const beyond = (one.mean - other.mean) ** 2n - chance * spread;
      if (beyond <= 0n) continue;
      const counts = ((one.variance + other.variance) * UNIT ** 2n * OBSERVATION) / beyond;
      if (counts < strength) strength = counts;
    }
  return strength < least ? least : strength;
}

/** Rounded towards −∞; the divisor is above 0. */
function floorOf(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

/** Integer square root, rounded down, by bisection. */
function rootOf(square: bigint): bigint {
  let [low, high] = [0n, 1n << 40n];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle * middle <= square) low = middle;
    else high = middle - 1n;
  }
  return low;
}
