/**
 * A call as a gateway reports it: what it asks for, what each candidate may cost at most, and how its attempts end.
 *
 * Amounts are microcents, tokens are counts, times are microseconds since the Unix epoch unless the name says another unit.
 * @module
 */
import type { Disposition, Reason, ReservationBasis, Signal } from "@calybris/kernel";
import type { Amount, ClientRequest } from "../intake/client-request.ts";
import type { Observed } from "../state/observed.ts";
import type { Decided } from "./decided.ts";

/** Whether the decision is carried out, or only recorded while the requested candidate runs. */
export type CallMode = "enforce" | "observe";

/** A way to bound what a call costs beside its output. */
export interface InputBound {
  readonly basis: ReservationBasis;
  readonly microcents: Amount;
}

/** What a call may cost at most if one candidate runs it. */
export interface CandidateBound {
  /** Its id in the policy. */
  readonly candidate: number;
  /** What everything beside the output may cost; the first that the headroom covers is reserved. 1 to 3. */
  readonly input: readonly InputBound[];
  /** The highest output price that may apply, microcents per million tokens. */
  readonly outputPriceMicrocents: Amount;
}

/**
 * A call. `inputTokens` and `outputTokens` are what is expected: the kernel ranks candidates by them. What is reserved follows
 * from `bounds` and `outputTokensMax`.
 */
export interface ClientCall extends ClientRequest {
  /** Keyed digest of the prompt, 43 characters of base64url: a repeated `requestId` is compared by it. */
  readonly promptDigest: string;
  readonly mode: CallMode;
  /** The output limit that a provider would be sent. */
  readonly outputTokensMax: number;
  /** How far the limit may be lowered where money is short; not at all when left out. */
  readonly outputTokensMin?: number | undefined;
  /** `PolicyInForce.id` of the policy whose candidates `bounds` names: nothing is decided where another one decides. */
  readonly policyId: number;
  /**
   * One for each candidate that can take the call; a candidate without one never runs. A decision that admits none of them is
   * observed: the requested one runs.
   */
  readonly bounds: readonly CandidateBound[];
}

/** Why a call does not run. `governance` is a limit that only what would run exceeds, in `observe`. */
export interface RejectedCall {
  readonly reason: Reason | "governance";
  /** The tenant's headroom, where it was too little. */
  readonly headroomMicrocents: bigint | undefined;
}

/** A further attempt that is about to be sent. */
export interface NextAttempt {
  /** The candidate that runs, or one of `Call.fallbacks()`. */
  readonly candidate: number;
  /** Where the candidate is reached; left out where there is one place. */
  readonly deployment?: string | undefined;
  readonly bound: CandidateBound;
}

/** A further attempt that may be sent. */
export interface BegunAttempt {
  /** From 2: the decision itself begins the first. */
  readonly number: number;
  readonly candidate: number;
  readonly reservedMicrocents: bigint;
  readonly basis: ReservationBasis;
  /** The output limit to send. */
  readonly outputTokensMax: number;
}

/** How an attempt ended. */
export interface AttemptEnd {
  readonly number: number;
  /** Of the provider's answer; 0 for none. */
  readonly status: number;
  readonly latencyMs: number;
  readonly firstByteMs?: number | undefined;
  /** Left out when it is not known; 0 says that it cost nothing. */
  readonly costMicrocents?: Amount | undefined;
  /** Usage as the provider counted it; `inputTokens` includes what was read from or written to its cache. */
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cacheReadTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
}

/** What became of the answer. */
export interface CallOutcome {
  /** `applied` when left out. */
  readonly disposition?: Exclude<Disposition, "in_flight"> | undefined;
  /** Whether it was good. Left out: the signals say. */
  readonly succeeded?: boolean | undefined;
  readonly signals?: readonly Signal[] | undefined;
  readonly latencyMs?: number | undefined;
  /** Now when left out. */
  readonly observedAt?: number | undefined;
}

/** A call that has ended. */
export interface Completed {
  readonly decisionId: string;
  /** The sum of its attempts. */
  readonly costMicrocents: bigint;
  /** Its outcome, and what became of its reservation: an overrun may be `held`. */
  readonly observed: Observed;
}

/**
 * The state of a call. `finished` is said of one that reserved nothing, or whose reservation is no longer remembered, once its
 * outcome is known; `unknown` when neither is.
 */
export type CallState =
  | "in_flight"
  | "held"
  | "settled"
  | "released"
  | "expired"
  | "reconciled"
  | "corrected"
  | "rejected"
  | "finished"
  | "unknown";

/** A call and its state. */
export interface CallStanding {
  readonly decisionId: string;
  readonly state: CallState;
  /** What is still reserved. */
  readonly reservedMicrocents: bigint;
  /** What it cost, as far as is known. */
  readonly costMicrocents: bigint;
}

/** A call whose reservation is open or held. */
export interface OpenCall extends CallStanding {
  readonly tenant: string;
  readonly expiresAt: number;
  /** Of each attempt that was begun, the first included; `undefined` where the cost is not known. */
  readonly attemptCosts: readonly (bigint | undefined)[];
}

/** A call that may be sent, or the rejection of one. Both are durable. */
export type Begun<Call> =
  | { readonly call: Call; readonly decided: Decided }
  | { readonly rejected: RejectedCall; readonly decided: Decided };
