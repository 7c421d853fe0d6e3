/**
 * The records that the Wasm kernel reads and writes, as typed arrays over its memory: each field is in the view of its
 * width. A test checks the offsets against `assembly/layout.as.ts`; the host code takes them from here. Little-endian: the
 * host must be, too.
 * @module
 */
import { ACTION_CODES, type Action, type Decision, REASON_CODES, type Reason } from "../decision.ts";
import { invariant } from "../invariant.ts";
import type { Policy } from "../policy.ts";
import type { Request } from "../request.ts";
import type { CandidateId, CostMicrocents, Microcents, Sequence } from "../units.ts";

/** The offsets of the fields in a request's record, in bytes. The rest is padding, and 0. */
export const REQUEST_AT = {
  /** u64 */
  sequence: 0,
  /** u32 */
  requestedId: 8,
  /** u32 */
  inputTokens: 12,
  /** u32 */
  outputTokens: 16,
  /** i64 */
  valueMicrocents: 24,
  /** u64 */
  budgetLimitMicrocents: 32,
  /** u16 */
  riskBps: 40,
  /** u16 */
  confidenceBps: 42,
  /** u16 */
  qualityMinBps: 44,
  /** u32 */
  latencyMaxMs: 48,
  /** u64 */
  capabilitiesRequired: 56,
  /** u64 */
  providersAllowed: 64,
  /** u64 */
  regionsRequired: 72,
} as const;
export const REQUEST_BYTES = 80;

/** The same of a decision's record, which has no padding. */
export const DECISION_AT = {
  /** u64 */
  sequence: 0,
  /** u8 */
  action: 8,
  /** u8 */
  reason: 9,
  /** u16 */
  evaluatedCount: 10,
  /** u32 */
  selectedId: 12,
  /** u16 */
  selectedIndex: 16,
  /** u16 */
  eligibleCount: 18,
  /** u32 */
  counterfactualId: 20,
  /** u64 */
  costMicrocents: 24,
  /** i64 */
  utilityMicrocents: 32,
  /** i64 */
  counterfactualUtilityMicrocents: 40,
} as const;
export const DECISION_BYTES = 48;
export const CANDIDATE_BYTES = 48;

/** The members of a decision that its record lacks: they identify its policy. */
export type Epochs = Pick<Policy, "policyEpoch" | "catalogEpoch">;

/** Views of one memory, by the width of their elements. */
export interface Views {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
  readonly i64: BigInt64Array;
}

export function viewsOf(buffer: ArrayBufferLike): Views {
  return {
    u8: new Uint8Array(buffer),
    u16: new Uint16Array(buffer),
    u32: new Uint32Array(buffer),
    u64: new BigUint64Array(buffer),
    i64: new BigInt64Array(buffer),
  };
}

/** The policy header and the catalog. */
export function writePolicy(views: Views, headerAddress: number, candidatesAddress: number, policy: Policy): void {
  const header = headerAddress >>> 2;
  views.u32[header] = policy.riskHardLimitBps;
  views.u32[header + 1] = policy.confidenceMinBps;
  views.u32[header + 2] = policy.riskPenaltyMultiplierBps;
  views.u32[header + 3] = policy.candidates.length;
  views.u64[(headerAddress + 16) >>> 3] = policy.latencyPenaltyMicrocentsPerMs;
  for (const [index, candidate] of policy.candidates.entries()) {
    const at = candidatesAddress + index * CANDIDATE_BYTES;
    views.u32[at >>> 2] = candidate.id;
    views.u16[(at + 4) >>> 1] = candidate.providerId;
    views.u16[(at + 6) >>> 1] = candidate.qualityBps;
    views.u16[(at + 8) >>> 1] = candidate.riskCeilingBps;
    views.u8[at + 10] = candidate.enabled;
    views.u32[(at + 12) >>> 2] = candidate.latencyP95Ms;
    views.u64[(at + 16) >>> 3] = candidate.capabilities;
    views.u64[(at + 24) >>> 3] = candidate.regions;
    views.u64[(at + 32) >>> 3] = candidate.inputPriceMicrocents;
    views.u64[(at + 40) >>> 3] = candidate.outputPriceMicrocents;
  }
}

export function writeRequestAt(views: Views, address: number, request: Request): void {
  const { u16, u32, u64, i64 } = views;
  u64[(address + REQUEST_AT.sequence) >>> 3] = request.sequence;
  u32[(address + REQUEST_AT.requestedId) >>> 2] = request.requestedId;
  u32[(address + REQUEST_AT.inputTokens) >>> 2] = request.inputTokens;
  u32[(address + REQUEST_AT.outputTokens) >>> 2] = request.outputTokens;
  u32[(address + REQUEST_AT.outputTokens + 4) >>> 2] = 0;
  i64[(address + REQUEST_AT.valueMicrocents) >>> 3] = request.valueMicrocents;
  u64[(address + REQUEST_AT.budgetLimitMicrocents) >>> 3] = request.budgetLimitMicrocents;
  u16[(address + REQUEST_AT.riskBps) >>> 1] = request.riskBps;
  u16[(address + REQUEST_AT.confidenceBps) >>> 1] = request.confidenceBps;
  // This also writes the padding after it.
  u32[(address + REQUEST_AT.qualityMinBps) >>> 2] = request.qualityMinBps;
  u32[(address + REQUEST_AT.latencyMaxMs) >>> 2] = request.latencyMaxMs;
  u32[(address + REQUEST_AT.latencyMaxMs + 4) >>> 2] = 0;
  u64[(address + REQUEST_AT.capabilitiesRequired) >>> 3] = request.capabilitiesRequired;
  u64[(address + REQUEST_AT.providersAllowed) >>> 3] = request.providersAllowed;
  u64[(address + REQUEST_AT.regionsRequired) >>> 3] = request.regionsRequired;
}

