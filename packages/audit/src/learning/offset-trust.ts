/**
 * What outcomes have taught a policy that learns by offsets, written from the formats (docs/formats.md) in unbounded integers, not
 * from the engine: per regime and tier, how far success lay from what was expected, and what a belief of it is.
 * @module
 */
import { type OffsetBelief, type OutcomeEntry, type SnapshotMembers, WARM_UP_REGIME } from "@calybris/kernel";

const TIERS = 8;
const REGIMES = WARM_UP_REGIME + 1;
const OBSERVATION = 10_000n;
const MOST = 65_536n * OBSERVATION;
const GLOBAL = 30n * OBSERVATION;
const OWN = 300n * OBSERVATION;
const FLAT = 30n * OBSERVATION;
const USUAL_VARIANCE = 18_750_000n;
const UNIT = 16n;
const PART = 1n << 20n;
const BOUNDARY_MEMORY = 1_024;
const MILLION = 1_000_000;

/** In the order of a state's digest; the names are those of a snapshot. */
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

export class OffsetTrust {
  #cells: readonly Cell[] = emptyCells();
  /** Millionths of the decisions drawn whose choice was in the boundary zone. */
  boundaryPpm: number = MILLION;

  forget(): void {
    this.#cells = emptyCells();
  }

  forgetBoundary(): void {
    this.boundaryPpm = MILLION;
  }

  drawn(isBoundary: boolean): void {
    this.boundaryPpm += Math.trunc(((isBoundary ? MILLION : 0) - this.boundaryPpm) / BOUNDARY_MEMORY);
  }

  take({ tier, successBps, expected }: OutcomeEntry, regime: number, discountPpm: number): void {
    if (expected === undefined) return;
    for (const cell of this.#regime(regime))
      for (const name of NAMES) cell[name] = (cell[name] * BigInt(discountPpm)) / 1_000_000n;
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

  /** What an entry has to say of some tiers of a regime. */
  belief(
    regime: number,
    tiers: readonly number[],
    averageBps: number,
  ): Pick<OffsetBelief, "means" | "deviations" | "explorationBps" | "flat"> {
    const isFlat = this.#isFlat(regime);
    const believed = tiers.map((tier) => this.#believed(regime, tier, isFlat));
    const parts = 10 * this.boundaryPpm + (MILLION - this.boundaryPpm);
    return {
      means: believed.map(({ mean }) => Number(mean)),
      deviations: believed.map(({ deviation }) => Number(deviation)),
      explorationBps: Math.min(10_000, Math.floor((averageBps * 10 * MILLION) / parts)),
      ...(isFlat ? { flat: true as const } : {}),
    };
  }

  /** The first regimes begin with an eighth of the warm-up each. */
  inherit(): void {
    this.#deal((tier) => this.#cell(WARM_UP_REGIME, tier));
    for (let tier = 0; tier < TIERS; tier++) Object.assign(this.#cell(WARM_UP_REGIME, tier), emptyCell());
  }

  /** Later ones with an eighth of everything. */
  redistribute(): void {
    this.#deal((tier) => {
      const sum = emptyCell();
      for (let regime = 0; regime < WARM_UP_REGIME; regime++)
        for (const name of NAMES) sum[name] += this.#cell(regime, tier)[name];
      return sum;
    });
  }

  toJson(tierCount: number): readonly (readonly (readonly number[])[])[] {
    return Array.from({ length: REGIMES }, (_, regime) =>
      this.#regime(regime)
        .slice(0, tierCount)
        .map((cell) => NAMES.map((name) => Number(cell[name]))),
    );
  }

  restore(members: SnapshotMembers): void {
    for (const name of NAMES)
      for (const [at, sum] of members.integers(name).entries()) {
        const cell = this.#cells[at];
        if (cell !== undefined) cell[name] = BigInt(sum);
      }
  }

  #deal(from: (tier: number) => Cell): void {
    for (let tier = 0; tier < TIERS; tier++) {
      const sum = { ...from(tier) };
      for (let regime = 0; regime < WARM_UP_REGIME; regime++)
        for (const name of NAMES) this.#cell(regime, tier)[name] = sum[name] / BigInt(WARM_UP_REGIME);
    }
  }

  #believed(regime: number, tier: number, isFlat: boolean): { readonly mean: bigint; readonly deviation: bigint } {
    const amountOf = ({ residuals, expected }: Cell): bigint => (isFlat ? residuals + expected : residuals);
    const column = Array.from({ length: REGIMES }, (_, each) => this.#cell(each, tier));
    const total = (of: (cell: Cell) => bigint): bigint => column.reduce((sum, cell) => sum + of(cell), 0n);
    const cell = this.#cell(regime, tier);
    const counts = total((each) => each.counts);
    const [usual, shrinkage] = isFlat ? [5_000n * UNIT, FLAT] : [0n, OWN];
    const everywhere = floorOf(total(amountOf) * OBSERVATION + usual * GLOBAL, GLOBAL + counts);
    const mean = floorOf(amountOf(cell) * OBSERVATION + everywhere * shrinkage, shrinkage + cell.counts);
    const variance = (total((each) => each.squares) + 30n * USUAL_VARIANCE) / (30n + counts / OBSERVATION);
    // A quarter of it, in square sixteenths, per observation.
    const scaled = 64n * variance * OBSERVATION;
    const left = (shrinkage * PART) / (shrinkage + cell.counts);
    const inherited = ((((scaled / (GLOBAL + counts)) * left) / PART) * left) / PART;
    const deviation = rootOf(scaled / (shrinkage + cell.counts) + inherited);
    return { mean, deviation: deviation < 1n ? 1n : deviation };
  }

  /** The slope of success on expected advantage is below 0 by two and a half of its deviations. */
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

/** Rounded towards −∞; the divisor is above 0. */
function floorOf(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

/** Rounded down, by halving the distance. */
function rootOf(square: bigint): bigint {
  let [low, high] = [0n, 1n << 40n];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle * middle <= square) low = middle;
    else high = middle - 1n;
  }
  return low;
}
