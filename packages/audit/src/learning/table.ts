/**
 * A sampling table, recomputed from its beliefs: the probability that each Beta belief has the largest draw, on a grid of
 * 1,025 cells, mixed with exploration. Floats may be rounded differently on other machines, so tables are compared within a
 * few units of 2^32. After the table, only integers are used.
 * @module
 */
import { type BetaBelief, BPS_MAX, PROPENSITY_ONE } from "@calybris/kernel";

const CELLS = 1_025;
const COUNT = 10_000;
/** Largest difference that rounding may cause, in units of 2^−32. */
const UNITS_MOST = 16;

/** Whether a table follows from its beliefs and the exploration. */
export function isTableOf({ alpha, beta, table }: BetaBelief, explorationBps: number): boolean {
  if (table.reduce((sum, value) => sum + value, 0) !== PROPENSITY_ONE) return false;
  const share = explorationBps / BPS_MAX;
  const probabilities = explorationBps === 0 ? bestMean(alpha, beta) : largestDraw(alpha, beta);
  return probabilities.every((probability, arm) => {
    const expected = ((1 - share) * probability + share / probabilities.length) * PROPENSITY_ONE;
    return Math.abs(expected - (table[arm] ?? 0)) <= UNITS_MOST;
  });
}

function bestMean(alpha: readonly number[], beta: readonly number[]): readonly number[] {
  const exceeds = (arm: number, other: number): boolean =>
    BigInt(alpha[arm] ?? 0) * BigInt((alpha[other] ?? 0) + (beta[other] ?? 0)) >
    BigInt(alpha[other] ?? 0) * BigInt((alpha[arm] ?? 0) + (beta[arm] ?? 0));
  const best = alpha.reduce((so, _, arm) => (exceeds(arm, so) ? arm : so), 0);
  return alpha.map((_, arm) => (arm === best ? 1 : 0));
}

function largestDraw(alphas: readonly number[], betas: readonly number[]): readonly number[] {
  if (alphas.length === 1) return [1];
  const arms = alphas.map((alpha, arm) => ({ a: alpha / COUNT, b: (betas[arm] ?? COUNT) / COUNT }));
  const spans = arms.map(({ a, b }) => {
    const mean = a / (a + b);
    const deviation = Math.sqrt((mean * (1 - mean)) / (a + b + 1));
    return { low: mean - 10 * deviation, high: mean + 10 * deviation };
  });
  const low = Math.max(Math.min(...spans.map((span) => span.low)), 0);
  const high = Math.min(Math.max(...spans.map((span) => span.high)), 1);
  const centres = Array.from({ length: CELLS }, (_, cell) => low + (cell + 0.5) * ((high - low) / CELLS));
  const masses = arms.map(({ a, b }) => {
    const logs = centres.map((t) => (a - 1) * Math.log(t) + (b - 1) * Math.log1p(-t));
    const most = logs.reduce((so, value) => Math.max(so, value), Number.NEGATIVE_INFINITY);
    const weights = logs.map((log) => Math.exp(log - most));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  });
  const belows = masses.map(belowOf);
  const wins = masses.map((mass, arm) =>
    mass.reduce((sum, value, cell) => {
      const others = belows.reduce(
        (product, below, other) => (other === arm ? product : product * (below[cell] ?? 0)),
        1,
      );
      return sum + value * others;
    }, 0),
  );
  const all = wins.reduce((sum, win) => sum + win, 0);
  return wins.map((win) => win / all);
}

/** The mass below each centre: the cells before it, half of its own cell, and a correction for the slope within the cell. */
function belowOf(mass: readonly number[]): readonly number[] {
  let before = 0;
  return mass.map((value, cell) => {
    const isEdge = cell === 0 || cell === CELLS - 1;
    const rise = (mass[Math.min(cell + 1, CELLS - 1)] ?? 0) - (mass[Math.max(cell - 1, 0)] ?? 0);
    const below = Math.max(before + value / 2 - (rise * (isEdge ? 2 : 1)) / 16, 0);
    before += value;
    return below;
  });
}
