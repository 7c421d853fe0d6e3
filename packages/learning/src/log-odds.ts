/**
 * Linear heads of log-odds by iterated ridges (Newton's method, as in McCullagh and Nelder, Generalized Linear Models,
 * 1989): the log-odds that premium gained, and those less the log-odds that it lost. The second is the difference of two
 * log-odds, each times p(1 − p) of its mean share p, so it is a linear head like the others. A line maps both onto gains.
 * @module
 */
import { fitRidge, fittedValues, type RidgeFit, type RidgePenalties, type RidgeRows } from "./ridge.ts";

/** Number of Newton steps. It is sufficient for moderate odds. */
const STEPS = 5;
/** Lower bound of a row's weight: a row with extreme odds carries little information. */
const WEIGHT_MIN = 0.01;
/** Each Newton step of a difference is solved only to this tolerance, because the next one starts from it. */
const NET_TOLERANCE = 0.01;

/** The log-odds that premium gained. */
export function fitNeeded(rows: RidgeRows, penalties: RidgePenalties): RidgeFit {
  const { fit, odds } = fitOdds(
    rows,
    rows.targets.map((target) => (target > 0 ? 1 : 0)),
    penalties,
  );
  return onGains(fit, odds, rows);
}

/** The log-odds that premium gained, less the log-odds that it lost. */
export function fitNet(rows: RidgeRows, penalties: RidgePenalties): RidgeFit {
  const [needed, harmed] = [1, -1].map((sign) => {
    const isOne = rows.targets.map((target) => (sign * target > 0 ? 1 : 0));
    const share = isOne.reduce((sum, each) => sum + each, 0) / Math.max(1, isOne.length);
    return { ...fitOdds(rows, isOne, penalties, NET_TOLERANCE), slope: share * (1 - share) };
  });
  if (needed === undefined || harmed === undefined) return fitRidge(rows, penalties);
  const less = (one: number, other: number): number => needed.slope * one - harmed.slope * other;
  const each = (one: Float64Array, other: Float64Array): Float64Array =>
    one.map((value, at) => less(value, other[at] ?? 0));
  const fit = {
    intercept: less(needed.fit.intercept, harmed.fit.intercept),
    dense: each(needed.fit.dense, harmed.fit.dense),
    categories: each(needed.fit.categories, harmed.fit.categories),
    text: each(needed.fit.text, harmed.fit.text),
    steps: each(needed.fit.steps, harmed.fit.steps),
  };
  return onGains(fit, each(needed.odds, harmed.odds), rows);
}

/** A fit of log-odds, and its value for each row. */
function fitOdds(
  base: RidgeRows,
  isOne: Float64Array,
  penalties: RidgePenalties,
  tolerance?: number,
): { readonly fit: RidgeFit; readonly odds: Float64Array } {
  let odds: Float64Array = new Float64Array(base.rowCount);
  let fit: RidgeFit | undefined;
  for (let step = 0; step < STEPS; step += 1) {
    const shares = odds.map((odd) => 1 / (1 + Math.exp(-odd)));
    const curvature = shares.map((share) => Math.max(WEIGHT_MIN, share * (1 - share)));
    const targets = odds.map((odd, at) => odd + ((isOne[at] ?? 0) - (shares[at] ?? 0)) / (curvature[at] ?? 1));
    const weights = curvature.map((weight, at) => weight * (base.weights?.[at] ?? 1));
    fit = fitRidge({ ...base, targets, weights }, quartered(penalties), tolerance, fit);
    odds = fittedValues(base, fit);
  }
  return { fit: fit ?? fitRidge(base, penalties), odds };
}

/** A row of log-odds has at most a quarter of the weight of a row of gains. */
function quartered({ dense, category, text, step = category }: RidgePenalties): RidgePenalties {
  return { dense: dense / 4, category: category / 4, text: text / 4, step: step / 4 };
}

function onGains(fit: RidgeFit, odds: Float64Array, { targets, weights }: RidgeRows): RidgeFit {
  const { slope, level } = lineThrough(odds, targets, weights);
  const scaled = (each: Float64Array): Float64Array => each.map((weight) => weight * slope);
  return {
    intercept: level + slope * fit.intercept,
    dense: scaled(fit.dense),
    categories: scaled(fit.categories),
    text: scaled(fit.text),
    steps: scaled(fit.steps),
  };
}

function lineThrough(
  values: Float64Array,
  targets: Float64Array,
  weights: Float64Array | undefined,
): { readonly slope: number; readonly level: number } {
  let [sum, x, y, xx, xy] = [0, 0, 0, 0, 0];
  for (let at = 0; at < values.length; at += 1) {
    const [weight, value, target] = [weights?.[at] ?? 1, values[at] ?? 0, targets[at] ?? 0];
    sum += weight;
    x += weight * value;
    y += weight * target;
    xx += weight * value * value;
    xy += weight * value * target;
  }
  const variance = xx * sum - x * x;
  const slope = sum === 0 || variance <= 1e-12 * sum * sum ? 0 : (xy * sum - x * y) / variance;
  return { slope, level: sum === 0 ? 0 : (y - slope * x) / sum };
}
