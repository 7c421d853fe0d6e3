/**
 * Planted bugs of the spend limit.
 * @module
 */
interface SpendingMutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly test: string;
}

export const SPENDING_MUTANTS: readonly SpendingMutant[] = [
  {
    name: "a budget may be any",
    file: "audit/src/member-check.ts",
    find: "if (headroomMicrocents === undefined && budget !== expected)",
    replace: "if (headroomMicrocents === undefined && budget > 2n ** 64n)",
    test: "audit/test/request-lies.test.ts",
  },
  {
    name: "the cost of what was asked for is no limit",
    file: "kernel/src/spending.ts",
    find: "return costMicrocents(one < other ? one : other);",
    replace: "return costMicrocents(one < other ? one : one);",
    test: "engine/test/flows/spend-limit.test.ts",
  },
  {
    name: "a floor of the policy stays above what was asked for",
    file: "kernel/src/spending.ts",
    find: "Math.min(floorBps, requested.qualityBps)",
    replace: "Math.max(floorBps, 0)",
    test: "engine/test/flows/spend-limit.test.ts",
  },
];
