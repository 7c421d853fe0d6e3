/** Planted bugs of ranges, which are audited at the same time, and of the parts of a snapshot. @module */
import type { Mutant } from "./mutants.ts";
import { ESTIMATE_MUTANTS } from "./estimate-mutants.ts";
import { KEPT_REGRET_MUTANTS } from "./kept-regret-mutants.ts";
import { PROOF_MUTANTS } from "./proof-mutants.ts";
import { REGRET_MUTANTS } from "./regret-mutants.ts";
import { ROLLOUT_MUTANTS } from "./rollout-mutants.ts";
import { SNAPSHOT_MUTANTS } from "./snapshot-mutants.ts";

const RANGES = "audit/test/ranges.test.ts";

export const PARTS_MUTANTS: readonly Mutant[] = [
  ...ESTIMATE_MUTANTS,
  ...KEPT_REGRET_MUTANTS,
  ...PROOF_MUTANTS,
  ...REGRET_MUTANTS,
  ...ROLLOUT_MUTANTS,
  ...SNAPSHOT_MUTANTS,
  {
    name: "a range is not held to the state that the one before ends in",
    file: "audit/src/ranges.ts",
    find: " &&\n      range.carriedAtStart === before.carriedAtEnd\n",
    replace: "\n",
    test: RANGES,
  },
  {
    name: "a range need not continue the chain of the one before",
    file: "audit/src/ranges.ts",
    find: "      range.previousHash === before.last.hash &&\n",
    replace: "",
    test: RANGES,
  },
  {
    name: "a range may forget what was durable before it",
    file: "audit/src/ranges.ts",
    find: "      range.firstDurable >= before.durable &&\n",
    replace: "",
    test: RANGES,
  },
  {
    name: "outcomes of decisions in the range before are not compared",
    file: "audit/src/learning/learning-check.ts",
    find: "      else if (kept === undefined) isGood = false;\n",
    replace: "      else if (kept === undefined) continue;\n",
    test: RANGES,
  },
  {
    name: "an outcome of a decision in the range before may come twice",
    file: "audit/src/learning/learning-check.ts",
    find: "this.awaited.push({ sequence, outcome: found, context, keptSince: this.#kept.count });",
    replace: "this.unbound += 0;",
    test: RANGES,
  },
  {
    name: "what is carried leaves closed reservations out",
    file: "audit/src/carried-state.ts",
    find: "  for (const [of, claim] of money.claims.closed()) yield closedRow(of, claim);\n",
    replace: "",
    test: RANGES,
  },
  {
    name: "what is carried leaves the pockets of a reservation out",
    file: "audit/src/carried-state.ts",
    find: "  for (const pocket of pockets) text +=",
    replace: "  for (const pocket of pockets.slice(9)) text +=",
    test: RANGES,
  },
  {
    name: "what is carried leaves the prior out",
    file: "audit/src/learning/learning-fold.ts",
    find: "this.#prior, this.#scoredBy]",
    replace: "this.#prior]",
    test: RANGES,
  },
  {
    name: "what is carried leaves the recommendations that were lifted out",
    file: "audit/src/learning/learning-fold.ts",
    find: "this.#seen, lifted]",
    replace: "this.#seen]",
    test: RANGES,
  },
];
