/** Planted bugs of off-policy estimates: weights, caps, mixtures, the constants of intervals, SLOPE, refusals. @module */
import type { Mutant } from "./mutants.ts";

const SRC = "estimate/src";
const DEFINITIONS = "estimate/test/definitions.property.test.ts";
const ENUMERATION = "estimate/test/enumeration.property.test.ts";
const UNBIASED = "estimate/test/unbiased.property.test.ts";
const REFUSALS = "estimate/test/refusals.test.ts";
const ROWS = "estimate/test/outcome-rows.test.ts";
const CALIBRATION = "estimate/test/calibration.test.ts";
const DIFFERENCE = "estimate/test/difference-interval.test.ts";

const OF_ESTIMATORS: readonly Mutant[] = [
  {
    name: "a weight is turned over: logged over target",
    file: `${SRC}/logged-row.ts`,
    find: "return target === 0 ? 0 : target / (row.logged[arm] ?? 0);",
    replace: "return target === 0 ? 0 : (row.logged[arm] ?? 0) / target;",
    test: UNBIASED,
  },
  {
    name: "a cap is a floor",
    file: `${SRC}/estimators.ts`,
    find: "const clipped = Math.min(weight, this.#cap);",
    replace: "const clipped = Math.max(weight, this.#cap);",
    test: ENUMERATION,
  },
  {
    name: "the default cap is 10",
    file: `${SRC}/estimators.ts`,
    find: "weightCap = 20, switchAbove",
    replace: "weightCap = 10, switchAbove",
    test: DEFINITIONS,
  },
  {
    name: "IPS is capped like the capped one",
    file: `${SRC}/estimators.ts`,
    find: "this.#ips.add(weight * reward);",
    replace: "this.#ips.add(clipped * reward);",
    test: ENUMERATION,
  },
  {
    name: "the model is weighted by what was logged",
    file: `${SRC}/estimators.ts`,
    find: "row.target.reduce((sum, share, arm) => sum + share * (row.predicted[arm] ?? 0), 0)",
    replace: "row.logged.reduce<number>((sum, share, arm) => sum + (share ?? 0) * (row.predicted[arm] ?? 0), 0)",
    test: ENUMERATION,
  },
  {
    name: "DR corrects by the reward, not by what is left of it",
    file: `${SRC}/estimators.ts`,
    find: "this.#dr.add(byModel + weight * rest);",
    replace: "this.#dr.add(byModel + weight * reward);",
    test: ENUMERATION,
  },
  {
    name: "Switch-DR keeps the weights above its threshold",
    file: `${SRC}/estimators.ts`,
    find: "(weight <= this.#switchAbove ? weight * rest : 0)",
    replace: "(weight >= this.#switchAbove ? weight * rest : 0)",
    test: ENUMERATION,
  },
  {
    name: "Switch-DR caps instead of switching",
    file: `${SRC}/estimators.ts`,
    find: "(weight <= this.#switchAbove ? weight * rest : 0)",
    replace: "Math.min(weight, this.#switchAbove) * rest",
    test: ENUMERATION,
  },
  {
    name: "shrinkage does not square the weight",
    file: `${SRC}/slope-fold.ts`,
    find: "(weight ** 2 + shrinkage)",
    replace: "(weight + shrinkage)",
    test: ENUMERATION,
  },
  {
    name: "SNIPS is divided by the number of rows",
    file: `${SRC}/estimators.ts`,
    find: "const snips = this.#rewards / this.#weights;",
    replace: "const snips = this.#rewards / this.#ips.count;",
    test: ENUMERATION,
  },
  {
    name: "SNDR is not normalised by its weights",
    file: `${SRC}/estimators.ts`,
    find: "sndr: this.#dm.mean + this.#corrections / this.#weights,",
    replace: "sndr: this.#dm.mean + this.#corrections / this.#ips.count,",
    test: ENUMERATION,
  },
  {
    name: "missing outcomes count as 0 in both bounds",
    file: `${SRC}/estimators.ts`,
    find: "(row.reward ?? 1)",
    replace: "(row.reward ?? 0)",
    test: UNBIASED,
  },
  {
    name: "effective rows count weights, not their squares",
    file: `${SRC}/support.ts`,
    find: "this.#squares += weight ** 2;",
    replace: "this.#squares += weight;",
    test: DEFINITIONS,
  },
  {
    name: "the mass that a cap cuts is the mass of the rows that it cuts",
    file: `${SRC}/support.ts`,
    find: "this.#weightAbove += weight - this.#cap;",
    replace: "this.#weightAbove += weight;",
    test: DEFINITIONS,
  },
  {
    name: "an arm that was never logged is not counted where the target wants it",
    file: `${SRC}/support.ts`,
    find: "if (share > 0 && row.logged[arm] === 0) unlogged += share;",
    replace: "if (share > 0.9 && row.logged[arm] === 0) unlogged += share;",
    test: DEFINITIONS,
  },
];

