/**
 * A request for one decision, in the kernel's units. The thirteen fields are those of the published request digest, in its
 * order. The engine resolves names, defaults and IDs before it builds a request.
 * @module
 */
import {
  type Bps,
  type CandidateId,
  type CostMicrocents,
  type Mask,
  type Microcents,
  type Milliseconds,
  type Sequence,
  type Tokens,
  U64_MAX,
} from "./units.ts";

export interface Request {
  readonly sequence: Sequence;
  /** The requested candidate; 0 if the client named none. */
  readonly requestedId: CandidateId;
  readonly inputTokens: Tokens;
  /** Maximum output tokens; decisions and reservations use this bound. */
  readonly outputTokens: Tokens;
  /** Value of a success to the caller, in microcents. A negative value counts as 0. */
  readonly valueMicrocents: Microcents;
  /** Maximum cost of the selected candidate, in microcents. {@link NO_BUDGET_LIMIT} means no limit. */
  readonly budgetLimitMicrocents: CostMicrocents;
  readonly riskBps: Bps;
  readonly confidenceBps: Bps;
  readonly qualityMinBps: Bps;
  /** 0 means no limit. */
  readonly latencyMaxMs: Milliseconds;
  /** Required capabilities; the candidate must have every bit. */
  readonly capabilitiesRequired: Mask;
  /** Allowed providers. {@link ALL_PROVIDERS} allows every provider that has a bit. */
  readonly providersAllowed: Mask;
  /** Allowed regions; 0 means anywhere, otherwise one shared bit is enough. */
  readonly regionsRequired: Mask;
}

export const NO_BUDGET_LIMIT: CostMicrocents = U64_MAX as CostMicrocents;
export const ALL_PROVIDERS: Mask = U64_MAX as Mask;