/** Like {@link readDecisionAt}, for a request. */
export function readRequestAt({ u16, u32, u64, i64 }: Views, address: number): Request {
  return {
    sequence: u64[(address + REQUEST_AT.sequence) >>> 3],
    requestedId: u32[(address + REQUEST_AT.requestedId) >>> 2],
    inputTokens: u32[(address + REQUEST_AT.inputTokens) >>> 2],
    outputTokens: u32[(address + REQUEST_AT.outputTokens) >>> 2],
    valueMicrocents: i64[(address + REQUEST_AT.valueMicrocents) >>> 3],
    budgetLimitMicrocents: u64[(address + REQUEST_AT.budgetLimitMicrocents) >>> 3],
    riskBps: u16[(address + REQUEST_AT.riskBps) >>> 1],
    confidenceBps: u16[(address + REQUEST_AT.confidenceBps) >>> 1],
    qualityMinBps: u16[(address + REQUEST_AT.qualityMinBps) >>> 1],
    latencyMaxMs: u32[(address + REQUEST_AT.latencyMaxMs) >>> 2],
    capabilitiesRequired: u64[(address + REQUEST_AT.capabilitiesRequired) >>> 3],
    providersAllowed: u64[(address + REQUEST_AT.providersAllowed) >>> 3],
    regionsRequired: u64[(address + REQUEST_AT.regionsRequired) >>> 3],
  } as unknown as Request;
}

/** Writes a decision record in the kernel's layout. */
export function writeDecisionAt({ u8, u16, u32, u64, i64 }: Views, address: number, decision: Decision): void {
  u64[(address + DECISION_AT.sequence) >>> 3] = decision.sequence;
  u8[address + DECISION_AT.action] = ACTION_CODES[decision.action];
  u8[address + DECISION_AT.reason] = REASON_CODES[decision.reason];
  u16[(address + DECISION_AT.evaluatedCount) >>> 1] = decision.evaluatedCount;
  u32[(address + DECISION_AT.selectedId) >>> 2] = decision.selectedId;
  u16[(address + DECISION_AT.selectedIndex) >>> 1] = decision.selectedIndex;
  u16[(address + DECISION_AT.eligibleCount) >>> 1] = decision.eligibleCount;
  u32[(address + DECISION_AT.counterfactualId) >>> 2] = decision.counterfactualId;
  u64[(address + DECISION_AT.costMicrocents) >>> 3] = decision.costMicrocents;
  i64[(address + DECISION_AT.utilityMicrocents) >>> 3] = decision.utilityMicrocents;
  i64[(address + DECISION_AT.counterfactualUtilityMicrocents) >>> 3] = decision.counterfactualUtilityMicrocents;
}

/**
 * Reads a decision record. The views have the widths of the units, so brands are restored without a check. The address is
 * not checked either: callers take it from the kernel, and a check of each field costs more than the decision.
 */
export function readDecisionAt({ u8, u16, u32, u64, i64 }: Views, address: number, epochs: Epochs): Decision {
  const actionCode = u8[address + DECISION_AT.action] as number;
  const reasonCode = u8[address + DECISION_AT.reason] as number;
  return {
    sequence: u64[(address + DECISION_AT.sequence) >>> 3] as Sequence,
    action: ACTIONS[actionCode] ?? unknownCode(actionCode),
    reason: REASONS[reasonCode] ?? unknownCode(reasonCode),
    selectedId: u32[(address + DECISION_AT.selectedId) >>> 2] as CandidateId,
    selectedIndex: u16[(address + DECISION_AT.selectedIndex) >>> 1] as number,
    costMicrocents: u64[(address + DECISION_AT.costMicrocents) >>> 3] as CostMicrocents,
    utilityMicrocents: i64[(address + DECISION_AT.utilityMicrocents) >>> 3] as Microcents,
    counterfactualId: u32[(address + DECISION_AT.counterfactualId) >>> 2] as CandidateId,
    counterfactualUtilityMicrocents: i64[(address + DECISION_AT.counterfactualUtilityMicrocents) >>> 3] as Microcents,
    evaluatedCount: u16[(address + DECISION_AT.evaluatedCount) >>> 1] as number,
    eligibleCount: u16[(address + DECISION_AT.eligibleCount) >>> 1] as number,
    policyEpoch: epochs.policyEpoch,
    catalogEpoch: epochs.catalogEpoch,
  };
}

/** Actions by their code in a record; `undefined` for an unknown code. */
const ACTIONS: readonly (Action | undefined)[] = byCode(ACTION_CODES);
const REASONS: readonly (Reason | undefined)[] = byCode(REASON_CODES);

function byCode<Name extends string>(codes: Readonly<Record<Name, number>>): readonly (Name | undefined)[] {
  const names = new Array<Name | undefined>(256).fill(undefined);
  for (const [name, code] of Object.entries<number>(codes)) names[code] = name as Name;
  return Object.freeze(names);
}

function unknownCode(code: number): never {
  invariant(false, `the kernel writes known codes, got ${code}`);
  throw new RangeError();
}