const OF_ROWS: readonly Mutant[] = [
  {
    name: "the logged probability is the learner's alone",
    file: `${SRC}/outcome-rows.ts`,
    find: "holdout * (ofBase[arm] ?? 0) + (1 - holdout) * share",
    replace: "share",
    test: ROWS,
  },
  {
    name: "a mixture forgets to take the holdout from the learner",
    file: `${SRC}/outcome-rows.ts`,
    find: "+ (1 - holdout) * share",
    replace: "+ share",
    test: ROWS,
  },
  {
    name: "a decision that was only observed is taken for the learner's",
    file: `${SRC}/outcome-rows.ts`,
    find: "  if (outcome.holdout !== true && (outcome.propensity ?? PROPENSITY_ONE) !== drawn) return undefined;\n",
    replace: "",
    test: ROWS,
  },
  {
    name: "a target's candidate that never ran is dropped",
    file: `${SRC}/outcome-rows.ts`,
    find: "else if (share > 0) {",
    replace: "else if (share > 1) {",
    test: ROWS,
  },
  {
    name: "two shares of one candidate are not summed",
    file: `${SRC}/outcome-rows.ts`,
    find: "target[arm] = (target[arm] ?? 0) + share;",
    replace: "target[arm] = share;",
    test: ROWS,
  },
];

