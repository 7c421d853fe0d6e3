/**
 * A snapshot's names, looked up: built once for a snapshot and kept as long as it lives.
 * @module
 */
import { DEFAULT_USE_CASE, invariant, type PolicySnapshot, type UseCase } from "@calybris/kernel";

export interface SnapshotIndex {
  readonly useCases: ReadonlyMap<string, UseCase>;
  readonly useCaseNames: readonly string[];
  readonly defaultUseCase: UseCase;
  readonly candidateIds: ReadonlyMap<string, number>;
  readonly ids: ReadonlySet<number>;
  /** Name to bit. */
  readonly providers: ReadonlyMap<string, bigint>;
  readonly capabilities: ReadonlyMap<string, bigint>;
  readonly regions: ReadonlyMap<string, bigint>;
  /** Of a policy that learns: in the policy's order, and to look up. */
  readonly featureNames: readonly string[] | undefined;
  readonly features: ReadonlySet<string>;
}

const indices = new WeakMap<PolicySnapshot, SnapshotIndex>();

export function indexOfSnapshot(snapshot: PolicySnapshot): SnapshotIndex {
  const known = indices.get(snapshot);
  if (known !== undefined) return known;
  const useCases = new Map(Object.entries(snapshot.useCases));
  const defaultUseCase = useCases.get(DEFAULT_USE_CASE);
  invariant(defaultUseCase !== undefined, "a snapshot has a default use case");
  const ids = snapshot.policy.candidates.map((candidate) => candidate.id);
  const index: SnapshotIndex = {
    useCases,
    useCaseNames: [...useCases.keys()],
    defaultUseCase,
    candidateIds: new Map(snapshot.candidateNames.map((name, position) => [name, ids[position] ?? 0])),
    ids: new Set(ids),
    providers: bitsByName(snapshot.providers),
    capabilities: bitsByName(snapshot.capabilities),
    regions: bitsByName(snapshot.regions),
    featureNames: snapshot.learning === undefined ? undefined : (snapshot.learning.features ?? []),
    features: new Set(snapshot.learning?.features),
  };
  indices.set(snapshot, index);
  return index;
}

function bitsByName(names: readonly string[]): ReadonlyMap<string, bigint> {
  return new Map(names.map((name, position) => [name, 1n << BigInt(position)]));
}
