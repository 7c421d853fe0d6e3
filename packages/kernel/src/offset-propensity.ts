/**
 * The propensities of the offsets router: for each tier, the probability that it is the best, given the mean and the
 * standard deviation of each expected net reward, mixed with exploration. Propensities are integers that sum to 2^32. The
 * logged ones are those of the draw, so they are exact by construction.
 *
 *     two tiers     Φ((m₁ − m₀) / √(d₀² + d₁²)), one look-up
 *     up to eight   P_k = ∫ φ(u) ∏_{j≠k} Φ((m_k + d_k·u − m_j) / d_j) du, on 33 nodes of u from −5 to 5
 *
 * Every product is exact in a double: 26 bits times 26 bits. Exploration is spread evenly. It is reduced to a tenth if the
 * best tier is five deviations or more ahead of the next, where there is little to learn.
 * @module
 */
import { invariant } from "./invariant.ts";
import { DENSITY_ONE, normalTable, Z_MAX, Z_ONE } from "./normal-table.ts";
import { PROPENSITY_ONE, TIER_COUNT_MAX } from "./recommendation.ts";
import { BPS_MAX } from "./units.ts";

/** Means and deviations are in sixteenths of a basis point. */
export const SIXTEENTHS = 16;
/** Maximum absolute mean. Larger values are an error of the caller: success and cost shares stay far below. */
export const MEAN_MAX: number = 2 ** 21;
export const DEVIATION_MAX: number = 2 ** 18;
/** Maximum cost share: four times the value. */
const COST_SHARE_MAX = 4 * BPS_MAX * SIXTEENTHS;
/** The choice is uncertain if the two best tiers are closer than this number of deviations. */
const BOUNDARY_DEVIATIONS = 5;
/** Divisor of exploration outside the boundary zone. */
export const BEYOND_BOUNDARY = 10;

const NODES = 33;
/** Added to a z before rounding down, to get the index of the nearest table entry. */
const HALF_UP: number = Z_MAX + 0.5;
const NODES_FROM = -BOUNDARY_DEVIATIONS * Z_ONE;
const NODES_STEP = (2 * BOUNDARY_DEVIATIONS * Z_ONE) / (NODES - 1);
/** A tier whose upper reach (mean plus this many deviations) is below the lower reach of another is never the best. */
const REACH_DEVIATIONS = 5;

/** Sums per tier, in a shared array to avoid allocation. */
const wins = new Float64Array(TIER_COUNT_MAX);

/**
 * Writes the propensity of each tier, as integers that sum to 2^32. Allocates nothing.
 *
 * @param means - means of net reward, in sixteenths of a basis point, within ±2^21.
 * @param deviations - standard deviations in the same unit, from 1 to 2^18.
 * @param count - number of tiers, 1 to 8.
 * @param explorationBps - the share that is spread evenly within the boundary zone, 0 to 10,000. At 0 the most likely tier
 *   gets the full propensity; with a tie, the first.
 * @param out - the output, of at least `count` items.
 * @returns whether the choice is in the boundary zone.
 *
 * @example
 * The shares of two tiers sum to 2^32, whatever is believed of them.
 * ```ts
 * import { offsetPropensities } from "@calybris/kernel";
 *
 * const out = new Float64Array(2);
 * offsetPropensities([800, 800], [160, 320], 2, 100, out);
 * out[0] + out[1]; // 4294967296
 * ```
 */
export function offsetPropensities(
  means: ArrayLike<number>,
  deviations: ArrayLike<number>,
  count: number,
  explorationBps: number,
  out: Float64Array,
): boolean {
  invariant(count >= 1 && count <= TIER_COUNT_MAX, "a draw is over one to eight tiers");
  if (count === 1) {
    out[0] = PROPENSITY_ONE;
    return false;
  }
  if (count === 2) fillTwo(means, deviations, out);
  else fillMany(means, deviations, count, out);
  const isBoundary = isUncertain(means, deviations, count);
  explore(out, count, explorationBps, isBoundary);
  return isBoundary;
}

/** Cost as a share of the value, in sixteenths of a basis point. At most four times the value, also if the value is 0. */
export function costShare(spentMicrocents: bigint, valueMicrocents: bigint): number {
  if (spentMicrocents <= 0n) return 0;
  if (valueMicrocents <= 0n || spentMicrocents >= 4n * valueMicrocents) return COST_SHARE_MAX;
  return Number((spentMicrocents * BigInt(BPS_MAX * SIXTEENTHS)) / valueMicrocents);
}

