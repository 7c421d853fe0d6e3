/**
 * A policy snapshot: the kernel's policy with the names, tiers and defaults of the policy file. It is immutable and embedded
 * in the journal, so a journal explains and verifies itself.
 *
 * The `calypol1` digest covers the kernel's policy; {@link snapshotDigest} covers the names, tiers and defaults as well.
 * @module
 */
import { toUtf8 } from "./bytes.ts";
import { CalybrisError } from "./errors.ts";
import { type ExactJson, writeExact } from "./exact-json.ts";
import { createPolicy, type Policy } from "./policy.ts";
import { type Sha256, sha256 } from "./sha256.ts";
import {
  LEARNING_FIELDS,
  type Learning,
  SNAPSHOT,
  type SnapshotJson,
  type SubstituteWithin,
  type UseCase,
} from "./snapshot-fields.ts";

export type { Learning, SubstituteWithin, UseCase } from "./snapshot-fields.ts";

/** The use case of a request that names none. */
export const DEFAULT_USE_CASE = "default";

export interface PolicySnapshot {
  readonly name: string;
  readonly policy: Policy;
  /** Position is the bit of a provider, capability or region mask. */
  readonly providers: readonly string[];
  readonly capabilities: readonly string[];
  readonly regions: readonly string[];
  /** At most eight price/quality classes, cheapest first. */
  readonly tiers: readonly string[];
  /** By position in `policy.candidates`: the name, and the position of the tier. */
  readonly candidateNames: readonly string[];
  readonly candidateTiers: readonly number[];
  /**
   * `"none"` lets a substitute cost more than the requested candidate. Left out, the estimated cost of the requested candidate
   * bounds whatever runs.
   */
  readonly spendLimit?: "none";
  /** Providers of substitutes; left out for any. */
  readonly substituteWithin?: SubstituteWithin;
  /** Always holds {@link DEFAULT_USE_CASE}. */
  readonly useCases: Readonly<Record<string, UseCase>>;
  /** Absent if the policy does not learn; every floor is then the client's or the use case's. */
  readonly learning?: Learning;
}

/** The snapshot in the form of an entry: plain data, integers only. */
export function snapshotToJson(snapshot: PolicySnapshot): { readonly [key: string]: unknown } {
  const { policy } = snapshot;
  return {
    name: snapshot.name,
    policyEpoch: policy.policyEpoch,
    catalogEpoch: policy.catalogEpoch,
    riskHardLimitBps: policy.riskHardLimitBps,
    confidenceMinBps: policy.confidenceMinBps,
    riskPenaltyMultiplierBps: policy.riskPenaltyMultiplierBps,
    latencyPenaltyMicrocentsPerMs: policy.latencyPenaltyMicrocentsPerMs,
    providers: snapshot.providers,
    capabilities: snapshot.capabilities,
    regions: snapshot.regions,
    tiers: snapshot.tiers,
    spendLimit: snapshot.spendLimit,
    substituteWithin: snapshot.substituteWithin,
    useCases: snapshot.useCases,
    learning: snapshot.learning === undefined ? undefined : inOrder(snapshot.learning),
    candidates: policy.candidates.map((candidate, index) => ({
      ...candidate,
      name: snapshot.candidateNames[index],
      tier: snapshot.candidateTiers[index],
    })),
  };
}

/** The members in canonical order. */
function inOrder(learning: Learning): { readonly [key: string]: unknown } {
  const keys = Object.keys(LEARNING_FIELDS) as readonly (keyof Learning)[];
  return Object.fromEntries(keys.map((key) => [key, learning[key]]));
}

/** Digest of the complete snapshot: SHA-256 over `calysnp1`, NUL, and its compact JSON. Not part of the published core. */
export function snapshotDigest(snapshot: PolicySnapshot, hash: Sha256 = sha256): Uint8Array {
  return hash(toUtf8(`calysnp1\0${writeExact(snapshotToJson(snapshot))}`));
}

/**
 * Reads a snapshot from an entry, in canonical form only.
 *
 * @throws {@link CalybrisError} `CAL_POLICY_INVALID` if it differs from the form that {@link snapshotToJson} writes, or if
 *   {@link createPolicy} refuses its policy.
 */
export function snapshotFromJson(json: ExactJson): PolicySnapshot {
  const read = readSnapshot(json);
  const { candidates, policyEpoch, catalogEpoch, riskHardLimitBps, confidenceMinBps, riskPenaltyMultiplierBps } = read;
  const { latencyPenaltyMicrocentsPerMs, spendLimit, substituteWithin, learning, ...names } = read;
  const snapshot: PolicySnapshot = {
    name: names.name,
    policy: createPolicy({
      policyEpoch,
      catalogEpoch,
      riskHardLimitBps,
      confidenceMinBps,
      riskPenaltyMultiplierBps,
      latencyPenaltyMicrocentsPerMs,
      candidates: candidates.map(({ name: _name, tier: _tier, ...candidate }) => candidate),
    }),
    providers: names.providers,
    capabilities: names.capabilities,
    regions: names.regions,
    tiers: names.tiers,
    ...(spendLimit === undefined ? {} : { spendLimit }),
    ...(substituteWithin === undefined ? {} : { substituteWithin }),
    candidateNames: candidates.map(({ name }) => name),
    candidateTiers: candidates.map(({ tier }) => tier),
    useCases: names.useCases,
    ...(learning === undefined ? {} : { learning }),
  };
  if (writeExact(snapshotToJson(snapshot)) !== writeExact(json)) throw invalid("is not in canonical form");
  return snapshot;
}

function readSnapshot(json: ExactJson): SnapshotJson {
  try {
    return SNAPSHOT.read(json, "snapshot");
  } catch (cause) {
    throw cause instanceof RangeError ? invalid(`cannot be read: ${cause.message}`, cause) : cause;
  }
}

function invalid(problem: string, cause?: unknown): CalybrisError {
  const remedy = "A snapshot is written by the engine; one that was edited is not one.";
  return new CalybrisError("CAL_POLICY_INVALID", { mistakes: [{ path: "snapshot", problem, remedy }] }, { cause });
}
