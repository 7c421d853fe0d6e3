/**
 * Writes the attempts of one call and its end to the journal. If the cost is known it is settled; otherwise the rest of the
 * reservation is held.
 * @module
 */
import type { AttemptEnd, Call, CandidateBound } from "@calybris/engine";
import type { HoldCause, Signal } from "@calybris/kernel";
import type { AttemptEnd as ProviderEnd, CallPorts } from "../providers/call-attempts.ts";
import { type CallCost, costOf } from "../prices/call-cost.ts";
import type { UsageRecord } from "../usage/usage-record.ts";
import type { Target } from "./fleet.ts";

/** How the answer of a call ended. */
export interface CallEnd {
  readonly target: Target;
  /** HTTP status of the provider's answer. */
  readonly status: number;
  /** `undefined` if the provider sent no usage. */
  readonly usage: UsageRecord | undefined;
  readonly isComplete: boolean;
  readonly signals: readonly Signal[];
  /** The cause of the hold if the cost is unknown. */
  readonly cause: HoldCause;
  readonly firstByteMs?: number | undefined;
}

export class CallRecord {
  readonly #call: Call;
  readonly #nowMs: () => number;
  #number = 0;
  #begunMs = 0;
  /** The end of an attempt without an answer; written with the next record of the call. */
  #pending: AttemptEnd | undefined;
  #mayBeBilled = false;

  constructor(call: Call, nowMs: () => number) {
    this.#call = call;
    this.#nowMs = nowMs;
  }

  /** The ports through which attempts on one candidate are recorded. */
  ports(bound: CandidateBound): Pick<CallPorts, "begin" | "end"> {
    return {
      begin: async ({ deployment }) => {
        await this.#flush();
        if (this.#number === 0) this.#number = 1;
        else this.#number = (await this.#call.attempt({ candidate: bound.candidate, deployment, bound })).number;
        this.#begunMs = this.#nowMs();
        return `${this.#call.decisionId}/${this.#number}`;
      },
      end: (end) => {
        this.#pending = this.#ended(end);
        this.#mayBeBilled ||= end.mayBeBilled;
        return Promise.resolve();
      },
    };
  }

  /** Ends the first attempt unsent, because the chosen candidate cannot be called. */
  skip(): void {
    if (this.#number > 0) return;
    this.#number = 1;
    this.#pending = { number: 1, status: 0, latencyMs: 0, costMicrocents: 0n };
  }

  /** Ends a call without an answer. The reservation is held if an attempt may be billed, and released otherwise. */
  async fail(cause: HoldCause): Promise<void> {
    const pending = this.#takePending();
    if (this.#mayBeBilled) await this.#call.hold({ cause }, pending);
    else await this.#call.release(pending);
  }

  /** Ends a call whose answer was lost after its head had arrived. */
  async lose(status: number, cause: HoldCause): Promise<void> {
    const latencyMs = Math.max(0, this.#nowMs() - this.#begunMs);
    await this.#call.hold({ cause }, { number: this.#number, status, latencyMs });
  }

  /**
   * Ends a call that was answered.
   *
   * @returns the cost; `undefined` without usage or a known price.
   */
  async finish({
    target,
    status,
    usage,
    isComplete,
    signals,
    cause,
    firstByteMs,
  }: CallEnd): Promise<CallCost | undefined> {
    const cost = usage && this.#costOf(target, usage);
    const isKnown = cost !== undefined && cost.unknown.length === 0;
    const latencyMs = Math.max(0, this.#nowMs() - this.#begunMs);
    const end: AttemptEnd = {
      number: this.#number,
      status,
      latencyMs,
      ...(firstByteMs === undefined ? {} : { firstByteMs: Math.max(0, firstByteMs - this.#begunMs) }),
      ...(usage === undefined ? {} : tokensOf(usage)),
      ...(isKnown ? { costMicrocents: cost.costMicrocents } : {}),
    };
    if (isKnown)
      await this.#call.complete({ disposition: isComplete ? "applied" : "abandoned", signals, latencyMs }, end);
    else
      await this.#call.hold({ cause, ...(cost === undefined ? {} : { knownMicrocents: this.#heldPart(cost) }) }, end);
    return cost;
  }

  #costOf(target: Target, usage: UsageRecord): CallCost | undefined {
    const prices = target.pricesAt(this.#begunMs);
    const pricesOf = (model: string): ReturnType<Target["pricesOf"]> => target.pricesOf(model, this.#begunMs);
    return prices && costOf(usage, { provider: target.priceProvider, prices, pricesOf });
  }

  /** The part of a cost that a hold may settle: at most the reservation. */
  #heldPart({ costMicrocents }: CallCost): bigint {
    const { reservedMicrocents } = this.#call;
    return costMicrocents < reservedMicrocents ? costMicrocents : reservedMicrocents;
  }

  #ended({ status, mayBeBilled, durationMs }: ProviderEnd): AttemptEnd {
    return {
      number: this.#number,
      status: status ?? 0,
      latencyMs: durationMs,
      ...(mayBeBilled ? {} : { costMicrocents: 0n }),
    };
  }

  async #flush(): Promise<void> {
    const pending = this.#takePending();
    if (pending !== undefined) await this.#call.attemptEnded(pending);
  }

  #takePending(): AttemptEnd | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}

function tokensOf(
  usage: UsageRecord,
): Pick<AttemptEnd, "inputTokens" | "outputTokens" | "cacheReadTokens" | "cacheWriteTokens"> {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens, cacheWrite12hTokens } =
    usage;
  return {
    inputTokens,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens: cacheWriteTokens + cacheWrite1hTokens + cacheWrite12hTokens,
  };
}
