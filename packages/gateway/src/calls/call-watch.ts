/**
 * Metrics and the trace span of one call. Amounts are read from the state of the call's reservation after its end, so that
 * metrics agree with the ledger.
 * @module
 */
import type { Call, CallStanding } from "@calybris/engine";
import type { Microcents } from "@calybris/kernel";
import { microcents } from "@calybris/kernel";
import { type CallCost, costOf } from "../prices/call-cost.ts";
import type { UsageRecord } from "../usage/usage-record.ts";
import type { CallResultName } from "../watch/call-metrics.ts";
import { genAiAttributes } from "../watch/gen-ai-attributes.ts";
import type { Span } from "../watch/traces.ts";
import type { CallContext } from "./call-context.ts";
import type { ClientBody } from "./client-call.ts";
import type { Lane } from "./lanes.ts";
import type { NamedModel } from "./model-names.ts";

export interface CallWatchParts {
  readonly context: CallContext;
  readonly span: Span | undefined;
  readonly client: ClientBody;
  readonly named: NamedModel;
  readonly session: string | undefined;
  readonly call: Call;
}

export interface WatchedEnd {
  /** `undefined` if no candidate could be called. */
  readonly lane: Lane | undefined;
  readonly result: CallResultName;
  readonly usage?: UsageRecord | undefined;
  /** Cost of the answered attempt. */
  readonly cost?: CallCost | undefined;
}

export class CallWatch {
  readonly #parts: CallWatchParts;

  constructor(parts: CallWatchParts) {
    this.#parts = parts;
    this.used(undefined, undefined);
  }

  /** Adds the model and the usage to the span. */
  used(lane: Lane | undefined, usage: UsageRecord | undefined): void {
    const { span, client, session, call } = this.#parts;
    if (span === undefined) return;
    const { dialect, model: asked, limitTokens } = client;
    const { decisionId } = call;
    const ran = { provider: providerOf(lane), served: lane?.candidate, finishReason: undefined };
    span.set(genAiAttributes({ dialect, asked, limitTokens, usage, session, decisionId, ...ran }));
  }

  /** Records a call that was answered from the cache, at no cost. */
  cached(lane: Lane | undefined, savedMicrocents: bigint): void {
    const { context, client } = this.#parts;
    this.used(lane, undefined);
    context.metrics.ended({
      provider: providerOf(lane),
      asked: client.model,
      served: lane?.candidate ?? client.model,
      result: "cached",
      askedMicrocents: microcents(savedMicrocents),
    });
  }

  /** Records the end of the call, after it is in the journal. */
  ended({ lane, result, usage, cost }: WatchedEnd): void {
    const { context, client, named, call } = this.#parts;
    this.used(lane, usage);
    const { standing } = call;
    const costMicrocents = knownCost(standing, cost);
    const heldMicrocents = standing.state === "held" ? standing.reservedMicrocents : 0n;
    const isKnown = heldMicrocents === 0n && cost?.unknown.length === 0;
    context.metrics.ended({
      provider: providerOf(lane),
      asked: client.model,
      served: lane?.candidate ?? named.candidate ?? client.model,
      result,
      usage,
      costMicrocents: microcents(costMicrocents),
      heldMicrocents: microcents(heldMicrocents),
      askedMicrocents: isKnown && usage !== undefined ? this.#askedCost(usage, lane?.candidate) : undefined,
    });
  }

  /** Cost of the requested candidate at list prices; `undefined` if it ran, or has no price. */
  #askedCost(usage: UsageRecord, served: string | undefined): Microcents | undefined {
    const { context, named } = this.#parts;
    const { candidate } = named;
    if (candidate === undefined || candidate === served) return undefined;
    const [target] = context.fleet.targetsOf(candidate);
    const timeMs = context.nowMs();
    const prices = target?.pricesAt(timeMs);
    if (target === undefined || prices === undefined) return undefined;
    // Tiers, speeds and regions are the names of the provider that ran, not of the requested one.
    const listed = { ...usage, tier: "", speed: "", region: "" };
    const { costMicrocents, unknown } = costOf(listed, { provider: target.priceProvider, prices });
    return unknown.length === 0 ? costMicrocents : undefined;
  }
}

function providerOf(lane: Lane | undefined): string {
  return lane?.targets[0]?.priceProvider ?? "";
}

/** The known cost of a call. Without a reservation, a partly known cost is in no account, so it is added here. */
function knownCost({ state, costMicrocents }: CallStanding, cost: CallCost | undefined): bigint {
  if (state !== "finished" || cost === undefined || cost.unknown.length === 0) return costMicrocents;
  return costMicrocents + cost.costMicrocents;
}
