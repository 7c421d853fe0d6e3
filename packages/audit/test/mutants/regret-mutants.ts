/** Planted bugs of regret: the fold over a journal, its thread while serving, its report, and what `whatif` and `evolve` make of it. @module */
import type { Mutant } from "./mutants.ts";

const MEASURE = "engine/src/regret/measure.ts";
const SERVING = "engine/src/regret/engine-regret.ts";
const POLICIES = "engine/src/regret/measured-policies.ts";
const TIMES = "engine/src/regret/decision-times.ts";
const FOLD = "estimate/src/regret.ts";
const SERVING_TEST = "engine/test/regret/engine-regret.test.ts";
const TIMES_TEST = "engine/test/regret/decision-times.test.ts";
const REGRET_TEST = "cli/test/regret/regret.test.ts";
const TARGET_TEST = "cli/test/regret/target.test.ts";
const DRAWS = "engine/src/rollout/draw-counts.ts";
const DRAWS_TEST = "engine/test/rollout/draw-counts.test.ts";
const WHATIF = "cli/src/whatif/what-if.ts";
const WHATIF_TEST = "cli/test/whatif/whatif.test.ts";
const PROPOSAL = "cli/src/evolve/proposal.ts";
const EVOLVE_TEST = "cli/test/evolve/evolve.test.ts";
const VERDICTS_TEST = "cli/test/evolve/verdicts.test.ts";
const MEASURE_TEST = "engine/test/regret/measure.test.ts";

const OF_THE_FOLD: readonly Mutant[] = [
  {
    name: "late outcomes are in the estimates",
    file: MEASURE,
    find: "(outcome.treated === undefined || !isLate)",
    replace: "true",
    test: TARGET_TEST,
  },
  {
    name: "outcomes of answers that nobody used are in the estimates",
    file: MEASURE,
    find: 'outcome.disposition === "applied" && (',
    replace: "(",
    test: TARGET_TEST,
  },
  {
    name: "decisions without an outcome are not missing",
    file: MEASURE,
    find: "missing: this.#decisions - this.#canaryDecisions - this.#counted,",
    replace: "missing: 0,",
    test: SERVING_TEST,
  },
  {
    name: "a policy's holdout is not read",
    file: POLICIES,
    find: "holdoutBps: learning?.holdoutBps ?? 0,",
    replace: "holdoutBps: 0,",
    test: MEASURE_TEST,
  },
  {
    name: "every outcome is of one tenant",
    file: MEASURE,
    find: "const tenant = this.#tenants.get(outcome.of) ?? NO_TENANT;",
    replace: "const tenant = this.#tenants.get(outcome.of - 1) ?? NO_TENANT;",
    test: REGRET_TEST,
  },
  {
    name: "outcomes that do not count calibrate",
    file: MEASURE,
    find: "      this.#counted += 1;\n      this.#calibration.add(outcome);\n    }",
    replace: "      this.#counted += 1;\n    }\n    this.#calibration.add(outcome);",
    test: TARGET_TEST,
  },
  {
    name: "the best policy may be one that is refused",
    file: FOLD,
    find: ".filter(({ refusals }) => refusals.length === 0)",
    replace: ".filter(({ refusals }) => refusals.length >= 0)",
    test: "estimate/test/outcome-rows.test.ts",
  },
  {
    name: "the best policy is the one that appeared last",
    file: FOLD,
    find: "(drOf(other) > drOf(one) ? other : one)",
    replace: "other",
    test: REGRET_TEST,
  },
  {
    name: "regret is turned over",
    file: FOLD,
    find: "drOf(best) - this.#ran.mean",
    replace: "this.#ran.mean - drOf(best)",
    test: MEASURE_TEST,
  },
  {
    name: "the base policy is valued by the learner's probabilities",
    file: FOLD,
    find: "this.#base.add({ ...row.logged, target: row.base });",
    replace: "this.#base.add({ ...row.logged, target: row.learner });",
    test: TARGET_TEST,
  },
  {
    name: "an outcome of which the target's choice is unknown counts as one that it does not change",
    file: FOLD,
    find: "      this.#targetUnknown += 1;\n      return;\n",
    replace: "      return;\n",
    test: "estimate/test/outcome-rows.test.ts",
  },
];

