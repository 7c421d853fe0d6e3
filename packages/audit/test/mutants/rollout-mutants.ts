/** Planted bugs of rollout: shadows, canaries, comparison and gates, and how the audit follows them. @module */
import type { Mutant } from "./mutants.ts";

const BOOK = "engine/src/state/policy-book.ts";
const COUNTS = "engine/src/state/shadow-counts.ts";
const COMPARISON = "engine/src/rollout/comparison.ts";
const FOLD = "audit/src/policies.ts";
const ROLLOUT_TEST = "cli/test/verify/rollout.test.ts";
const CANARY_TEST = "cli/test/verify/canary.test.ts";
const SNAPSHOT_TEST = "engine/test/state/rollout-snapshot.test.ts";
const SIGNED = "kernel/src/proof/change-signature.ts";
const ALLOWED = "engine/src/rollout/change-authorization.ts";
const SIGNED_TEST = "cli/test/verify/signed-changes.test.ts";
const GATES_TEST = "cli/test/verify/gates.test.ts";
const EXAMPLES = "engine/src/rollout/mismatch-examples.ts";
const WATCH_TEST = "gateway/test/watch/rollout-watch.test.ts";
const SIGN_TEST = "cli/test/policy/sign.test.ts";

/** Of signers, of gates as they are shipped, and of examples. */
const OF_OPERATION: readonly Mutant[] = [
  {
    name: "signers that are configured do not require a signature",
    file: ALLOWED,
    find: "    if (given === undefined)\n      throw",
    replace: "    if (given === undefined) return {};\n    if (given === null)\n      throw",
    test: SIGN_TEST,
  },
  {
    name: "a signature is taken where nobody can verify it",
    file: ALLOWED,
    find: '      if (given !== undefined) throw new EngineError("CAL_ROLLOUT_SIGNERS_NONE", { signer: given.signer });\n',
    replace: "",
    test: SIGN_TEST,
  },
  {
    name: "a signer that nobody knows is taken for one",
    file: ALLOWED,
    find: '        throw new EngineError("CAL_ROLLOUT_SIGNER_UNKNOWN", { policyId, signer });',
    replace: "        return { signature };",
    test: SIGN_TEST,
  },
  {
    name: "a key that has ended signs",
    file: ALLOWED,
    find: '        throw invalid("is by a key that is not valid at its date and now");',
    replace: "        return { signature };",
    test: SIGN_TEST,
  },
  {
    name: "a reload of the signers keeps the old ones",
    file: ALLOWED,
    find: "      signers: [...signers],",
    replace: "      signers: [...(this.#keys?.signers ?? []), ...signers],",
    test: SIGN_TEST,
  },
  {
    name: "a policy whose gate was passed is activated, staged or not by then",
    file: "engine/src/flows/rollout.ts",
    find: "await this.#requireGates(active, staged, gates);\n    return policies.promote(policyId,",
    replace:
      "await this.#requireGates(active, staged, gates);\n    if (staged?.id === policyId) return policies.rollBack(policyId, callerOf(), signature);\n    return policies.promote(policyId,",
    test: "gateway/test/decisions/operator-races.test.ts",
    title: "promote and",
  },
  {
    name: "ten decisions in shadow are enough",
    file: COMPARISON,
    find: "decisionsMin: 1_000, actionDeltaMaxBps",
    replace: "decisionsMin: 10, actionDeltaMaxBps",
    test: GATES_TEST,
  },
  {
    name: "a twentieth of the actions more may differ",
    file: COMPARISON,
    find: "actionDeltaMaxBps: 500, margin",
    replace: "actionDeltaMaxBps: 1_000, margin",
    test: GATES_TEST,
  },
  {
    name: "the margin of a promotion is ten times as wide",
    file: COMPARISON,
    find: "margin: 0.01, alpha: 0.05 });",
    replace: "margin: 0.1, alpha: 0.05 });",
    test: GATES_TEST,
  },
  {
    name: "gate (b) opens for what is no worse",
    file: COMPARISON,
    find: "this.#better = new DifferenceTest({ alpha, k, margin });",
    replace: "this.#better = new DifferenceTest({ alpha, k, margin: -margin });",
    test: GATES_TEST,
  },
  {
    name: "a difference in the wrong measure opens the gates",
    file: COMPARISON,
    find: "this.#noWorse.add(row.reward);",
    replace: "this.#noWorse.add(row.success);",
    test: GATES_TEST,
  },
  {
    name: "k of a comparison does not follow the exploration",
    file: COMPARISON,
    find: "Math.min(WEIGHT_MAX, tiers.length / exploration)",
    replace: "1",
    test: GATES_TEST,
  },
  {
    name: "examples of one tenant take the place of all others",
    file: EXAMPLES,
    find: "const SEQUENCES_MAX = 3;",
    replace: "const SEQUENCES_MAX = 30;",
    test: WATCH_TEST,
  },
  {
    name: "there are as many examples as mismatches",
    file: EXAMPLES,
    find: "this.#examples.length >= EXAMPLES_MAX",
    replace: "this.#examples.length < 0",
    test: WATCH_TEST,
  },
  {
    name: "an example names the candidate of the staged policy twice",
    file: EXAMPLES,
    find: 'this.#nameOf("active", decision.selectedId)',
    replace: 'this.#nameOf("staged", shadow.candidateId)',
    test: WATCH_TEST,
  },
];

