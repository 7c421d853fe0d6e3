/**
 * A policy snapshot: the kernel's policy with the names, tiers and defaults that people use. It is immutable and embedded in the
 * journal, so a journal explains and verifies itself.
 *
 * The `calypol1` digest covers the kernel's policy; {@link snapshotDigest} covers the names, tiers and defaults as well.
 * @module
 */
import { toUtf8 } from "./bytes.ts";
import { CalybrisError } from "./errors.ts";
import { type ExactJson, exactInteger, writeExact } from "./exact-json.ts";
import { type Candidate, createPolicy, type Policy } from "./policy.ts";
import { type Sha256, sha256 } from "./sha256.ts";
import {
  type Bps,
  bps,
  candidateId,
  type Microcents,
  mask,
  microcents,
  milliseconds,
  priceMicrocents,
  providerId,
  sequence,
  type Tokens,
  tokens,
} from "./units.ts";

/** Defaults for requests of this kind. */
export interface UseCase {
  readonly valueMicrocents: Microcents;
  readonly riskBps: Bps;
  readonly confidenceBps: Bps;
  /** The floor: lowest acceptable quality. */
  readonly qualityMinBps: Bps;
  readonly outputTokens: Tokens;
}

/** How a policy learns. Shares are in basis points. */
export interface Learning {
  /** Names of the integer features that a request brings; none: its tokens are its features. */
  readonly features?: readonly string[];
  /** Share of decisions spread evenly over the tiers that may be drawn; 0 takes the best and draws in shadow only. */
  readonly explorationBps: number;
  /** Share of decisions that use the floor of their use case only. */
  readonly holdoutBps: number;
  /** Target share of failures of the tracker (default: a third). */
  readonly targetFailureBps?: number;
  /** Share of a count that each outcome keeps, in millionths; 1,000,000 never forgets. */
  readonly discountPpm: number;
  /** Requests before the regimes are frozen. */
  readonly warmUpRequests: number;
  /** How far the floor of an anomalous request is raised above its use case's. */
  readonly anomalyRaiseBps: number;
  /** Maximum share of requests whose floor may be raised as anomalies. */
  readonly anomalyShareBps: number;
  /** An outcome later than this teaches nothing. */
  readonly attributionSeconds: number;
}

/** The use case of a request that names none. */
export const DEFAULT_USE_CASE = "default";

/** The requested candidate's own provider alone, or it and those named. */
export type SubstituteWithin = "requestedProvider" | readonly string[];

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
   * `"none"` lets a substitute cost more than what was asked for. Left out, the estimated cost of the requested candidate
   * bounds whatever runs.
   */
  readonly spendLimit?: "none";
  /** Providers that may take the place of the requested one's; left out for any. */
  readonly substituteWithin?: SubstituteWithin;
  /** Always holds {@link DEFAULT_USE_CASE}. */
  readonly useCases: Readonly<Record<string, UseCase>>;
  /** Absent if the policy does not learn; every floor is then the client's or the use case's. */
  readonly learning?: Learning;
}

/** The snapshot as in an entry: plain data, integers only. */
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
    learning: snapshot.learning === undefined ? undefined : learningJson(snapshot.learning),
    candidates: policy.candidates.map((candidate, index) => ({
      ...candidate,
      name: snapshot.candidateNames[index],
      tier: snapshot.candidateTiers[index],
    })),
  };
}

/** Covers every byte of the snapshot: SHA-256 over `calysnp1`, NUL, and its compact JSON. Ours, not of the published core. */
export function snapshotDigest(snapshot: PolicySnapshot, hash: Sha256 = sha256): Uint8Array {
  return hash(toUtf8(`calysnp1\0${writeExact(snapshotToJson(snapshot))}`));
}

/**
 * Reads a snapshot from an entry, as strictly as it was written.
 *
 * @throws {@link CalybrisError} `CAL_POLICY_INVALID` when it is not what {@link snapshotToJson} writes, or when the
 *   policy in it is one that {@link createPolicy} refuses.
 */
export function snapshotFromJson(json: ExactJson): PolicySnapshot {
  const reader = new Reader(json, "snapshot");
  const candidates = reader.list("candidates").map((item, index) => new Reader(item, `candidates[${index}]`));
  const useCases = reader.object("useCases");
  const learning = reader.optional("learning");
  const snapshot: PolicySnapshot = {
    name: reader.text("name"),
    policy: createPolicy({
      policyEpoch: sequence(reader.large("policyEpoch")),
      catalogEpoch: sequence(reader.large("catalogEpoch")),
      riskHardLimitBps: bps(reader.small("riskHardLimitBps")),
      confidenceMinBps: bps(reader.small("confidenceMinBps")),
      riskPenaltyMultiplierBps: bps(reader.small("riskPenaltyMultiplierBps")),
      latencyPenaltyMicrocentsPerMs: priceMicrocents(reader.large("latencyPenaltyMicrocentsPerMs")),
      candidates: candidates.map(readCandidate),
    }),
    providers: reader.texts("providers"),
    capabilities: reader.texts("capabilities"),
    regions: reader.texts("regions"),
    tiers: reader.texts("tiers"),
    ...spendingOf(reader),
    candidateNames: candidates.map((candidate) => candidate.text("name")),
    candidateTiers: candidates.map((candidate) => candidate.small("tier")),
    useCases: Object.fromEntries(
      Object.entries(useCases).map(([name, item]) => [name, readUseCase(new Reader(item, `useCases.${name}`))]),
    ),
    ...(learning === undefined ? {} : { learning: readLearning(learning) }),
  };
  if (writeExact(snapshotToJson(snapshot)) !== writeExact(json)) throw invalid("snapshot", "is not in canonical form");
  return snapshot;
}

