/** Planted bugs of the parts that run in threads. @module */
import type { Mutant } from "./mutants.ts";
import { ROLLOUT_MUTANTS } from "./rollout-mutants.ts";

const PARTS = "audit/test/parts.test.ts";

export const PARTS_MUTANTS: readonly Mutant[] = [
  ...ROLLOUT_MUTANTS,
  {
    name: "a thread does not hash what it checks",
    file: "audit/src/parts.ts",
    find: "    if (!isKnown && this.#chain(line.previousHash, line.data) !== line.entryHash) return false;\n",
    replace: "",
    test: PARTS,
  },
  {
    name: "a thread keeps the policy of the batch that it checked last",
    file: "audit/src/parts.ts",
    find: "return line === undefined || this.#isGood(line, true);",
    replace: "return true;",
    test: PARTS,
  },
  {
    name: "the thread of the tree does not compare roots",
    file: "audit/src/parts.ts",
    find: "const isTrue = root === undefined || root === this.#tree.root;",
    replace: "const isTrue = true;",
    test: PARTS,
  },
];
