/** Planted bugs of learning by offsets: propensities, sums, beliefs, expectations. @module */
import type { Mutant } from "./mutants.ts";

const PROPENSITY = "kernel/test/offset-propensity.test.ts";
const TABLE = "kernel/test/normal-table.test.ts";
const OFFSETS = "engine/test/router/offsets.test.ts";
const SHIFTS = "engine/test/router/shifts.test.ts";
const ARITHMETIC = "audit/test/offset-arithmetic.test.ts";
const LIES = "audit/test/offset-lies.test.ts";
const SHAPES = "engine/test/router/text-shapes.test.ts";

export const OFFSET_MUTANTS: readonly Mutant[] = [
  {
    name: "a text of one line has none",
    file: "engine/src/router/text-shapes.ts",
    find: "logarithm((counts[LINE] as number) + 1)",
    replace: "logarithm(counts[LINE] as number)",
    test: SHAPES,
  },
  {
    name: "the shape of a text takes its score beyond its range",
    file: "engine/src/router/prior-text.ts",
    find: "return withinScore(wordsBps + scoreShapes(shapes, scratch.shapes));",
    replace: "return wordsBps + scoreShapes(shapes, scratch.shapes);",
    test: SHAPES,
  },
  {
    name: "the digest of a prior is silent about shapes",
    file: "audit/src/learning/prior-digest.ts",
    find: "...(text?.shapes === undefined ? [] : treeLists(text.shapes)),",
    replace: "",
    test: "audit/test/learning-arithmetic.test.ts",
  },
  {
    name: "the normal table is not corrected at its ends",
    file: "kernel/src/normal-table.ts",
    find: "times(square, slope) / 12n",
    replace: "times(square, slope) / 13n",
    test: TABLE,
  },
  {
    name: "what rounding leaves of the mixture is lost",
    file: "kernel/src/offset-propensity.ts",
    find: "    rest -= mixed;\n",
    replace: "",
    test: PROPENSITY,
  },
  {
    name: "exploration is at its full share everywhere",
    file: "kernel/src/offset-propensity.ts",
    find: "isBoundary ? explorationBps * BEYOND_BOUNDARY : explorationBps;",
    replace: "explorationBps * BEYOND_BOUNDARY;",
    test: PROPENSITY,
  },
  {
    name: "the deviation of one tier alone separates two tiers",
    file: "kernel/src/offset-propensity.ts",
    find: "Math.sqrt(one * one + other * other)",
    replace: "Math.sqrt(one * one + one * one)",
    test: PROPENSITY,
  },
  {
    name: "a cost beyond the value counts as the value",
    file: "kernel/src/offset-propensity.ts",
    find: "const COST_SHARE_MAX = 4 * BPS_MAX",
    replace: "const COST_SHARE_MAX = BPS_MAX",
    test: PROPENSITY,
  },
  {
    name: "only the tier that ran forgets",
    file: "engine/src/router/offsets.ts",
    find: "for (let at = from; at < from + TIER_COUNT_MAX; at++) sums[at] = kept(",
    replace: "for (let at = from + tier; at <= from + tier; at++) sums[at] = kept(",
    test: ARITHMETIC,
  },
  {
    name: "a regime's offset is not around that of all",
    file: "engine/src/router/offsets.ts",
    find: "own.means[tier] = count === 0 ? 0 : residual - (means[tier] as number);",
    replace: "own.means[tier] = count === 0 ? 0 : residual;",
    test: OFFSETS,
  },
  {
    name: "tiers have nothing in common",
    file: "engine/src/router/pooling.ts",
    find: "    weight += share;\n",
    replace: "    weight += 1_000 * share;\n",
    test: OFFSETS,
  },
  {
    name: "outcomes that contradict the prior change nothing",
    file: "engine/src/router/pooling.ts",
    find: "      if (excess <= 0) continue;\n",
    replace: "      if (excess <= 2 ** 53) continue;\n",
    test: OFFSETS,
  },
  {
    name: "a catalog's qualities are held to as if labels had shown them",
    file: "engine/src/router/offsets.ts",
    find: "const g = isHeld ? strengthOf(global, OWN_GLOBAL) : OWN_GLOBAL.least;",
    replace: "const g = strengthOf(global, OWN_GLOBAL);",
    test: OFFSETS,
  },
  {
    name: "a tier that does worse is no shift",
    file: "engine/src/router/shifts.ts",
    find: "const isShift = rise >= LIMIT || fall >= LIMIT;",
    replace: "const isShift = rise >= LIMIT;",
    test: SHIFTS,
  },
  {
    name: "every outcome above the usual one counts towards a shift",
    file: "engine/src/router/shifts.ts",
    find: "+ away - ALLOWANCE);\n    const fall",
    replace: "+ away);\n    const fall",
    test: SHIFTS,
  },
  {
    name: "a shift of one tier forgets them all",
    file: "engine/src/router/offsets.ts",
    find: "this.#sums[name][regime * TIER_COUNT_MAX + tier] = 0;\n    this.#changeAll();",
    replace: "this.#sums[name].fill(0);\n    this.#changeAll();",
    test: SHIFTS,
  },
  {
    name: "after a shift the prior is held to as before",
    file: "engine/src/router/offsets.ts",
    find: "const isHeld = hasPrior && !this.shifts.isDoubted;",
    replace: "const isHeld = hasPrior;",
    test: SHIFTS,
  },
  {
    name: "an audit looks for shifts around the mean of all regimes",
    file: "audit/src/learning/offset-trust.ts",
    find: "return floorOf(residuals * OBSERVATION + everywhere * USUAL, counts + USUAL);",
    replace: "return floorOf(everywhere * (counts + USUAL), counts + USUAL) + 0n * residuals;",
    test: ARITHMETIC,
  },
  {
    name: "a flat belief is of the offset",
    file: "engine/src/router/offsets.ts",
    find: "isFlat ? this.#flat(regime, tier) : this.#offset(tier)",
    replace: "this.#offset(tier)",
    test: OFFSETS,
  },
  {
    name: "the warm-up counts once in each regime",
    file: "engine/src/router/offsets.ts",
    find: "        sums[WARM_UP_REGIME * TIER_COUNT_MAX + tier] = 0;\n",
    replace: "",
    test: ARITHMETIC,
  },
  {
    name: "an audit believes a belief by offsets",
    file: "audit/src/learning/learning-check.ts",
    find: 'same("belief", fold.offsets.belief(regime, tiers, explorationBps, fold.hasPrior), found, report);',
    replace: "if (tiers.length === 0) report(String(regime), String(found), String(explorationBps));",
    test: LIES,
  },
];