const OF_SERVING: readonly Mutant[] = [
  {
    name: "lines are given to the thread twice",
    file: SERVING,
    find: "        this.#given = given;\n",
    replace: "        this.#given = Math.max(0, given - 1);\n",
    test: SERVING_TEST,
  },
  {
    name: "the time of a decision far back is the latest of its block",
    file: TIMES,
    find: "if (at < (this.#earliest[index] as number))",
    replace: "if (at > (this.#earliest[index] as number))",
    test: TIMES_TEST,
  },
  {
    name: "a sequence that was no decision has the time of the one before",
    file: TIMES,
    find: "return block.sequences[at] === sequence ?",
    replace: "return at >= 0 ?",
    test: TIMES_TEST,
  },
  {
    name: "no exact block is let go",
    file: TIMES,
    find: "const block = this.#exact[index - (this.#firsts.length - this.#exact.length)];",
    replace: "const block = this.#exact[index];",
    test: TIMES_TEST,
  },
];

const OF_OTHER_POLICIES: readonly Mutant[] = [
  {
    name: "a holdout is added to what is drawn",
    file: DRAWS,
    find: "(1 - holdoutShare) * (count / PROPENSITY_ONE)",
    replace: "count / PROPENSITY_ONE",
    test: DRAWS_TEST,
  },
  {
    name: "a base that is never drawn is left out",
    file: DRAWS,
    find: "{ ids: [...this.#ids, base], shares: [...shares, holdoutShare] }",
    replace: "{ ids: this.#ids, shares }",
    test: DRAWS_TEST,
  },
  {
    name: "two tiers of one candidate are two candidates",
    file: DRAWS,
    find: "const at = this.#ids.indexOf(id);\n    if (at === -1) {",
    replace: "const at: number = -1;\n    if (at === -1) {",
    test: DRAWS_TEST,
  },
  {
    name: "whatif does not translate candidates into those of the journal",
    file: WHATIF,
    find: "journalId: (candidate) => ids.get(candidate) ?? ELSEWHERE,",
    replace: "journalId: (candidate) => candidate,",
    test: WHATIF_TEST,
  },
  {
    name: "a proposal is valued on the half that chose it",
    file: "cli/src/evolve/evolve.ts",
    find: "if (isOfHalf(read, false)) value.add(read);",
    replace: "if (isOfHalf(read, true)) value.add(read);",
    test: EVOLVE_TEST,
  },
  {
    name: "a floor below the least is proposed",
    file: PROPOSAL,
    find: "floorBps: Math.max(floor, FLOOR_LEAST_BPS),",
    replace: "floorBps: floor - FLOOR_LEAST_BPS,",
    test: EVOLVE_TEST,
  },
  {
    name: "a proposal is promoted by its estimate alone",
    file: PROPOSAL,
    find: "success.interval !== null && success.interval.lower >= -margin",
    replace: "success.difference >= -margin",
    test: VERDICTS_TEST,
  },
  {
    name: "a proposal that serves less is not rejected",
    file: PROPOSAL,
    find: "if (all.newlyRejected > 0)",
    replace: "if (all.newlyRejected < 0)",
    test: VERDICTS_TEST,
  },
  {
    name: "a proposal is promoted for any saving",
    file: PROPOSAL,
    find: "const SAVED_SHARE_MIN = 0.05;",
    replace: "const SAVED_SHARE_MIN = -1;",
    test: VERDICTS_TEST,
  },
  {
    name: "the digest of a proposal does not cover the journal",
    file: PROPOSAL,
    find: "lastEntryHash: string,\n): Proposal {",
    replace: "_hash: string,\n): Proposal {\n  const lastEntryHash = 'same';",
    test: VERDICTS_TEST,
  },
];

export const REGRET_MUTANTS: readonly Mutant[] = [...OF_THE_FOLD, ...OF_SERVING, ...OF_OTHER_POLICIES];