const OF_INTERVALS: readonly Mutant[] = [
  {
    name: "the weight of the arm that ran cuts every prediction",
    file: `${SRC}/pseudo-reward.ts`,
    find: "k / weightOf(row, arm));",
    replace: "k / weightOf(row, row.chosen));",
    test: UNBIASED,
  },
  {
    name: "the upper side is not mirrored in its predictions",
    file: `${SRC}/pseudo-reward.ts`,
    find: "Math.min(facing(row.predicted[arm] ?? 0),",
    replace: "Math.min(row.predicted[arm] ?? 0,",
    test: DEFINITIONS,
    title: "upper side",
  },
  {
    name: "bets may take more than half of the wealth",
    file: `${SRC}/betting-bound.ts`,
    find: "const BET_SHARE_MAX = 0.5;",
    replace: "const BET_SHARE_MAX = 0.75;",
    test: DEFINITIONS,
  },
  {
    name: "a bet looks at the number that it bets on",
    file: `${SRC}/betting-bound.ts`,
    find: "    const scale = this.#scale.next();\n    this.#scale.add(value);\n",
    replace: "    this.#scale.add(value);\n    const scale = this.#scale.next();\n",
    test: DEFINITIONS,
  },
  {
    name: "the running bound is the one of now",
    file: `${SRC}/betting-bound.ts`,
    find: "this.#best = Math.max(this.#best, this.#lastRefuted(this.#best + 1));",
    replace: "this.#best = this.#lastRefuted(0);",
    test: DEFINITIONS,
  },
  {
    name: "a wealth that leaves its range is forgotten",
    file: `${SRC}/betting-bound.ts`,
    find: "(this.#logWealth[cell] ?? 0) + Math.log(wealth);",
    replace: "(this.#logWealth[cell] ?? 0);",
    test: DEFINITIONS,
  },
  {
    name: "the grid has no values between the thousandths",
    file: `${SRC}/betting-bound.ts`,
    find: "...small, ...small.map((value) => 1 - value)",
    replace: "...small.filter(() => false)",
    test: DEFINITIONS,
  },
  {
    name: "the grid is ten times as coarse",
    file: `${SRC}/betting-bound.ts`,
    find: "const CELLS = 1_000;",
    replace: "const CELLS = 100;",
    test: DEFINITIONS,
  },
  {
    name: "the prior variance of a bet is 1",
    file: `${SRC}/betting-scale.ts`,
    find: "const PRIOR_VARIANCE = 0.25;",
    replace: "const PRIOR_VARIANCE = 1;",
    test: DEFINITIONS,
  },
  {
    name: "a difference is expected to be one half",
    file: `${SRC}/difference-test.ts`,
    find: "const PRIOR_MEAN = 0;",
    replace: "const PRIOR_MEAN = 0.5;",
    test: DEFINITIONS,
  },
  {
    name: "the predicted number of a scaled bound is not cut at 1/(1 + k)",
    file: `${SRC}/bernstein-bound.ts`,
    find: "Math.min((PRIOR_MEAN / (1 + this.k) + this.sum) / (this.count + 1), 1 / (1 + this.k));",
    replace: "(PRIOR_MEAN / (1 + this.k) + this.sum) / (this.count + 1);",
    test: DEFINITIONS,
  },
  {
    name: "an empirical Bernstein bet may be 0.9",
    file: `${SRC}/bernstein-bound.ts`,
    find: "const BET_MAX = 0.5;",
    replace: "const BET_MAX = 0.9;",
    test: DEFINITIONS,
  },
  {
    name: "the mixture of a drifting bound has thirty bets",
    file: `${SRC}/bernstein-bound.ts`,
    find: "{ length: 40 }",
    replace: "{ length: 30 }",
    test: DEFINITIONS,
  },
  {
    name: "the penalty of a bet forgets the bet itself",
    file: `${SRC}/bernstein-bound.ts`,
    find: "return -Math.log1p(-bet) - bet;",
    replace: "return -Math.log1p(-bet);",
    test: DEFINITIONS,
  },
  {
    name: "each side of an interval spends the whole of alpha",
    file: `${SRC}/value-interval.ts`,
    find: "this.#lower = new Side(k, alpha / 2);",
    replace: "this.#lower = new Side(k, alpha);",
    test: DEFINITIONS,
    title: "half of alpha",
  },
  {
    name: "k follows the whole of the largest weight",
    file: `${SRC}/value-interval.ts`,
    find: "return weight / 2;",
    replace: "return weight;",
    test: DEFINITIONS,
  },
  {
    name: "the rows that fixed k are in the interval",
    file: `${SRC}/watched-value.ts`,
    find: "      this.#pilot(row);\n      return;\n",
    replace: "      this.#pilot(row);\n",
    test: DEFINITIONS,
  },
  {
    name: "k follows the weights of the arms that ran",
    file: `${SRC}/watched-value.ts`,
    find: "for (const arm of row.target.keys()) {",
    replace: "for (const arm of [row.chosen]) {",
    test: DEFINITIONS,
  },
  {
    name: "an untried arm of a comparison is worth what is predicted",
    file: `${SRC}/difference-test.ts`,
    find: "if (share > 0) return Math.min(predicted, (k * logged) / share);",
    replace: "if (share > 0) return logged === 0 ? predicted : Math.min(predicted, (k * logged) / share);",
    test: DIFFERENCE,
  },
  {
    name: "a comparison's bet does not shrink with its margin",
    file: `${SRC}/difference-test.ts`,
    find: "0.5 / (this.#k + 1 + this.#margin)",
    replace: "0.5 / (this.#k + 1)",
    test: DEFINITIONS,
  },
  {
    name: "a comparison that passed may fail again",
    file: `${SRC}/difference-test.ts`,
    find: "if (this.#logWealth >= this.#logTarget) this.#passedAt ??= this.#mean.count;",
    replace: "this.#passedAt = this.#logWealth >= this.#logTarget ? this.#mean.count : undefined;",
    test: DEFINITIONS,
  },
  {
    name: "the upper side of a difference is not mirrored",
    file: `${SRC}/difference-interval.ts`,
    find: "differenceOf(row, this.#k, -1)",
    replace: "differenceOf(row, this.#k)",
    test: DIFFERENCE,
  },
];

