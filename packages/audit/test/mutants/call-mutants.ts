/**
 * Planted bugs of calls: an attempt that is billed twice or not at all, a call that is sent twice, money that a crash frees.
 * @module
 */
import type { Mutant } from "./mutants.ts";

const CALLS = "engine/test/flows/calls.test.ts";
const EXPORTS = "engine/test/flows/usage-export.test.ts";
const FIRE = "audit/test/calls.test.ts";
const TABLE = "engine/test/ledger/call-table.test.ts";
const PAGES = "engine/test/ledger/open-table.test.ts";
const POLICIES = "engine/test/flows/call-policies.test.ts";

export const CALL_MUTANTS: readonly Mutant[] = [
  {
    name: "a line of a snapshot is stale: calls in it have had other attempts since",
    file: "engine/src/snapshot/value-lines.ts",
    find: " && value === rows[index]?.[1]",
    replace: "",
    test: TABLE,
  },
  {
    name: "a line of a snapshot is stale: the last calls in it are new",
    file: "engine/src/snapshot/value-lines.ts",
    find: "    before.length === rows.length &&\n",
    replace: "",
    test: TABLE,
  },
  {
    name: "a page of open reservations that is no longer young keeps no records",
    file: "engine/src/ledger/open-table.ts",
    find: "    keepRows(page, rowsIn(page.live));\n    this.#lines = undefined;\n",
    replace: "",
    test: PAGES,
  },
  {
    name: "a page of open reservations keeps more records than twice what is open in it",
    file: "engine/src/ledger/open-table.ts",
    find: "2 * page.count <= page.kept.rows.length",
    replace: "4 * page.count <= page.kept.rows.length",
    test: PAGES,
  },
  {
    name: "an attempt that ended keeps what it did not need",
    file: "engine/src/ledger/ledger.ts",
    find: "cost < part.reservedMicrocents ? cost : part.reservedMicrocents",
    replace: "part.reservedMicrocents",
    test: CALLS,
  },
  {
    name: "an attempt of which no cost is known holds nothing",
    file: "engine/src/ledger/call-table.ts",
    find: "      if (costMicrocents !== undefined) continue;\n",
    replace: "      continue;\n",
    test: CALLS,
  },
  {
    name: "a call that was interrupted stays open",
    file: "engine/src/engine.ts",
    find: "      await engine.calls.holdInterrupted();\n",
    replace: "",
    test: CALLS,
  },
  {
    name: "a repeated call is looked for before the first is on the disk",
    file: "engine/src/state/request-ids.ts",
    find: "    await whenDurable(sequence);\n",
    replace: "",
    test: CALLS,
  },
  {
    name: "a repeated call is not compared by its prompt",
    file: "engine/src/flows/calls.ts",
    find: " || entry.promptDigest !== promptDigest",
    replace: "",
    test: CALLS,
  },
  {
    name: "an attempt whose cost is not known is released",
    file: "engine/src/flows/call.ts",
    find: "this.#unknown.filter((number) => this.#attempts[number - 1]?.hasEnded)",
    replace: "this.#unknown.filter(() => false)",
    test: CALLS,
  },
  {
    name: "the ledger releases a call that may have cost something",
    file: "engine/src/ledger/refusals.ts",
    find: "?.hasCost === true",
    replace: "?.hasCost === undefined",
    test: CALLS,
  },
  {
    name: "an observed decision runs beyond governance",
    file: "engine/src/flows/call-plan.ts",
    find: '    if (breachOfDecision(this.#request, { action: "execute"',
    replace: '    if (breachOfDecision(this.#request, { action: "reject"',
    test: CALLS,
  },
  {
    name: "an output limit is lowered below the least",
    file: "engine/src/flows/call-bounds.ts",
    find: "  if (tokens < limits.min) return undefined;\n",
    replace: "",
    test: CALLS,
  },
  {
    name: "the audit bills an attempt beyond its reservation",
    file: "audit/src/attempt-check.ts",
    find: "cost < reservedMicrocents ? cost : reservedMicrocents",
    replace: "reservedMicrocents",
    test: FIRE,
  },
  {
    name: "the audit takes what is known for still reserved",
    file: "audit/src/attempts.ts",
    find: "    if (each.costMicrocents !== undefined) continue;\n",
    replace: "",
    test: FIRE,
  },
  {
    name: "a bill is spread beyond what is reserved",
    file: "engine/src/flows/usage-buckets.ts",
    find: "restMicrocents < reserved ? restMicrocents : reserved",
    replace: "restMicrocents",
    test: EXPORTS,
  },
  {
    name: "an attempt without a row costs nothing",
    file: "engine/src/flows/usage-export.ts",
    find: "    if (cost === undefined) return undefined;\n    total += cost;\n",
    replace: "    total += cost ?? 0n;\n",
    test: EXPORTS,
  },
  {
    name: "an export that is complete has what is still being billed at no cost",
    file: "engine/src/flows/usage-export.ts",
    find: " && !growing.has(decisionId)",
    replace: "",
    test: EXPORTS,
  },
  {
    name: "an export that is complete takes back what a provider has stated",
    file: "engine/src/flows/usage-export.ts",
    find: "total === undefined || total < knownMicrocents ? undefined : total",
    replace: "total",
    test: EXPORTS,
  },
  {
    name: "an export covers a call whose last attempt was begun after it",
    file: "engine/src/flows/export-coverage.ts",
    find: "covered.delete(data.of ?? 0)",
    replace: "covered.delete(0)",
    test: EXPORTS,
  },
  {
    name: "an export covers what was held of a decision that is no call",
    file: "engine/src/flows/export-coverage.ts",
    find: " && data.basis !== undefined",
    replace: "",
    test: EXPORTS,
  },
  {
    name: "a call is decided by another policy than the one that its bounds are of",
    file: "engine/src/flows/calls.ts",
    find: "if (given.value !== id) throw",
    replace: "if (given.value === 0) throw",
    test: POLICIES,
    title: "is refused, reserves nothing",
  },
  {
    name: "the policy of a call is looked at before its id, and no more",
    file: "engine/src/flows/calls.ts",
    find: "    this.#requirePolicy(call);\n",
    replace: "    if (call.requestId === undefined) this.#requirePolicy(call);\n",
    test: POLICIES,
    title: "came while the id of the call was looked up",
  },
  {
    name: "a call that met another policy is refused",
    file: "gateway/src/calls/begin-call.ts",
    find: "if (!isChanged || plans === PLANS_MAX) throw error;",
    replace: "if (isChanged || plans > 0) throw error;",
    test: "gateway/test/calls/changed-policy.test.ts",
    title: "a moment before",
  },
];
