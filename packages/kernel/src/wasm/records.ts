/**
 * The records that the Wasm kernel reads and writes, as the host sees them: typed arrays over its memory, each field in
 * the view of its own width. Mirrors `assembly/layout.as.ts`. Little-endian, as every engine is.
 * @module
 */
import { type Action, type Decision, REASON_CODES, type Reason } from "../decision.ts";
import { invariant } from "../invariant.ts";
import type { Policy } from "../policy.ts";
import type { Request } from "../request.ts";
import type { CandidateId, CostMicrocents, Microcents, Sequence } from "../units.ts";

export const REQUEST_BYTES = 80;
export const DECISION_BYTES = 48;
export const CANDIDATE_BYTES = 48;

/** What a decision says and no record does: which policy it was decided by. */
export type Epochs = Pick<Policy, "policyEpoch" | "catalogEpoch">;

/** One memory, by the width of what is read. */
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
  const { u16, u32, u64 } = views;
  const halves = address >>> 1;
  const words = address >>> 2;
  const doubles = address >>> 3;
  u64[doubles] = request.sequence;
  u32[words + 2] = request.requestedId;
  u32[words + 3] = request.inputTokens;
  u32[words + 4] = request.outputTokens;
  views.i64[doubles + 3] = request.valueMicrocents;
  u64[doubles + 4] = request.budgetLimitMicrocents;
  u16[halves + 20] = request.riskBps;
  u16[halves + 21] = request.confidenceBps;
  u16[halves + 22] = request.qualityMinBps;
  u32[words + 12] = request.latencyMaxMs;
  u64[doubles + 7] = request.capabilitiesRequired;
  u64[doubles + 8] = request.providersAllowed;
  u64[doubles + 9] = request.regionsRequired;
}

/**
 * The views have the widths of the units, so a brand is put back without a check. Nor is it checked that the record lies
 * within the memory: callers take addresses from a kernel's own, and a check of each field costs more than the decision.
 */
export function readDecisionAt(views: Views, address: number, epochs: Epochs): Decision {
  const { u8, u16, u32, u64, i64 } = views;
  const halves = address >>> 1;
  const words = address >>> 2;
  const doubles = address >>> 3;
  const actionCode = u8[address + 8] as number;
  const reasonCode = u8[address + 9] as number;
  return {
    sequence: u64[doubles] as Sequence,
    action: ACTIONS[actionCode] ?? unknownCode(actionCode),
    reason: REASONS[reasonCode] ?? unknownCode(reasonCode),
    selectedId: u32[words + 3] as CandidateId,
    selectedIndex: u16[halves + 8] as number,
    costMicrocents: u64[doubles + 3] as CostMicrocents,
    utilityMicrocents: i64[doubles + 4] as Microcents,
    counterfactualId: u32[words + 5] as CandidateId,
    counterfactualUtilityMicrocents: i64[doubles + 5] as Microcents,
    evaluatedCount: u16[halves + 5] as number,
    eligibleCount: u16[halves + 9] as number,
    policyEpoch: epochs.policyEpoch,
    catalogEpoch: epochs.catalogEpoch,
  };
}

/** By code. */
const ACTIONS: readonly (Action | undefined)[] = [undefined, "execute", "substitute", "reject"];
const REASONS: readonly (Reason | undefined)[] = byCode();

function byCode(): readonly (Reason | undefined)[] {
  const reasons = new Array<Reason | undefined>(256).fill(undefined);
  for (const [reason, code] of Object.entries(REASON_CODES)) reasons[code] = reason as Reason;
  return reasons;
}

function unknownCode(code: number): never {
  invariant(false, `the kernel writes known codes, got ${code}`);
  throw new RangeError();
}