const OF_SLOPE_AND_CALIBRATION: readonly Mutant[] = [
  {
    name: "SLOPE widens no interval",
    file: `${SRC}/slope.ts`,
    find: "(Math.sqrt(6) - 1)",
    replace: "1",
    test: DEFINITIONS,
  },
  {
    name: "SLOPE compares with the estimate before alone",
    file: `${SRC}/slope.ts`,
    find: ".slice(0, index)",
    replace: ".slice(index - 1, index)",
    test: DEFINITIONS,
  },
  {
    name: "SLOPE goes on after an estimate that disagrees",
    file: `${SRC}/slope.ts`,
    find: "if (!agrees) break;",
    replace: "if (!agrees) continue;",
    test: DEFINITIONS,
  },
  {
    name: "the calibration check does not share its error among cells",
    file: `${SRC}/calibration.ts`,
    find: "alpha / (2 * REGIMES * TIER_COUNT_MAX)",
    replace: "alpha * 8",
    test: CALIBRATION,
  },
  {
    name: "the calibration check takes the first prediction for that of what ran",
    file: `${SRC}/calibration.ts`,
    find: "treated?.find(({ candidateId }) => candidateId === candidate)?.predictedBps",
    replace: "treated?.[0]?.predictedBps",
    test: CALIBRATION,
  },
  {
    name: "a bias within the tolerance is a warning",
    file: `${SRC}/calibration.ts`,
    find: "biasLower > this.#tolerance",
    replace: "biasLower > 0",
    test: CALIBRATION,
  },
];

const OF_REFUSALS: readonly Mutant[] = [
  {
    name: "a target on arms that were never logged is estimated",
    file: `${SRC}/refusals.ts`,
    find: "const UNLOGGED_SHARE_MAX = 0.01;",
    replace: "const UNLOGGED_SHARE_MAX = 1;",
    test: REFUSALS,
  },
  {
    name: "one effective row is enough",
    file: `${SRC}/refusals.ts`,
    find: "const EFFECTIVE_ROWS_MIN = 10;",
    replace: "const EFFECTIVE_ROWS_MIN = 1;",
    test: REFUSALS,
  },
  {
    name: "an empty interval is no contradiction",
    file: `${SRC}/refusals.ts`,
    find: "interval?.isEmpty === true || (",
    replace: "(",
    test: REFUSALS,
  },
  {
    name: "a log without an outcome is estimated",
    file: `${SRC}/refusals.ts`,
    find: "  if (known === 0) return [",
    replace: "  if (known < 0) return [",
    test: REFUSALS,
  },
  {
    name: "weights may average anything",
    file: `${SRC}/refusals.ts`,
    find: "const WEIGHT_ERRORS_MAX = 6;",
    replace: "const WEIGHT_ERRORS_MAX = 600;",
    test: REFUSALS,
  },
  {
    name: "an arm that ran with probability 0 is accepted",
    file: `${SRC}/logged-row.ts`,
    find: "if (ofChosen === undefined || ofChosen === 0)",
    replace: "if (ofChosen === undefined)",
    test: REFUSALS,
  },
  {
    name: "shares that sum to anything are accepted",
    file: `${SRC}/logged-row.ts`,
    find: "const SUM_TOLERANCE = 2e-3;",
    replace: "const SUM_TOLERANCE = 2;",
    test: REFUSALS,
  },
];

export const ESTIMATE_MUTANTS: readonly Mutant[] = [
  ...OF_ESTIMATORS,
  ...OF_ROWS,
  ...OF_INTERVALS,
  ...OF_SLOPE_AND_CALIBRATION,
  ...OF_REFUSALS,
];
