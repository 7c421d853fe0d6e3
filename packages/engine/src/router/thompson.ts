/**
 * Thompson sampling with exact propensities. The probability that each tier has the highest draw is computed once, mixed
 * with exploration, rounded to integers over 2^32, and journaled. Draws use this table, so the logged probability is the one
 * that was used.
 *
 *     p_k = ∫ f_k(t) ∏_{j≠k} F_j(t) dt      over the densities of the Beta beliefs, at the centres of 1,025 cells
 *
 * This is the only part of learning with floats: after the table, only integers are used.
 * @module
 */
import { BPS_MAX, PROPENSITY_ONE } from "@calybris/kernel";
import { COUNT_ONE } from "./beliefs.ts";

const POINTS = 1_025;
const DEVIATIONS = 10;

/** Reused: only one thread computes a table at a time. */
const logarithms = new Float64Array(POINTS);
const complements = new Float64Array(POINTS);

/**
 * The probability that each arm is drawn, as integers that sum to 2^32.
 *
 * @param alpha - and `beta`: Beta counts in ten-thousandths, each at least one observation.
 * @param explorationBps - the share that is spread evenly over all arms.
 */
export function samplingTable(
  alpha: readonly number[],
  beta: readonly number[],
  explorationBps: number,
): readonly number[] {
  const best = probabilitiesOfBest(alpha, beta);
  const even = explorationBps / BPS_MAX / best.length;
  return quantised(best.map((probability) => probability * (1 - explorationBps / BPS_MAX) + even));
}

/** P(arm k has the largest of independent Beta draws); sums to 1. */
export function probabilitiesOfBest(alpha: readonly number[], beta: readonly number[]): readonly number[] {
  if (alpha.length === 1) return [1];
  const [from, to] = range(alpha, beta);
  const step = (to - from) / POINTS;
  for (let point = 0; point < POINTS; point++) {
    const t = from + (point + 0.5) * step;
    logarithms[point] = Math.log(t);
    complements[point] = Math.log1p(-t);
  }
  const densities = alpha.map((count, arm) => density(count / COUNT_ONE, (beta[arm] as number) / COUNT_ONE));
  const below = densities.map(cumulative);
  const sums = densities.map((ownDensity, arm) => {
    let sum = 0;
    for (let point = 0; point < POINTS; point++) {
      let product = ownDensity[point] as number;
      for (let other = 0; other < below.length; other++)
        if (other !== arm) product *= (below[other] as Float64Array)[point] as number;
      sum += product;
    }
    return sum;
  });
  const total = sums.reduce((sum, value) => sum + value, 0);
  return sums.map((sum) => sum / total);
}

/** Integers over 2^32 that sum to it: each is rounded down, and the remainder goes to those that lost most. */
export function quantised(probabilities: readonly number[]): readonly number[] {
  const scaled = probabilities.map((probability) => probability * PROPENSITY_ONE);
  const table = scaled.map(Math.floor);
  let rest = PROPENSITY_ONE - table.reduce((sum, value) => sum + value, 0);
  const byLoss = scaled
    .map((value, arm) => ({ arm, loss: value - Math.floor(value) }))
    .sort((a, b) => b.loss - a.loss || a.arm - b.arm);
  for (let index = 0; rest !== 0; index = (index + 1) % byLoss.length) {
    const arm = (byLoss[index] as { arm: number }).arm;
    const change = rest > 0 ? 1 : (table[arm] as number) > 0 ? -1 : 0;
    table[arm] = (table[arm] as number) + change;
    rest -= change;
  }
  return table;
}

/** Without exploration, the best mean always runs; of equal means, the cheapest. */
export function onlyBest(alpha: readonly number[], beta: readonly number[]): readonly number[] {
  let best = 0;
  for (let arm = 1; arm < alpha.length; arm++) {
    const [a, b] = [alpha[arm] as number, beta[arm] as number];
    const [bestA, bestB] = [alpha[best] as number, beta[best] as number];
    if (BigInt(a) * BigInt(bestA + bestB) > BigInt(bestA) * BigInt(a + b)) best = arm;
  }
  return alpha.map((_, arm) => (arm === best ? PROPENSITY_ONE : 0));
}

/** The arm that a draw of 32 bits selects. */
export function armAt(table: ArrayLike<number>, draw: number, count: number = table.length): number {
  let sum = 0;
  for (let arm = 0; arm < count - 1; arm++) {
    sum += table[arm] as number;
    if (draw < sum) return arm;
  }
  return count - 1;
}

function range(alpha: readonly number[], beta: readonly number[]): readonly [number, number] {
  let from = 1;
  let to = 0;
  for (let arm = 0; arm < alpha.length; arm++) {
    const a = (alpha[arm] as number) / COUNT_ONE;
    const b = (beta[arm] as number) / COUNT_ONE;
    const mean = a / (a + b);
    const deviation = Math.sqrt((mean * (1 - mean)) / (a + b + 1));
    from = Math.min(from, mean - DEVIATIONS * deviation);
    to = Math.max(to, mean + DEVIATIONS * deviation);
  }
  return [Math.max(from, 0), Math.min(to, 1)];
}

/** The density on the grid, up to a constant factor: the sums are normalised. */
function density(a: number, b: number): Float64Array {
  const values = new Float64Array(POINTS);
  let most = Number.NEGATIVE_INFINITY;
  for (let point = 0; point < POINTS; point++) {
    const value = (a - 1) * (logarithms[point] as number) + (b - 1) * (complements[point] as number);
    values[point] = value;
    if (value > most) most = value;
  }
  let total = 0;
  for (let point = 0; point < POINTS; point++) {
    const value = Math.exp((values[point] as number) - most);
    values[point] = value;
    total += value;
  }
  for (let point = 0; point < POINTS; point++) values[point] = (values[point] as number) / total;
  return values;
}

/**
 * The distribution function at the centres: all cells before, and half of the own cell, corrected for the slope within it.
 */
function cumulative(values: Float64Array): Float64Array {
  const below = new Float64Array(POINTS);
  let sum = 0;
  for (let point = 0; point < POINTS; point++) {
    const value = values[point] as number;
    const left = values[point === 0 ? 0 : point - 1] as number;
    const right = values[point === POINTS - 1 ? point : point + 1] as number;
    const inner = point === 0 || point === POINTS - 1 ? 2 : 1;
    below[point] = Math.max(sum + value / 2 - ((right - left) * inner) / 16, 0);
    sum += value;
  }
  return below;
}
