/**
 * Lookup tables of a policy snapshot's names. Building them takes longer than reading a request, so they are kept with the
 * snapshot.
 * @module
 */
import { DEFAULT_USE_CASE, invariant, type PolicySnapshot, type UseCase } from "@calybris/kernel";

export interface SnapshotIndex {
  readonly candidateNames: readonly string[];
  readonly useCases: ReadonlyMap<string, UseCase>;
  readonly useCaseNames: readonly string[];
  readonly defaultUseCase: UseCase;
  readonly candidateIds: ReadonlyMap<string, number>;
  readonly ids: ReadonlySet<number>;
  /** Bits by name. */
  readonly providers: ReadonlyMap<string, bigint>;
  readonly capabilities: ReadonlyMap<string, bigint>;
  readonly regions: ReadonlyMap<string, bigint>;
  /** Of a policy that learns: in the policy's order, and as a set. */
  readonly featureNames: readonly string[] | undefined;
  readonly features: ReadonlySet<string>;
}

export function snapshotIndex(snapshot: PolicySnapshot): SnapshotIndex {
  const useCases = new Map(Object.entries(snapshot.useCases));
  const defaultUseCase = useCases.get(DEFAULT_USE_CASE);
  invariant(defaultUseCase !== undefined, "a snapshot has a default use case");
  const ids = snapshot.policy.candidates.map((candidate) => candidate.id);
  return {
    candidateNames: snapshot.candidateNames,
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
}

function bitsByName(names: readonly string[]): ReadonlyMap<string, bigint> {
  return new Map(names.map((name, position) => [name, 1n << BigInt(position)]));
}
