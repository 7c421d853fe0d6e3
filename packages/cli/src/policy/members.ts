/**
 * A policy snapshot as a readable list of members: candidates by name, and names in place of bits and positions. Two
 * snapshots without a difference have the same digest.
 * @module
 */
import { type PolicySnapshot, snapshotToJson, writeExact } from "@calybris/kernel";

type Json = { readonly [key: string]: unknown };

/** Path and value of each member, in the order of the snapshot. */
export function policyMembers(snapshot: PolicySnapshot): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  const add = (path: string, value: unknown): void => {
    if (value === undefined) return;
    if (typeof value !== "object" || value === null || Array.isArray(value)) members.set(path, writeExact(value));
    else for (const [key, inner] of Object.entries(value)) add(path === "" ? key : `${path}.${key}`, inner);
  };
  const { candidates, ...rest } = snapshotToJson(snapshot);
  add("", rest);
  for (const candidate of candidates as readonly Json[]) {
    const { name, ...inner } = candidate;
    add(`candidates.${name}`, named(snapshot, inner));
  }
  return members;
}

function named({ providers, capabilities, regions, tiers }: PolicySnapshot, candidate: Json): Json {
  const { providerId, tier, ...rest } = candidate;
  return {
    ...rest,
    provider: providers[providerId as number],
    tier: tiers[tier as number],
    capabilities: bitNames(candidate["capabilities"] as bigint, capabilities),
    regions: bitNames(candidate["regions"] as bigint, regions),
  };
}

function bitNames(mask: bigint, names: readonly string[]): readonly string[] {
  return names.filter((_name, bit) => (BigInt(mask) & (1n << BigInt(bit))) !== 0n);
}

export interface MemberChange {
  readonly path: string;
  /** `undefined` if it was added. */
  readonly before: string | undefined;
  /** `undefined` if it was removed. */
  readonly after: string | undefined;
}

/** The differences between two policies, in the order of the first, followed by members that only the second has. */
export function memberChanges(before: PolicySnapshot, after: PolicySnapshot): readonly MemberChange[] {
  const [old, current] = [policyMembers(before), policyMembers(after)];
  const changes = [...new Set([...old.keys(), ...current.keys()])]
    .map((path) => ({ path, before: old.get(path), after: current.get(path) }))
    .filter((change) => change.before !== change.after);
  return changes.length > 0 ? changes : orderChanges(before, after);
}

/** Changes of order, which are part of a snapshot but do not affect decisions. */
function orderChanges(before: PolicySnapshot, after: PolicySnapshot): readonly MemberChange[] {
  const orders = ({ candidateNames, useCases }: PolicySnapshot): Readonly<Record<string, string>> => ({
    "order of candidates": writeExact(candidateNames),
    "order of use cases": writeExact(Object.keys(useCases)),
  });
  const [old, current] = [orders(before), orders(after)];
  return Object.keys(old)
    .map((path) => ({ path, before: old[path], after: current[path] }))
    .filter((change) => change.before !== change.after);
}
