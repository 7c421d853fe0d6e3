/**
 * Governance: limits that no client, policy or configuration can loosen. They are constants in code, checked before the
 * kernel decides and again on the candidate that will run. A policy may only be stricter.
 * @module
 */
import type { Decision } from "./decision.ts";
import type { Request } from "./request.ts";
import { BPS_MAX } from "./units.ts";

export const GOVERNANCE: {
  readonly riskHardLimitBps: number;
  readonly confidenceMinBps: number;
  readonly costToValueLimitBps: number;
} = Object.freeze({
  /** A request at this risk or above is never run. */
  riskHardLimitBps: 9_600,
  /** A request below this confidence is never run. */
  confidenceMinBps: 5_500,
  /** The selected candidate must cost less than this share of the request's value. */
  costToValueLimitBps: 12_500,
});

/** The governance limit that was exceeded; the name appears in the journal. */
export type GovernanceBreach =
  | "risk_hard_limit"
  | "confidence_hard_limit"
  | "field_out_of_range"
  | "expected_value_not_positive"
  | "cost_exceeds_value";

/** The limit that a request exceeds before any candidate is considered; `undefined` if none. */
export function breachOfRequest(request: Request): GovernanceBreach | undefined {
  if (request.riskBps >= GOVERNANCE.riskHardLimitBps) return "risk_hard_limit";
  if (request.confidenceBps < GOVERNANCE.confidenceMinBps) return "confidence_hard_limit";
  if (request.confidenceBps > BPS_MAX || request.qualityMinBps > BPS_MAX) return "field_out_of_range";
  return undefined;
}

/**
 * The limit that a decision to run a candidate exceeds; `undefined` if none.
 *
 * The kernel's positive utility already implies both rules: utility > 0 means cost < value · confidence · quality, and
 * quality ≤ 1. They are checked again on the finished decision, so that a faulty kernel cannot spend.
 */
export function breachOfDecision(request: Request, decision: Decision): GovernanceBreach | undefined {
  if (decision.action === "reject") return undefined;
  const paid = decision.costMicrocents > 0n;
  const expectedValueMicrocents = (request.valueMicrocents * BigInt(request.confidenceBps)) / BigInt(BPS_MAX);
  if (paid && expectedValueMicrocents <= 0n) return "expected_value_not_positive";
  if (
    paid &&
    decision.costMicrocents * BigInt(BPS_MAX) >= request.valueMicrocents * BigInt(GOVERNANCE.costToValueLimitBps)
  ) {
    return "cost_exceeds_value";
  }
  return undefined;
}