/** The difference of two means divided by their combined deviation, in 1/1024, rounded to nearest and limited to ±6. */
function distance(difference: number, deviation: number): number {
  const z = Math.round((difference * Z_ONE) / deviation);
  return z > Z_MAX ? Z_MAX : z < -Z_MAX ? -Z_MAX : z;
}

/** ⌊√(a² + b²)⌋; exact, because the sum is at most 2^37. */
function common(one: number, other: number): number {
  return Math.floor(Math.sqrt(one * one + other * other));
}

function fillTwo(means: ArrayLike<number>, deviations: ArrayLike<number>, out: Float64Array): void {
  const z = distance(
    (means[1] as number) - (means[0] as number),
    common(deviations[0] as number, deviations[1] as number),
  );
  const second = normalTable().cumulative[z + Z_MAX] as number;
  out[0] = PROPENSITY_ONE - second;
  out[1] = second;
}

/** Integrates each tier on its own nodes, so that narrow and wide beliefs are equally accurate. */
function fillMany(means: ArrayLike<number>, deviations: ArrayLike<number>, count: number, out: Float64Array): void {
  const { cumulative, density } = normalTable();
  let reached = Number.NEGATIVE_INFINITY;
  for (let tier = 0; tier < count; tier++)
    reached = Math.max(reached, (means[tier] as number) - REACH_DEVIATIONS * (deviations[tier] as number));
  let total = 0;
  for (let tier = 0; tier < count; tier++) {
    const mean = means[tier] as number;
    const deviation = deviations[tier] as number;
    wins[tier] = 0;
    if (mean + REACH_DEVIATIONS * deviation < reached) continue;
    let sum = 0;
    for (let node = 0; node < NODES; node++) {
      const u = NODES_FROM + node * NODES_STEP;
      // In 1/1024 of a sixteenth: below 2^32, so that every quotient is rounded correctly.
      const at = mean * Z_ONE + deviation * u;
      let product = density[u + Z_MAX] as number;
      for (let other = 0; other < count && product > 0; other++) {
        if (other === tier) continue;
        const z = (at - (means[other] as number) * Z_ONE) / (deviations[other] as number);
        if (z >= Z_MAX) continue;
        // Rounded down, as a whole number of 32 bits; half a step is added beforehand.
        const index = z <= -Z_MAX ? 0 : (z + HALF_UP) | 0;
        product = Math.floor((product * ((cumulative[index] as number) >>> 6)) / DENSITY_ONE);
      }
      sum += product;
    }
    wins[tier] = sum;
    total += sum;
  }
  let [rest, most] = [PROPENSITY_ONE, 0];
  for (let tier = 0; tier < count; tier++) {
    // Sums stay below 2^33: the product with 2^20 is exact, and the quotient of whole numbers is rounded correctly.
    const share = Math.floor(((wins[tier] as number) * 2 ** 20) / total) * 2 ** 12;
    out[tier] = share;
    rest -= share;
    if ((wins[tier] as number) > (wins[most] as number)) most = tier;
  }
  out[most] = (out[most] as number) + rest;
}

/** Whether the two best tiers differ by less than five of their combined deviations. */
function isUncertain(means: ArrayLike<number>, deviations: ArrayLike<number>, count: number): boolean {
  let [best, next] = [0, -1];
  for (let tier = 1; tier < count; tier++) {
    if ((means[tier] as number) > (means[best] as number)) [next, best] = [best, tier];
    else if (next === -1 || (means[tier] as number) > (means[next] as number)) next = tier;
  }
  const z = distance(
    (means[best] as number) - (means[next] as number),
    common(deviations[best] as number, deviations[next] as number),
  );
  return z < BOUNDARY_DEVIATIONS * Z_ONE;
}

/** Mixes in the even distribution. The rounding remainder goes to the most likely tier. */
function explore(out: Float64Array, count: number, explorationBps: number, isBoundary: boolean): void {
  let most = 0;
  for (let tier = 1; tier < count; tier++) if ((out[tier] as number) > (out[most] as number)) most = tier;
  if (explorationBps === 0) {
    for (let tier = 0; tier < count; tier++) out[tier] = tier === most ? PROPENSITY_ONE : 0;
    return;
  }
  const share = isBoundary ? explorationBps * BEYOND_BOUNDARY : explorationBps;
  const whole = BPS_MAX * BEYOND_BOUNDARY;
  const even = Math.floor((PROPENSITY_ONE * share) / (whole * count));
  let rest = PROPENSITY_ONE;
  for (let tier = 0; tier < count; tier++) {
    const mixed = Math.floor(((out[tier] as number) * (whole - share)) / whole) + even;
    out[tier] = mixed;
    rest -= mixed;
  }
  out[most] = (out[most] as number) + rest;
}
