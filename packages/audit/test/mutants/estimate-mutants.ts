/** Planted bugs of off-policy estimates: weights, caps, mixtures, SLOPE, refusals. @module */
import { INTERVAL_MUTANTS } from "./interval-mutants.ts";
import type { Mutant } from "./mutants.ts";

const SRC = "estimate/src";
const DEFINITIONS = "estimate/test/definitions.property.test.ts";
const ENUMERATION = "estimate/test/enumeration.property.test.ts";
const UNBIASED = "estimate/test/unbiased.property.test.ts";
const REFUSALS = "estimate/test/refusals.test.ts";
const ROWS = "estimate/test/outcome-rows.test.ts";
const CALIBRATION = "estimate/test/calibration.test.ts";

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
  ...INTERVAL_MUTANTS,
  ...OF_SLOPE_AND_CALIBRATION,
  ...OF_REFUSALS,
];
