/**
 * The standard normal distribution in integers: z in 1/1024 from −6 to 6, the cumulative probability over 2^32 and the density
 * relative to its peak, over 2^26. Both tables are computed in integer arithmetic alone, so they are equal on every machine.
 *
 * The density is a product of exponentials: e^{−(z+h)²/2} = e^{−z²/2} · e^{−zh − h²/2}. The cumulative probability is its
 * integral by the trapezoid rule with the first two corrections of Euler and Maclaurin (NIST DLMF 2.10.1), whose next term is
 * below 2^−70. Entries are rounded to the nearest integer.
 * @module
 */

/** Table steps per unit of z. */
export const Z_ONE = 1_024;
const Z_MAX_WHOLE = 6;
/** The table ends here. Beyond it, the probability is that of the last entry. */
export const Z_MAX: number = Z_MAX_WHOLE * Z_ONE;
/** The representation of the density 1. */
export const DENSITY_ONE: number = 2 ** 26;

const BITS = 128n;
const ONE = 1n << BITS;
/** 1/√(2π) in units of 10^−60. */
const DENSITY_AT_ZERO = 398942280401432677939946059934381868475858631164934657665925n;
const DENSITY_UNIT = 10n ** 60n;

interface NormalTable {
  /** Φ(z) over 2^32, by z in 1/1024 plus {@link Z_MAX}. */
  readonly cumulative: Uint32Array;
  /** e^{−z²/2} over {@link DENSITY_ONE}. */
  readonly density: Uint32Array;
}

let built: NormalTable | undefined;

/** The tables: 12,289 entries each, built at first use (about 10 ms). */
export function normalTable(): NormalTable {
  built ??= buildNormalTable();
  return built;
}

/**
 * P(Z ≤ z) over 2^32 of a standard normal variable.
 *
 * @param z - an integer in 1/1024, clamped to ±6.
 */
export function normalShare(z: number): number {
  const { cumulative } = normalTable();
  return cumulative[(z < -Z_MAX ? -Z_MAX : z > Z_MAX ? Z_MAX : z) + Z_MAX] as number;
}

function buildNormalTable(): NormalTable {
  const cumulative = new Uint32Array(2 * Z_MAX + 1);
  const density = new Uint32Array(2 * Z_MAX + 1);
  const step = ONE / BigInt(Z_ONE);
  const square = times(step, step);
  // e^{−(2i+1)h²/2} takes the density from i to i + 1, and itself shrinks by e^{−h²} each time.
  const shrink = exponential(-square);
  let ratio = exponential(-square / 2n);
  let value = ONE;
  let sum = 0n;
  for (let index = 0; index <= Z_MAX; index++) {
    const z = BigInt(index) * step;
    const slope = -times(z, value);
    const third = times(3n * z - times(z, times(z, z)), value);
    const trapezoids = index === 0 ? 0n : times(step, sum + value / 2n);
    const corrected =
      trapezoids - times(square, slope) / 12n + times(times(square, square), index === 0 ? 0n : third) / 720n;
    const half = (corrected * DENSITY_AT_ZERO) / DENSITY_UNIT;
    const upper = Number(rounded(ONE / 2n + half, 32n));
    cumulative[Z_MAX + index] = upper;
    cumulative[Z_MAX - index] = 2 ** 32 - upper;
    const height = Number(rounded(value, 26n));
    density[Z_MAX + index] = height;
    density[Z_MAX - index] = height;
    sum += index === 0 ? value / 2n : value;
    value = times(value, ratio);
    ratio = times(ratio, shrink);
  }
  return { cumulative, density };
}

/** A product of fixed-point numbers, rounded towards −∞. */
function times(one: bigint, other: bigint): bigint {
  return (one * other) >> BITS;
}

function rounded(value: bigint, bits: bigint): bigint {
  const unit = BITS - bits;
  return (value + (1n << (unit - 1n))) >> unit;
}

/** e^x of a small x, by its series. */
function exponential(x: bigint): bigint {
  let [sum, term] = [ONE, ONE];
  for (let order = 1n; term !== 0n && order < 64n; order += 1n) {
    term = times(term, x) / order;
    sum += term;
  }
  return sum;
}
