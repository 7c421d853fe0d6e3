/**
 * Planted bugs of model calls, from all of their files.
 * @module
 */
import { MONEY_GUARD_MUTANTS } from "./money-guard-mutants.ts";
import type { Mutant } from "./mutants.ts";
import { PROVIDER_MUTANTS } from "./provider-mutants.ts";
import { UPSTREAM_MUTANTS } from "./upstream-mutants.ts";
import { WIRE_MUTANTS } from "./wire-mutants.ts";

export const GATEWAY_MUTANTS: readonly Mutant[] = [
  ...WIRE_MUTANTS,
  ...PROVIDER_MUTANTS,
  ...UPSTREAM_MUTANTS,
  ...MONEY_GUARD_MUTANTS,
];
