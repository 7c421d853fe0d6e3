/**
 * What a model call asks of the engine.
 * @module
 */
import type { Amount, Caller, ClientRequest, Decided, Engine } from "@calybris/engine";
import { CalybrisError, type HoldCause, type Signal } from "@calybris/kernel";

export type Basis = "bytes" | "estimate" | "window";

export interface CandidateBound {
  readonly candidate: number;
  readonly input: readonly { readonly basis: Basis; readonly microcents: Amount }[];
  readonly outputPriceMicrocents: Amount;
}

export interface ClientCall extends ClientRequest {
  readonly promptDigest: string;
  readonly mode: "enforce" | "observe";
  readonly outputTokensMax: number;
  readonly outputTokensMin?: number;
  readonly bounds: readonly CandidateBound[];
}

export interface AttemptEnd {
  readonly number: number;
  readonly status: number;
  readonly latencyMs: number;
  readonly firstByteMs?: number;
  readonly costMicrocents?: Amount;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
}

export interface EngineCall {
  readonly decided: Decided;
  readonly decisionId: string;
  readonly candidate: number;
  readonly outputTokensMax: number;
  readonly isOutputLowered: boolean;
  readonly reservedMicrocents: bigint;
  readonly isMetered: boolean;
  readonly roomMicrocents: bigint | undefined;
  fallbacks(): readonly number[];
  attempt(next: {
    readonly candidate: number;
    readonly deployment?: string;
    readonly bound: CandidateBound;
  }): Promise<{ readonly number: number }>;
  attemptEnded(end: AttemptEnd): Promise<void>;
  complete(
    outcome: {
      readonly disposition?: "applied" | "abandoned";
      readonly succeeded?: boolean;
      readonly signals?: readonly Signal[];
      readonly latencyMs?: number;
    },
    end?: AttemptEnd,
  ): Promise<unknown>;
  hold(hold: { readonly cause: HoldCause; readonly knownMicrocents?: Amount }, end?: AttemptEnd): Promise<unknown>;
  release(end?: AttemptEnd): Promise<unknown>;
}

export type BegunCall =
  | { readonly call: EngineCall; readonly decided: Decided }
  | { readonly rejected: { readonly reason: string; readonly roomMicrocents?: bigint }; readonly decided: Decided };

export interface EngineCalls {
  begin(call: ClientCall, caller?: Caller): Promise<BegunCall>;
}

/** Calls by the flows that the engine has: a decision, and a settlement. */
export function decidedCalls(engine: Engine): EngineCalls {
  return {
    begin: async ({ mode, outputTokensMax, outputTokensMin: _min, bounds: _bounds, ...request }, caller = {}) => {
      const decided = await engine.decide(request, caller.actor);
      const { decision, decisionId, tenant } = decided;
      const { requestedId } = decided.request;
      const isObserved = mode === "observe" && decision.reason !== "budget";
      if (decision.action === "reject" && !isObserved)
        return { rejected: { reason: String(decision.reason) }, decided };
      const of = { decisionId, tenant };
      return {
        decided,
        call: {
          decided,
          decisionId,
          candidate: Number(isObserved ? requestedId : decision.selectedId),
          outputTokensMax,
          isOutputLowered: false,
          reservedMicrocents: 0n,
          isMetered: false,
          roomMicrocents: undefined,
          fallbacks: () => [],
          attempt: () => Promise.resolve({ number: 2 }),
          attemptEnded: () => Promise.resolve(),
          complete: (_outcome, end) =>
            unlessUnmetered(engine.ledger.settle({ ...of, actualMicrocents: end?.costMicrocents ?? 0n }, caller)),
          hold: ({ cause, knownMicrocents }) =>
            unlessUnmetered(engine.ledger.hold({ ...of, cause, knownMicrocents }, caller)),
          release: () => unlessUnmetered(engine.ledger.release(of, caller)),
        },
      };
    },
  };
}

/** A tenant without a limit has nothing reserved. */
async function unlessUnmetered(moved: Promise<unknown>): Promise<void> {
  try {
    await moved;
  } catch (error) {
    if (!(error instanceof CalybrisError) || error.code !== "CAL_LEDGER_RESERVATION_UNKNOWN") throw error;
  }
}
