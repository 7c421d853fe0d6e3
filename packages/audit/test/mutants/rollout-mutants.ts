/** Planted bugs of rollout: shadows, canaries, comparison and gates, and how the audit follows them. @module */
import type { Mutant } from "./mutants.ts";

const BOOK = "engine/src/state/policy-book.ts";
const COUNTS = "engine/src/state/shadow-counts.ts";
const COMPARISON = "engine/src/rollout/comparison.ts";
const FOLD = "audit/src/policies.ts";
const ROLLOUT_TEST = "cli/test/verify/rollout.test.ts";
const CANARY_TEST = "cli/test/verify/canary.test.ts";
const SNAPSHOT_TEST = "engine/test/state/rollout-snapshot.test.ts";
const GATES_TEST = "cli/test/verify/gates.test.ts";

export const ROLLOUT_MUTANTS: readonly Mutant[] = [
  {
    name: "a canary decides for tenants at and above its share",
    file: "kernel/src/canary.ts",
    find: "return point < shareBps;",
    replace: "return point >= shareBps;",
    test: CANARY_TEST,
  },
  {
    name: "every staging of a policy tries the same tenants",
    file: BOOK,
    find: "stagedAt: since }, tenant",
    replace: "stagedAt: 0 }, tenant",
    test: CANARY_TEST,
  },
  {
    name: "the points of tenants outlive the staging that they belong to",
    file: BOOK,
    find: "      this.#points.clear();\n    }\n    this.#staged",
    replace: "    }\n    this.#staged",
    test: CANARY_TEST,
  },
  {
    name: "the end of a staging leaves its canary",
    file: BOOK,
    find: "this.#canaryBps = policy === undefined ? 0 : canaryBps;",
    replace: "this.#canaryBps = canaryBps || this.#canaryBps;",
    test: CANARY_TEST,
  },
  {
    name: "a snapshot forgets the share of a canary",
    file: BOOK,
    find: 'members.has("canary") ? members.whole("canary") : 0;',
    replace: "0;",
    test: SNAPSHOT_TEST,
  },
  {
    name: "a canary activates the staged policy",
    file: "kernel/src/policy-entry.ts",
    find: '(entry.change !== "staged" && entry.change !== "canary")',
    replace: 'entry.change !== "staged"',
    test: CANARY_TEST,
  },
  {
    name: "a canary's request is resolved by the active policy's ids",
    file: "engine/src/flows/resolve-for.ts",
    find: "resolveRequest(deciding.index",
    replace: "resolveRequest(policies.active.index",
    test: CANARY_TEST,
  },
  {
    name: "a canary's decision does not name its policy",
    file: "engine/src/flows/decide.ts",
    find: "head.policyId = this.#canaryId;",
    replace: "head.policyId = undefined;",
    test: CANARY_TEST,
  },
  {
    name: "a canary begins the counts of the shadow anew",
    file: COUNTS,
    find: 'body.kind === "policy" && body.change !== "canary"',
    replace: 'body.kind === "policy"',
    test: SNAPSHOT_TEST,
  },
  {
    name: "a candidate of another id, and the same name, counts as another decision",
    file: COUNTS,
    find: "this.#stagedId(decision.selectedId) !== shadow.candidateId",
    replace: "decision.selectedId !== shadow.candidateId",
    test: GATES_TEST,
  },
  {
    name: "counts go on after a policy is staged",
    file: COUNTS,
    find: "    this.#all = none();\n    this.#others = none();\n    this.#regimes.clear();",
    replace: "    this.#regimes.clear();",
    test: GATES_TEST,
  },
  {
    name: "a promotion needs no decisions in shadow",
    file: COMPARISON,
    find: "this.#decisions >= decisionsMin;",
    replace: "this.#decisions >= 0;",
    test: GATES_TEST,
  },
  {
    name: "gate (a) is open however many actions differ",
    file: COMPARISON,
    find: "deltaBps <= actionDeltaMaxBps && isNoWorseAt",
    replace: "isNoWorseAt",
    test: GATES_TEST,
  },
  {
    name: "no worse is tested without its margin",
    file: COMPARISON,
    find: "margin: -margin });",
    replace: "margin: margin / 2 - 1 });",
    test: GATES_TEST,
  },
  {
    name: "an audit takes any policy that a decision names",
    file: FOLD,
    find: "entry.policyId === expected) return deciding;",
    replace: "true) return deciding;",
    test: CANARY_TEST,
  },
  {
    name: "an audit expects a shadow of the decisions of a canary",
    file: FOLD,
    find: "this.#staged === undefined || this.deciding(entry) === this.#staged;",
    replace: "this.#staged === undefined;",
    test: CANARY_TEST,
  },
  {
    name: "an audit does not decide a shadow again",
    file: FOLD,
    find: "if (action !== shadow.action || selectedId !== shadow.candidateId)",
    replace: "if (action !== shadow.action)",
    test: ROLLOUT_TEST,
  },
  {
    name: "an audit lets a policy be promoted that is not staged",
    file: FOLD,
    find: '!isNew && change !== "rolled-back" && policy !== this.#staged',
    replace: "policy === undefined",
    test: CANARY_TEST,
  },
  {
    name: "an audit lets a policy have a canary that learns otherwise",
    file: FOLD,
    find: "(entry.shareBps ?? 0) > 0 && !this.#sharesLearner(policy)",
    replace: "false",
    test: CANARY_TEST,
  },
];
