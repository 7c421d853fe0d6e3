/** Planted bugs of the state snapshot as the audit makes it again: one in each part. @module */
import type { Mutant } from "./mutants.ts";

const TEST = "audit/test/snapshot-digest.test.ts";
const EVERY_PART = "the digest of every snapshot";
const FOLD = "audit/src/snapshot-fold.ts";
const MONEY = "audit/src/money-part.ts";
const POLICIES = "audit/src/policies-part.ts";
const OUTCOMES = "audit/src/outcomes-part.ts";

interface PartBug {
  readonly part: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly title?: string;
}

const BUGS: readonly PartBug[] = [
  { part: "head: never sealed", file: FOLD, find: "sealed: this.#isSealed }", replace: "sealed: false }" },
  { part: "tenants: open reservations", file: MONEY, find: "[endedCount, openCount]", replace: "[endedCount, 0]" },
  { part: "grants: the amount", file: MONEY, find: "amount: amountMicrocents }", replace: "amount: 0n }" },
  {
    part: "live, open and held: left out",
    file: "audit/src/money.ts",
    find: "    yield* this.open.digests(sha256);\n",
    replace: "",
  },
  {
    part: "calls: periods that had ended",
    file: MONEY,
    find: "attempts.map(({ endedCounts }) => endedCounts)",
    replace: "attempts.map(() => [])",
  },
  {
    part: "closed: a corrected one stands twice",
    file: "audit/src/latest-records.ts",
    find: "    if (this.#numbers[before] !== FREE) this.#erase(before);\n",
    replace: "    if (this.#numbers[before] !== FREE) this.#free(before);\n",
  },
  {
    part: "policy: the entry that brought it",
    file: POLICIES,
    find: "since: sequence, isFrom",
    replace: "since: 1, isFrom",
  },
  {
    part: "rollout: left out",
    file: POLICIES,
    find: '    if (change !== "promoted" || entry.snapshot === undefined) this.#hasRollout = true;\n',
    replace: "",
  },
  {
    part: "rollout: a canary is left out",
    file: POLICIES,
    find: "staged: this.#staged, ...this.#canary }",
    replace: "staged: this.#staged }",
  },
  {
    part: "shadow: what a canary decided",
    file: "audit/src/shadow-part.ts",
    find: "if (policyId !== undefined) this.#canaryDecisions += 1;",
    replace: "if (policyId === undefined) this.#canaryDecisions += 0;",
  },
  {
    part: "shadow: counts outlive the staging",
    file: FOLD,
    find: 'body.change !== "canary") this.#shadow.begin();',
    replace: 'body.change === "canary") this.#shadow.begin();',
  },
  {
    part: "keys: the terms of one that a command made",
    file: POLICIES,
    find: 'entry.change === "created" ? { terms: [keyTerms(entry)] } : {}',
    replace: "{}",
  },
  {
    part: "prior: it outlives its features",
    file: "audit/src/learning/learning-fold.ts",
    find: "    this.priorJson = undefined;\n",
    replace: "",
  },
  {
    part: "learning: changes of beliefs by regimes",
    file: "audit/src/learning/trust.ts",
    find: "    this.#changed(regime, regime + 1);\n",
    replace: "",
  },
  {
    part: "learning: changes of beliefs by offsets",
    file: "audit/src/learning/offset-trust.ts",
    find: "    this.changes[regime] = (this.changes[regime] ?? 0) + 1;\n    const cell",
    replace: "    const cell",
  },
  {
    part: "reported: the next decision",
    file: OUTCOMES,
    find: "| (1 << (bit & 7));",
    replace: "| (2 << (bit & 7));",
  },
  {
    part: "outcomes: whose cost it is",
    file: OUTCOMES,
    find: "closedCost === undefined ? NONE : OF_THE_RESERVATION",
    replace: "NONE",
  },
  {
    part: "requests: a tenant that was not named",
    file: "audit/src/requests-part.ts",
    find: 'tenant === undefined || defaulted.includes("tenant") ? "" : tenant',
    replace: 'tenant ?? ""',
  },
  {
    part: "checkpoint: the first for the newest",
    file: FOLD,
    find: "this.#checkpoint = checkpointLine(sequence, at, body);",
    replace: "this.#checkpoint ??= checkpointLine(sequence, at, body);",
  },
  {
    part: "whole: nothing is compared",
    file: "audit/src/content.ts",
    find: 'if (found !== digest) report("snapshot", `a snap',
    replace: 'if (found === "") report("snapshot", `a snap',
    title: "another digest of a snapshot",
  },
  {
    part: "head: a snapshot behind a seal goes on without",
    file: FOLD,
    find: "    this.#isSealed = sealed;\n",
    replace: "",
    title: "behind a snapshot",
  },
];

export const SNAPSHOT_MUTANTS: readonly Mutant[] = BUGS.map(({ part, title = EVERY_PART, ...bug }) => ({
  name: `in a snapshot, ${part}`,
  test: TEST,
  title,
  ...bug,
}));