/** Of signed changes. */
const OF_SIGNATURES: readonly Mutant[] = [
  {
    name: "a signature of a change does not cover the change that it follows",
    file: SIGNED,
    find: ".u64(BigInt(follows))",
    replace: ".u64(1n)",
    test: SIGNED_TEST,
  },
  {
    name: "a signature of a change does not cover the action",
    file: SIGNED,
    find: ".u8(ACTIONS[change.change])",
    replace: ".u8(1)",
    test: SIGNED_TEST,
  },
  {
    name: "a signature of a change does not cover the digest of the policy",
    file: SIGNED,
    find: ".raw(digestOf(policyDigest))",
    replace: ".raw(digestOf(genesisHash))",
    test: SIGNED_TEST,
  },
  {
    name: "a signature of a change does not cover the policy's ID",
    file: SIGNED,
    find: ".u32(policyId)",
    replace: ".u32(1)",
    test: SIGNED_TEST,
  },
  {
    name: "a signature of a canary does not cover its share",
    file: SIGNED,
    find: ".u16(shareBps)",
    replace: ".u16(0)",
    test: SIGNED_TEST,
  },
  {
    name: "a signature of a change is good in any journal",
    file: SIGNED,
    find: ".raw(digestOf(genesisHash))",
    replace: ".raw(digestOf(policyDigest))",
    test: SIGNED_TEST,
  },
  {
    name: "a key may sign changes after its end",
    file: SIGNED,
    find: "isValidAt(key, signedAtMs) && isValidAt(key, atMs)",
    replace: "isValidAt(key, atMs)",
    test: "kernel/test/proof/change-signature.test.ts",
  },
  {
    name: "a change may be backdated with a key that has ended",
    file: SIGNED,
    find: "isValidAt(key, signedAtMs) && isValidAt(key, atMs)",
    replace: "isValidAt(key, signedAtMs)",
    test: "kernel/test/proof/change-signature.test.ts",
  },
  {
    name: "the engine does not compare what a signature follows",
    file: ALLOWED,
    find: "if (given.follows !== follows)",
    replace: "if (given.follows > follows)",
    test: SIGNED_TEST,
  },
  {
    name: "the engine lets a change pass whose signature is wrong",
    file: ALLOWED,
    find: 'throw invalid("is not of this change")',
    replace: "return { signature }",
    test: SIGNED_TEST,
  },
  {
    name: "a rollback needs no signature",
    file: "engine/src/flows/policies.ts",
    find: "const signed = this.#allow({ change, policyId, policyDigest: digest, shareBps: 0 }, signature);",
    replace:
      'const signed = change === "promoted" ? this.#allow({ change, policyId, policyDigest: digest, shareBps: 0 }, signature) : {};',
    test: SIGNED_TEST,
  },
  {
    name: "the last change of policy is the last activation",
    file: BOOK,
    find: "this.activation.sequence, this.#staged?.since ?? 0",
    replace: "this.activation.sequence",
    test: SIGNED_TEST,
  },
  {
    name: "the audit does not report a signature of another change",
    file: "audit/src/change-check.ts",
    find: "if (fault !== undefined)",
    replace: 'if (fault !== undefined && fault !== "value")',
    test: SIGNED_TEST,
  },
  {
    name: "the audit takes a canary for no change of policy",
    file: FOLD,
    find: "    this.#lastChange = sequence;\n",
    replace: '    if (change !== "canary") this.#lastChange = sequence;\n',
    test: SIGNED_TEST,
  },
];

export const ROLLOUT_MUTANTS: readonly Mutant[] = [
  ...OF_SIGNATURES,
  ...OF_OPERATION,
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
