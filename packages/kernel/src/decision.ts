/**
 * The kernel's answer to a request. Codes and their order are those of the published decision digest; the names are ours.
 * @module
 */
import type { Request } from "./request.ts";
import type { CandidateId, CostMicrocents, Microcents, Sequence } from "./units.ts";

/** Run the requested candidate, run another one, or run nothing. */
export type Action = "execute" | "substitute" | "reject";

export const ACTION_CODES: Readonly<Record<Action, number>> = Object.freeze({ execute: 1, substitute: 2, reject: 3 });

/** Reason of a decision. The last eleven are the limits and gates that can cause a rejection. */
export type Reason =
  | "requested_maximizes_utility"
  | "alternative_maximizes_utility"
  | "risk_hard_limit"
  | "confidence_hard_limit"
  | "no_enabled_candidate"
  | "quality"
  | "latency"
  | "capability"
  | "provider"
  | "region"
  | "budget"
  | "utility"
  | "risk_ceiling";

export const REASON_CODES: Readonly<Record<Reason, number>> = Object.freeze({
  requested_maximizes_utility: 1,
  alternative_maximizes_utility: 2,
  risk_hard_limit: 100,
  confidence_hard_limit: 101,
  no_enabled_candidate: 102,
  quality: 103,
  latency: 104,
  capability: 105,
  provider: 106,
  region: 107,
  budget: 108,
  utility: 109,
  risk_ceiling: 110,
});

/** Index of a decision that selects no candidate. */
export const NO_INDEX = 65_535;

export interface Decision {
  /** Sequence of the request. */
  readonly sequence: Sequence;
  readonly action: Action;
  readonly reason: Reason;
  /** ID of the selected candidate; 0 for a rejection. */
  readonly selectedId: CandidateId;
  /** Position in the catalog; {@link NO_INDEX} for a rejection. */
  readonly selectedIndex: number;
  readonly costMicrocents: CostMicrocents;
  readonly utilityMicrocents: Microcents;
  /** ID of the runner-up: the choice without the selected candidate. 0 if there was none. */
  readonly counterfactualId: CandidateId;
  readonly counterfactualUtilityMicrocents: Microcents;
  /** Number of candidates evaluated: all, or 0 after a hard limit. */
  readonly evaluatedCount: number;
  /** Number of candidates that passed every gate. */
  readonly eligibleCount: number;
  readonly policyEpoch: Sequence;
  readonly catalogEpoch: Sequence;
}

/** Decides requests under one policy. Total and pure: the same request gets the same decision on every machine. */
export interface Kernel {
  readonly prescribe: (request: Request) => Decision;
}
