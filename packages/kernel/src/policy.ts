/**
 * The policy that the kernel reads: candidates, limits and weights. This is the digested part of a policy snapshot, in the
 * kernel's units; names, tiers and defaults are in `snapshot.ts`.
 *
 * {@link Policy} is any value of the right widths: the kernel is total over it. {@link createPolicy} is what the engine
 * builds: validated, in canonical order (ascending id) and frozen.
 * @module
 */
import { CalybrisError, type Mistake } from "./errors.ts";
import { GOVERNANCE } from "./governance.ts";
import {
  BPS_MAX,
  type Bps,
  type CandidateId,
  type Mask,
  type Milliseconds,
  type PriceMicrocents,
  type ProviderId,
  type Sequence,
} from "./units.ts";

/** A candidate of a catalog. */
export interface Candidate {
  readonly id: CandidateId;
  readonly providerId: ProviderId;
  readonly qualityBps: Bps;
  readonly riskCeilingBps: Bps;
  /** 0 is disabled, any other value is enabled. Eight bits, digested as is; a validated policy has 0 or 1. */
  readonly enabled: number;
  readonly latencyP95Ms: Milliseconds;
  readonly capabilities: Mask;
  readonly regions: Mask;
  readonly inputPriceMicrocents: PriceMicrocents;
  readonly outputPriceMicrocents: PriceMicrocents;
}

/** Candidates, limits and weights. */
export interface Policy {
  readonly policyEpoch: Sequence;
  readonly catalogEpoch: Sequence;
  readonly riskHardLimitBps: Bps;
  readonly confidenceMinBps: Bps;
  readonly riskPenaltyMultiplierBps: Bps;
  /** Penalty per millisecond of p95 latency, in microcents. Unsigned 64 bit. */
  readonly latencyPenaltyMicrocentsPerMs: PriceMicrocents;
  readonly candidates: readonly Candidate[];
}

/** Providers are bits of a 64-bit mask. */
export const PROVIDER_ID_MAX = 63;
/** Candidate indices are 16 bit, and 65,535 means "none". */
export const CANDIDATE_COUNT_MAX = 65_535;
export const RISK_PENALTY_MULTIPLIER_MAX_BPS = 50_000;

/**
 * Validates a policy, puts its candidates in canonical order and freezes it.
 *
 * Every mistake is reported. A policy may be stricter than governance, never looser.
 *
 * @throws {@link CalybrisError} `CAL_POLICY_INVALID` with one {@link Mistake} per invalid field.
 *
 * @example
 * ```ts
 * import { createPolicy, samplePolicy } from "@calybris/kernel";
 * const policy = createPolicy(samplePolicy());
 * policy.candidates.map((candidate) => candidate.id); // [1, 2]
 * Object.isFrozen(policy); // true
 * ```
 */
export function createPolicy(policy: Policy): Policy {
  const mistakes = [...policyMistakes(policy)];
  if (mistakes.length > 0) throw new CalybrisError("CAL_POLICY_INVALID", { mistakes });
  const candidates = policy.candidates.map((candidate) => Object.freeze({ ...candidate })).sort((a, b) => a.id - b.id);
  return Object.freeze({ ...policy, candidates: Object.freeze(candidates) });
}

/** Every mistake for which {@link createPolicy} refuses a policy. */
function* policyMistakes(policy: Policy): Generator<Mistake> {
  const { riskHardLimitBps, confidenceMinBps, riskPenaltyMultiplierBps, candidates } = policy;
  if (riskHardLimitBps > GOVERNANCE.riskHardLimitBps) {
    yield atMost(
      "riskHardLimitBps",
      riskHardLimitBps,
      GOVERNANCE.riskHardLimitBps,
      "the governance limit; a policy may only be stricter",
    );
  }
  if (confidenceMinBps < GOVERNANCE.confidenceMinBps) {
    yield {
      path: "confidenceMinBps",
      problem: `is ${confidenceMinBps}, below the governance limit ${GOVERNANCE.confidenceMinBps}`,
      remedy: `Raise it to ${GOVERNANCE.confidenceMinBps} or more; a policy may only be stricter.`,
    };
  }
  if (confidenceMinBps > BPS_MAX) yield atMost("confidenceMinBps", confidenceMinBps, BPS_MAX, "the whole");
  if (riskPenaltyMultiplierBps > RISK_PENALTY_MULTIPLIER_MAX_BPS) {
    yield atMost(
      "riskPenaltyMultiplierBps",
      riskPenaltyMultiplierBps,
      RISK_PENALTY_MULTIPLIER_MAX_BPS,
      "the largest multiplier",
    );
  }
  if (candidates.length === 0) {
    yield {
      path: "candidates",
      problem: "is empty",
      remedy: "Name at least one candidate; without any, every request is rejected.",
    };
  }
  if (candidates.length > CANDIDATE_COUNT_MAX) {
    yield atMost(
      "candidates",
      candidates.length,
      CANDIDATE_COUNT_MAX,
      "the number of candidates that an index can name",
    );
  }
  if (candidates.length > 0 && candidates.every((candidate) => candidate.enabled === 0)) {
    yield {
      path: "candidates",
      problem: "has no enabled candidate",
      remedy: "Enable at least one; without any, every request is rejected.",
    };
  }
  yield* candidateMistakes(candidates);
}

function* candidateMistakes(candidates: readonly Candidate[]): Generator<Mistake> {
  const firstWithId = new Map<number, number>();
  for (const [index, candidate] of candidates.entries()) {
    const at = (field: keyof Candidate): string => `candidates[${index}].${field}`;
    if (candidate.id === 0) {
      yield {
        path: at("id"),
        problem: 'is 0, which is reserved for "none"',
        remedy: "Give the candidate an id from 1 to 4294967295.",
      };
    }
    const first = firstWithId.get(candidate.id);
    if (first !== undefined) {
      yield {
        path: at("id"),
        problem: `is ${candidate.id}, which candidates[${first}] has already`,
        remedy: "Give each candidate a unique ID.",
      };
    } else firstWithId.set(candidate.id, index);
    if (candidate.providerId > PROVIDER_ID_MAX)
      yield atMost(at("providerId"), candidate.providerId, PROVIDER_ID_MAX, "the last bit of a provider mask");
    if (candidate.qualityBps > BPS_MAX) yield atMost(at("qualityBps"), candidate.qualityBps, BPS_MAX, "the whole");
    if (candidate.riskCeilingBps > BPS_MAX)
      yield atMost(at("riskCeilingBps"), candidate.riskCeilingBps, BPS_MAX, "the whole");
    if (candidate.enabled !== 0 && candidate.enabled !== 1) {
      yield { path: at("enabled"), problem: `is ${candidate.enabled}`, remedy: "Write 0 (disabled) or 1 (enabled)." };
    }
  }
}

function atMost(path: string, found: number, max: number, what: string): Mistake {
  return { path, problem: `is ${found}, above ${max} (${what})`, remedy: `Lower it to ${max} or less.` };
}