function spendingOf(reader: Reader): Pick<PolicySnapshot, "spendLimit" | "substituteWithin"> {
  if (reader.has("spendLimit") && reader.text("spendLimit") !== "none")
    throw invalid("snapshot.spendLimit", 'is not "none"');
  return {
    ...(reader.has("spendLimit") ? { spendLimit: "none" } : {}),
    ...(reader.has("substituteWithin") ? { substituteWithin: withinOf(reader) } : {}),
  };
}

function withinOf(reader: Reader): SubstituteWithin {
  if (reader.is("substituteWithin", "requestedProvider")) return "requestedProvider";
  return reader.texts("substituteWithin");
}

function readCandidate(reader: Reader): Candidate {
  return {
    id: candidateId(reader.small("id")),
    providerId: providerId(reader.small("providerId")),
    qualityBps: bps(reader.small("qualityBps")),
    riskCeilingBps: bps(reader.small("riskCeilingBps")),
    enabled: reader.small("enabled"),
    latencyP95Ms: milliseconds(reader.small("latencyP95Ms")),
    capabilities: mask(reader.large("capabilities")),
    regions: mask(reader.large("regions")),
    inputPriceMicrocents: priceMicrocents(reader.large("inputPriceMicrocents")),
    outputPriceMicrocents: priceMicrocents(reader.large("outputPriceMicrocents")),
  };
}

function readUseCase(reader: Reader): UseCase {
  return {
    valueMicrocents: microcents(reader.large("valueMicrocents")),
    riskBps: bps(reader.small("riskBps")),
    confidenceBps: bps(reader.small("confidenceBps")),
    qualityMinBps: bps(reader.small("qualityMinBps")),
    outputTokens: tokens(reader.small("outputTokens")),
  };
}

/** In canonical member order. */
function learningJson(learning: Learning): { readonly [key: string]: unknown } {
  const { features, explorationBps, holdoutBps, targetFailureBps, discountPpm, warmUpRequests } = learning;
  const { anomalyRaiseBps, anomalyShareBps, attributionSeconds } = learning;
  return {
    features,
    explorationBps,
    holdoutBps,
    targetFailureBps,
    discountPpm,
    warmUpRequests,
    anomalyRaiseBps,
    anomalyShareBps,
    attributionSeconds,
  };
}

function readLearning(reader: Reader): Learning {
  const features = reader.has("features") ? { features: reader.texts("features") } : {};
  const target = reader.has("targetFailureBps") ? { targetFailureBps: reader.small("targetFailureBps") } : {};
  return {
    ...features,
    explorationBps: reader.small("explorationBps"),
    holdoutBps: reader.small("holdoutBps"),
    ...target,
    discountPpm: reader.small("discountPpm"),
    warmUpRequests: reader.small("warmUpRequests"),
    anomalyRaiseBps: reader.small("anomalyRaiseBps"),
    anomalyShareBps: reader.small("anomalyShareBps"),
    attributionSeconds: reader.small("attributionSeconds"),
  };
}

/** Reads members of one object; a missing or invalid member is a coded error that names the field. */
class Reader {
  readonly #members: { readonly [key: string]: ExactJson };
  readonly #path: string;

  constructor(json: ExactJson, path: string) {
    if (typeof json !== "object" || json === null || Array.isArray(json)) throw invalid(path, "is not an object");
    this.#members = json as { readonly [key: string]: ExactJson };
    this.#path = path;
  }

  has(key: string): boolean {
    return this.#members[key] !== undefined;
  }

  is(key: string, value: string): boolean {
    return this.#members[key] === value;
  }

  optional(key: string): Reader | undefined {
    const value = this.#members[key];
    return value === undefined ? undefined : new Reader(value, `${this.#path}.${key}`);
  }

  small(key: string): number {
    const value = this.#members[key];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > 0xffff_ffff)
      throw invalid(`${this.#path}.${key}`, "is not a whole number in its range");
    return value;
  }

  large(key: string): bigint {
    const value = exactInteger(this.#members[key]);
    if (value === undefined || value < -(2n ** 63n) || value >= 2n ** 64n)
      throw invalid(`${this.#path}.${key}`, "is not a 64-bit integer");
    return value;
  }

  text(key: string): string {
    const value = this.#members[key];
    if (typeof value !== "string") throw invalid(`${this.#path}.${key}`, "is not text");
    return value;
  }

  list(key: string): readonly ExactJson[] {
    const value = this.#members[key];
    if (!Array.isArray(value)) throw invalid(`${this.#path}.${key}`, "is not a list");
    return value;
  }

  texts(key: string): readonly string[] {
    return this.list(key).map((item) => {
      if (typeof item !== "string") throw invalid(`${this.#path}.${key}`, "holds something that is not text");
      return item;
    });
  }

  object(key: string): { readonly [key: string]: ExactJson } {
    const value = this.#members[key];
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw invalid(`${this.#path}.${key}`, "is not an object");
    return value as { readonly [key: string]: ExactJson };
  }
}

function invalid(path: string, problem: string): CalybrisError {
  return new CalybrisError("CAL_POLICY_INVALID", {
    mistakes: [{ path, problem, remedy: "A snapshot is written by the engine; one that was edited is not one." }],
  });
}
