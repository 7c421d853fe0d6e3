/**
 * What is asked, in the kernel's units: one request for one decision. The thirteen fields are those of the published
 * request digest, in its order. Names, defaults and ids for people are resolved before this, in the engine.
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
  /** The candidate asked for; 0 when the client asked for none in particular. */
  readonly requestedId: CandidateId;
  readonly inputTokens: Tokens;
  /** The most that may come back: decisions and reservations are made on the bound. */
  readonly outputTokens: Tokens;
  /** What a success is worth to whoever asks. A negative value counts as 0. */
  readonly valueMicrocents: Microcents;
  /** No candidate that costs more is admitted. {@link NO_BUDGET_LIMIT} admits any cost. */
  readonly budgetLimitMicrocents: CostMicrocents;
  readonly riskBps: Bps;
  readonly confidenceBps: Bps;
  readonly qualityMinBps: Bps;
  /** 0 means no limit. */
  readonly latencyMaxMs: Milliseconds;
  /** Every bit must be among the candidate's capabilities. */
  readonly capabilitiesRequired: Mask;
  /** {@link ALL_PROVIDERS} admits every provider that has a bit. */
  readonly providersAllowed: Mask;
  /** 0 means anywhere; else one shared bit is enough. */
  readonly regionsRequired: Mask;
}

export const NO_BUDGET_LIMIT: CostMicrocents = U64_MAX as CostMicrocents;
export const ALL_PROVIDERS: Mask = U64_MAX as Mask;
