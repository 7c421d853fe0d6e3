/**
 * The canonical digests of a decision: policy, request, decision, and the identity that binds the three ("CALY-PROOF
 * v1", docs/formats.md section 1). Byte for byte those of the published Rust core; `conformance/` holds its values.
 * @module
 */
import { ByteWriter } from "./bytes.ts";
import { ACTION_CODES, type Decision, REASON_CODES } from "./decision.ts";
import type { Candidate, Policy } from "./policy.ts";
import type { Request } from "./request.ts";
import { type Sha256, sha256 } from "./sha256.ts";

const TAG_BYTES = 9;
const POLICY_HEAD_BYTES = TAG_BYTES + 8 + 8 + 2 + 2 + 2 + 8;
const CANDIDATE_BYTES = 4 + 2 + 2 + 2 + 1 + 4 + 8 + 8 + 8 + 8;
const REQUEST_BYTES = TAG_BYTES + 8 + 4 + 4 + 4 + 8 + 8 + 2 + 2 + 2 + 4 + 8 + 8 + 8;
const DECISION_BYTES = TAG_BYTES + 8 + 1 + 2 + 4 + 2 + 8 + 8 + 4 + 8 + 2 + 2 + 8 + 8;
const IDENTITY_BYTES = TAG_BYTES + 32 + 32 + 32 + 8;
/** Shared buffer: its contents are hashed before it is written again. */
const scratch: ByteWriter = new ByteWriter(Math.max(REQUEST_BYTES, DECISION_BYTES, IDENTITY_BYTES));

/** `calypol1`: the policy, its candidates in ascending id. */
function policyBytes(policy: Policy): Uint8Array {
  const writer = new ByteWriter(POLICY_HEAD_BYTES + policy.candidates.length * CANDIDATE_BYTES)
    .tag("calypol1")
    .u64(policy.policyEpoch)
    .u64(policy.catalogEpoch)
    .u16(policy.riskHardLimitBps)
    .u16(policy.confidenceMinBps)
    .u16(policy.riskPenaltyMultiplierBps)
    .u64(policy.latencyPenaltyMicrocentsPerMs);
  for (const candidate of policy.candidates.toSorted((a, b) => a.id - b.id)) writeCandidate(writer, candidate);
  return writer.finish();
}

function writeCandidate(writer: ByteWriter, candidate: Candidate): void {
  writer
    .u32(candidate.id)
    .u16(candidate.providerId)
    .u16(candidate.qualityBps)
    .u16(candidate.riskCeilingBps)
    .u8(candidate.enabled)
    .u32(candidate.latencyP95Ms)
    .u64(candidate.capabilities)
    .u64(candidate.regions)
    .u64(candidate.inputPriceMicrocents)
    .u64(candidate.outputPriceMicrocents);
}

/** `calyinp1`: the request. */
export function requestBytes(request: Request): Uint8Array {
  return writeRequest(new ByteWriter(REQUEST_BYTES), request).finish();
}

function writeRequest(writer: ByteWriter, request: Request): ByteWriter {
  return writer
    .tag("calyinp1")
    .u64(request.sequence)
    .u32(request.requestedId)
    .u32(request.inputTokens)
    .u32(request.outputTokens)
    .i64(request.valueMicrocents)
    .u64(request.budgetLimitMicrocents)
    .u16(request.riskBps)
    .u16(request.confidenceBps)
    .u16(request.qualityMinBps)
    .u32(request.latencyMaxMs)
    .u64(request.capabilitiesRequired)
    .u64(request.providersAllowed)
    .u64(request.regionsRequired);
}

/** `calydcn1`: the decision. */
export function decisionBytes(decision: Decision): Uint8Array {
  return writeDecision(new ByteWriter(DECISION_BYTES), decision).finish();
}

function writeDecision(writer: ByteWriter, decision: Decision): ByteWriter {
  return writer
    .tag("calydcn1")
    .u64(decision.sequence)
    .u8(ACTION_CODES[decision.action])
    .u16(REASON_CODES[decision.reason])
    .u32(decision.selectedId)
    .u16(decision.selectedIndex)
    .u64(decision.costMicrocents)
    .i64(decision.utilityMicrocents)
    .u32(decision.counterfactualId)
    .i64(decision.counterfactualUtilityMicrocents)
    .u16(decision.evaluatedCount)
    .u16(decision.eligibleCount)
    .u64(decision.policyEpoch)
    .u64(decision.catalogEpoch);
}

/** The digest of a policy: 32 bytes. */
export function policyDigest(policy: Policy, hash: Sha256 = sha256): Uint8Array {
  return hash(policyBytes(policy));
}

/** The digest of a request: 32 bytes. */
export function requestDigest(request: Request, hash: Sha256 = sha256): Uint8Array {
  return hash(writeRequest(scratch.reset(), request).finish());
}

/** The digest of a decision: 32 bytes. */
export function decisionDigest(decision: Decision, hash: Sha256 = sha256): Uint8Array {
  return hash(writeDecision(scratch.reset(), decision).finish());
}

/** Buffers for the digests of a request and its decision while the identity is computed. */
const requestScratch: Uint8Array = new Uint8Array(32);
const decisionScratch: Uint8Array = new Uint8Array(32);

/**
 * The identity of a decision (`calyidn1`): 32 bytes. The same as from {@link decisionDigests}, without the other digests.
 *
 * @param out - 32 bytes for the result, see {@link Sha256}.
 */
export function decisionIdentity(
  policy: Uint8Array,
  request: Request,
  decision: Decision,
  hash: Sha256 = sha256,
  out?: Uint8Array,
): Uint8Array {
  const requested = hash(writeRequest(scratch.reset(), request).finish(), requestScratch);
  const decided = hash(writeDecision(scratch.reset(), decision).finish(), decisionScratch);
  return hash(identityBytes(policy, requested, decided, request), out);
}

function identityBytes(
  policy: Uint8Array,
  requested: Uint8Array,
  decided: Uint8Array,
  { sequence }: Request,
): Uint8Array {
  return scratch.reset().tag("calyidn1").raw(policy).raw(requested).raw(decided).u64(sequence).finish();
}

/** The digests of one decision. */
export interface DecisionDigests {
  readonly policy: Uint8Array;
  readonly request: Uint8Array;
  readonly decision: Uint8Array;
  /** Binds the other three; an outcome refers to its decision by it. */
  readonly identity: Uint8Array;
}

/**
 * All four digests of one decision.
 *
 * @param policy - the policy's digest, from {@link policyDigest}. Policies rarely change, so callers compute it once.
 *
 * @example
 * ```ts
 * import { decisionDigests, policyDigest, prescribe, samplePolicy, sampleRequest, toHex } from "@calybris/kernel";
 * const { decision } = prescribe(samplePolicy(), sampleRequest());
 * const digests = decisionDigests(policyDigest(samplePolicy()), sampleRequest(), decision);
 * toHex(digests.decision).slice(0, 16); // "fcadcf252eb835c2"
 * ```
 */
export function decisionDigests(
  policy: Uint8Array,
  request: Request,
  decision: Decision,
  hash: Sha256 = sha256,
): DecisionDigests {
  const requested = requestDigest(request, hash);
  const decided = decisionDigest(decision, hash);
  const identity = hash(identityBytes(policy, requested, decided, request));
  return { policy, request: requested, decision: decided, identity };
}
