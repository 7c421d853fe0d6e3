/**
 * A call as a gateway reports it: the request, the maximum cost for each candidate, and the end of each attempt.
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

/** One way to bound the cost of a call beside its output. */
export interface InputBound {
  readonly basis: ReservationBasis;
  readonly microcents: Amount;
}

/** The maximum cost of a call if one candidate runs it. */
export interface CandidateBound {
  /** The candidate's id in the policy. */
  readonly candidate: number;
  /** Bounds on the cost beside the output, 1 to 3. The first that fits the headroom is reserved. */
  readonly input: readonly InputBound[];
  /** The highest output price that may apply, in microcents per million tokens. */
  readonly outputPriceMicrocents: Amount;
}

/**
 * A call. `inputTokens` and `outputTokens` are expected values, by which the kernel ranks candidates. The reserved amount
 * follows from `bounds` and `outputTokensMax`.
 */
export interface ClientCall extends ClientRequest {
  /** Keyed digest of the prompt, 43 characters of base64url. It identifies repetitions of a `requestId`. */
  readonly promptDigest: string;
  readonly mode: CallMode;
  /** The output limit to send to the provider. */
  readonly outputTokensMax: number;
  /** The lowest limit to use if the headroom is short. Default: the limit is not lowered. */
  readonly outputTokensMin?: number | undefined;
  /** `PolicyInForce.id` of the policy that `bounds` refers to. The call is refused if another policy decides. */
  readonly policyId: number;
  /**
   * One for each candidate that can take the call. A candidate without a bound never runs. If the decision admits only such
   * candidates, it is observed, and the requested candidate runs.
   */
  readonly bounds: readonly CandidateBound[];
}

/**
 * The reason that a call does not run. `governance`: in `observe`, the candidate that would run exceeds a limit that the
 * decision does not.
 */
export interface RejectedCall {
  readonly reason: Reason | "governance";
  /** The tenant's headroom, if it was insufficient. */
  readonly headroomMicrocents: bigint | undefined;
}

/** A further attempt to begin. */
export interface NextAttempt {
  /** The candidate of the call, or one of `Call.fallbacks()`. */
  readonly candidate: number;
  /** The endpoint of the candidate; omit it if there is only one. */
  readonly deployment?: string | undefined;
  readonly bound: CandidateBound;
}

/** A further attempt that may be sent. */
export interface BegunAttempt {
  /** From 2, because the decision itself begins attempt 1. */
  readonly number: number;
  readonly candidate: number;
  readonly reservedMicrocents: bigint;
  readonly basis: ReservationBasis;
  /** The output limit to send. */
  readonly outputTokensMax: number;
}

/** The end of an attempt. */
export interface AttemptEnd {
  readonly number: number;
  /** HTTP status of the provider's answer; 0 if there was no answer. */
  readonly status: number;
  readonly latencyMs: number;
  readonly firstByteMs?: number | undefined;
  /** Omit it if the cost is unknown; 0 means that the attempt cost nothing. */
  readonly costMicrocents?: Amount | undefined;
  /** Usage as counted by the provider. `inputTokens` includes tokens read from or written to its cache. */
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cacheReadTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
}

/** The outcome of a call's answer. */
export interface CallOutcome {
  /** Default: `applied`. */
  readonly disposition?: Exclude<Disposition, "in_flight"> | undefined;
  /** Whether the answer was good. Default: derived from the signals. */
  readonly succeeded?: boolean | undefined;
  readonly signals?: readonly Signal[] | undefined;
  readonly latencyMs?: number | undefined;
  /** Default: now. */
  readonly observedAt?: number | undefined;
}

/** A call that has ended. */
export interface Completed {
  readonly decisionId: string;
  /** The total cost of its attempts. */
  readonly costMicrocents: bigint;
  /** The outcome, and the resulting state of the reservation: an overrun may be `held`. */
  readonly observed: Observed;
}

/**
 * The state of a call. `finished`: it reserved nothing, or its reservation is no longer remembered, but its outcome is
 * known. `unknown`: neither is known.
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
  /** The amount that is still reserved. */
  readonly reservedMicrocents: bigint;
  /** The known cost so far. */
  readonly costMicrocents: bigint;
}

/** A call whose reservation is open or held. */
export interface OpenCall extends CallStanding {
  readonly tenant: string;
  readonly expiresAt: number;
  /** Costs of the attempts, including the first; `undefined` for an unknown cost. */
  readonly attemptCosts: readonly (bigint | undefined)[];
}

/** A call that may be sent, or a rejection. Either is durable. */
export type Begun<Call> =
  | { readonly call: Call; readonly decided: Decided }
  | { readonly rejected: RejectedCall; readonly decided: Decided };
