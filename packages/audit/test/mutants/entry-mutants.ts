/**
 * Planted bugs of field tables, of what an outcome repeats of its decision, and of repeated commands.
 * @module
 */
import type { Mutant } from "./mutants.ts";
import { OLDER_MUTANTS } from "./older-mutants.ts";

const ALTERNATIVES = "engine/src/flows/alternatives.ts";
const ALTERNATIVES_TEST = "engine/test/flows/outcome-alternatives.test.ts";
const VECTORS_TEST = "kernel/test/entry-vectors.test.ts";

export const ENTRY_MUTANTS: readonly Mutant[] = [
  {
    name: "a value that is left out may be written out",
    file: "kernel/src/outcome-entry.ts",
    find: "standard: PROPENSITY_ONE,",
    replace: "",
    test: VECTORS_TEST,
  },
  {
    name: "an unknown member of an object is dropped",
    file: "kernel/src/entry-table.ts",
    find: "      refuseUnknown(members, fields, `${key}.`);\n",
    replace: "",
    test: VECTORS_TEST,
  },
  {
    name: "a distribution need not sum to one",
    file: "kernel/src/outcome-entry.ts",
    find: "=== PROPENSITY_ONE\n",
    replace: "<= 2 * PROPENSITY_ONE\n",
    test: VECTORS_TEST,
  },
  {
    name: "two tiers that lead to one candidate do not share its probability",
    file: ALTERNATIVES,
    find: "propensity: before + propensity,",
    replace: "propensity: Math.max(before, propensity),",
    test: ALTERNATIVES_TEST,
  },
  {
    name: "the base of an outcome is what ran",
    file: ALTERNATIVES,
    find: "return { baseId: base.selectedId, treated };",
    replace: "return { baseId: decision.selectedId, treated };",
    test: ALTERNATIVES_TEST,
  },
  {
    name: "what is predicted is the catalog's quality, whatever was learned",
    file: ALTERNATIVES,
    find: "const position = belief?.tiers.indexOf",
    replace: "const position = undefined ?? [].indexOf",
    test: "audit/test/learning-lies.test.ts",
  },
  {
    name: "an audit believes an outcome's propensity",
    file: "audit/src/learning/outcome-check.ts",
    find: "      propensity: learning?.propensity ?? PROPENSITY_ONE,\n      holdout",
    replace: "        propensity: found.propensity ?? PROPENSITY_ONE,\n        holdout",
    test: "audit/test/learning-lies.test.ts",
  },
  {
    name: "an audit believes an outcome's distribution",
    file: "audit/src/learning/outcome-check.ts",
    find: "alternatives: kept.alternatives,",
    replace: "alternatives: repeatedAlternatives(found),",
    test: "audit/test/learning-lies.test.ts",
  },
  {
    name: "a repetition does not wait for the first",
    file: "engine/src/flows/first-results.ts",
    find: "    const result = first() ?? order();\n",
    replace: "    const before = first();\n    if (before !== undefined) return before;\n    const result = order();\n",
    test: "engine/test/flows/first-results.test.ts",
  },
  {
    name: "limits that are as they should be are confirmed before they are durable",
    file: "engine/src/flows/tenant-limits.ts",
    find: "    await firstResults.settled();\n    return changes.map",
    replace: "    if (changes.length > 0) await firstResults.settled();\n    return changes.map",
    test: "engine/test/flows/first-results.test.ts",
  },
  {
    name: "abandoned outcomes teach",
    file: "engine/src/flows/outcomes.ts",
    find: '        disposition === "applied",\n',
    replace: '        disposition !== "in_flight",\n',
    test: "engine/test/flows/outcome-dispositions.test.ts",
  },
  ...OLDER_MUTANTS,
];
