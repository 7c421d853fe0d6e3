/**
 * Runs one call after its decision: attempts, answer, and settlement.
 * @module
 */
import { randomInt } from "node:crypto";
import type { Call as EngineCall } from "@calybris/engine";
import type { HoldCause, PolicySnapshot, Signal } from "@calybris/kernel";
import { signalsOf } from "../attribution/call-signals.ts";
import { GatewayError } from "../gateway-errors.ts";
import type { Call, Reply } from "../http/route-contract.ts";
import type { CallCost } from "../prices/call-cost.ts";
import { type CallPlan, type CallResult, callUpstreams } from "../providers/call-attempts.ts";
import { UpstreamFailure } from "../providers/upstream-failure.ts";
import { listedHeaders, RESPONSE_HEADERS } from "../wire/header-lists.ts";
import { faultOf, passedError } from "../wire/provider-errors.ts";
import { AnswerStream } from "./answer-stream.ts";
import { ANSWER_BYTES_MAX, readWhole } from "./answer-whole.ts";
import type { CachePlace } from "./answer-cache.ts";
import type { BoundLane } from "./bound-lanes.ts";
import type { CallContext } from "./call-context.ts";
import { addCostHeaders, decisionHeaders, newRequestId, replyOf } from "./call-headers.ts";
import { type CallEnd, CallRecord } from "./call-record.ts";
import type { CallWatch } from "./call-watch.ts";
import type { ClientBody } from "./client-call.ts";
import type { Target } from "./fleet.ts";
import { type Lane, requestFor } from "./lanes.ts";
import { pairsOf, timeoutsOf } from "./send-options.ts";
import { streamWriter } from "./stream-writer.ts";

/** Maximum length of a provider's refusal that is passed on. */
const ERROR_BYTES_MAX = 1024 * 1024;

/** A call is slow from this multiple of the usual duration on its candidate. */
const SLOW_TIMES = 2;

export interface CallRunParts {
  readonly context: CallContext;
  readonly request: Call;
  readonly client: ClientBody;
  /** The policy of the decision. */
  readonly snapshot: PolicySnapshot;
  readonly lanes: readonly BoundLane[];
  readonly call: EngineCall;
  readonly isLimitWritten: boolean;
  /** Whether the same prompt was sent within the last minute. */
  readonly isRepeat: boolean;
  /** Called once, at the end of the call. */
  readonly ended: (isAnswered: boolean) => void;
  readonly watch: CallWatch;
  /** The cache entry for its answer; `undefined` if the answer is not cached. */
  readonly place: CachePlace | undefined;
}

/** A call after its decision. */
export class CallRun {
  readonly #context: CallContext;
  readonly #request: Call;
  readonly #client: ClientBody;
  readonly #snapshot: PolicySnapshot;
  readonly #lanes: readonly BoundLane[];
  readonly #call: EngineCall;
  readonly #isLimitWritten: boolean;
  readonly #isRepeat: boolean;
  readonly #ended: (isAnswered: boolean) => void;
  readonly #watch: CallWatch;
  readonly #place: CachePlace | undefined;
  readonly #begunMs: number;
  readonly #record: CallRecord;

  constructor(parts: CallRunParts) {
    const { context, request, client, snapshot, lanes, call, isLimitWritten, isRepeat, ended, watch, place } = parts;
    this.#context = context;
    this.#request = request;
    this.#client = client;
    this.#snapshot = snapshot;
    this.#lanes = lanes;
    this.#call = call;
    this.#isLimitWritten = isLimitWritten;
    this.#isRepeat = isRepeat;
    this.#ended = ended;
    this.#watch = watch;
    this.#place = place;
    this.#begunMs = context.nowMs();
    this.#record = new CallRecord(call, context.nowMs);
  }

  async answer(): Promise<Reply> {
    const { decisionId } = this.#call;
    let last: { readonly result: CallResult; readonly lane: Lane } | undefined;
    for (const id of this.#order()) {
      const found = this.#lanes.find(({ lane }) => lane.candidateId === id);
      if (found === undefined) {
        this.#record.skip();
        continue;
      }
      const result = await this.#send(found);
      last = { result, lane: found.lane };
      if (!mayFallBack(result)) break;
    }
    if (last === undefined) {
      this.#ended(false);
      await this.#fail("unknown", undefined);
      throw new GatewayError("CAL_GATEWAY_PROVIDER_UNAVAILABLE", { model: this.#client.model, decisionId });
    }
    return this.#reply(last.result, last.lane);
  }

  /** Candidate IDs in the order in which they are tried. Fallbacks are ranked only when they are needed. */
  *#order(): Generator<number> {
    yield this.#call.candidate;
    yield* this.#call.fallbacks();
  }

  #send({ lane, bound }: BoundLane): Promise<CallResult> {
    const { config, nowMs } = this.#context;
    const { calls } = config;
    const headers = pairsOf(this.#request.headers);
    const outputTokens = this.#isLimitWritten || this.#call.isOutputLowered ? this.#call.outputTokensMax : undefined;
    const plan: CallPlan = {
      requestOf: (upstream) => {
        const target = lane.targets.find((one) => one.upstream === upstream) as Target;
        return requestFor(lane, target, this.#client, headers, outputTokens);
      },
      isStreamed: this.#client.isStreamed,
      timeouts: timeoutsOf(config),
      retries: { attemptsMax: calls.attemptsMax, waitMs: calls.retryWaitMs, waitMaxMs: calls.retryWaitMaxMs },
      errorBytesMax: ERROR_BYTES_MAX,
      left: this.#request.signal,
    };
    const upstreams = lane.targets.map(({ upstream }) => upstream);
    return callUpstreams(upstreams, plan, { ...this.#record.ports(bound), random: (max) => randomInt(max), nowMs });
  }

  async #reply(result: CallResult, lane: Lane): Promise<Reply> {
    const { decisionId } = this.#call;
    const names = { ran: lane.candidate, asked: this.#client.model };
    const more = decisionHeaders(this.#call, { ...names, isLimitWritten: this.#isLimitWritten });
    if (result.kind === "answer") return this.#answered(result, lane, more);
    this.#ended(false);
    if (result.kind === "refused") {
      await this.#fail("unknown", lane);
      return replyOf(passedError(result.answer, lane.asked, this.#client.dialect, newRequestId()), more);
    }
    if (result.kind === "unavailable") {
      await this.#fail("unknown", lane);
      throw new GatewayError("CAL_GATEWAY_PROVIDER_UNAVAILABLE", { model: this.#client.model, decisionId });
    }
    await this.#fail(holdCauseOf(result.failure), lane);
    throw failureError(result.failure, decisionId);
  }

  async #fail(cause: HoldCause, lane: Lane | undefined): Promise<void> {
    await this.#record.fail(cause);
    this.#watch.ended({ lane, result: cause === "client_gone" ? "aborted" : "failed" });
  }

  async #answered(
    result: Extract<CallResult, { readonly kind: "answer" }>,
    lane: Lane,
    more: readonly string[],
  ): Promise<Reply> {
    const { nowMs } = this.#context;
    const { answer } = result;
    const target = lane.targets.find(({ upstream }) => upstream === result.upstream) as Target;
    const type = answer.header("content-type") ?? "application/json";
    const headers = listedHeaders(RESPONSE_HEADERS, answer.headers, "content-type");
    headers.push(...more);
    if (this.#client.isStreamed && /^text\/event-stream\b/i.test(type)) {
      const writer = streamWriter(lane, this.#client, nowMs());
      const stream = new AnswerStream({
        result,
        writer,
        left: this.#request.signal,
        nowMs,
        settle: async ({ outcome, cause, firstByteMs }) => {
          const end = { target, status: answer.status, usage: writer.usage(), cause, firstByteMs };
          const isComplete = outcome === "complete";
          this.#ended(isComplete);
          const finishReason = writer.finishReason();
          const signals = this.#signals({ isComplete, isLeft: cause === "client_gone", finishReason });
          const ended = { ...end, isComplete, signals };
          await this.#finish(ended, lane).catch((error: unknown) => this.#context.report(error));
        },
      });
      return { status: answer.status, body: stream, contentType: type, headers };
    }
    const bytes = await this.#whole(answer, lane);
    const { usage, body, isDone, finishReason } = readWhole(bytes, lane, this.#client, nowMs());
    const isRead = !(body instanceof GatewayError);
    answer.end(isRead ? "healthy" : "fault");
    const end = { target, status: answer.status, usage, cause: "unknown" as const };
    this.#ended(isRead);
    const signals = this.#signals({ isComplete: isRead, isLeft: false, finishReason });
    const cost = await this.#finish({ ...end, isComplete: isRead, signals }, lane);
    if (!isRead) {
      const { problem } = body.details as { readonly problem: string };
      throw new GatewayError("CAL_GATEWAY_PROVIDER_FAILED", { problem, decisionId: this.#call.decisionId });
    }
    addCostHeaders(headers, this.#call, cost, usage);
    const { bytes: said, contentType } = body;
    // A fallback's answer is not cached: the chosen candidate may be available for the next call.
    const isKept = isDone && answer.status === 200 && cost?.unknown.length === 0;
    if (isKept && lane.candidateId === this.#call.candidate)
      this.#place?.put({ body: said, contentType, costMicrocents: cost.costMicrocents });
    return { status: answer.status, body: said, contentType, headers };
  }

  /** Settles or holds the reservation, and records the usage for later estimates. */
  async #finish(end: CallEnd, lane: Lane): Promise<CallCost | undefined> {
    const { usage, target, isComplete, cause } = end;
    const { content } = this.#client.body;
    if (usage?.isFinal === true && isComplete) this.#context.expected.note(target.priceProvider, content, usage);
    this.#watch.used(lane, usage);
    const cost = await this.#record.finish(end);
    const result = isComplete ? "answered" : cause === "client_gone" ? "aborted" : "failed";
    this.#watch.ended({ lane, result, usage, cost });
    return cost;
  }

  #signals({
    isComplete,
    isLeft,
    finishReason,
  }: {
    readonly isComplete: boolean;
    readonly isLeft: boolean;
    readonly finishReason: string | undefined;
  }): readonly Signal[] {
    const usualMs = this.#snapshot.policy.candidates.find(({ id }) => id === this.#call.candidate)?.latencyP95Ms ?? 0;
    return signalsOf({
      latencyMs: Math.max(0, this.#context.nowMs() - this.#begunMs),
      latencyMaxMs: SLOW_TIMES * usualMs,
      isFailed: !isComplete,
      isRepeat: this.#isRepeat,
      isAborted: isLeft && !isComplete,
      finishReason,
    });
  }

  async #whole(answer: Extract<CallResult, { readonly kind: "answer" }>["answer"], lane: Lane): Promise<Buffer> {
    try {
      return await answer.whole(ANSWER_BYTES_MAX);
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      answer.end(error.kind === "left" ? "unknown" : "fault");
      this.#ended(false);
      const cause = holdCauseOf(error);
      await this.#record.lose(answer.status, cause);
      this.#watch.ended({ lane, result: cause === "client_gone" ? "aborted" : "failed" });
      throw failureError(error, this.#call.decisionId);
    }
  }
}

function mayFallBack(result: CallResult): boolean {
  if (result.kind === "unavailable") return true;
  if (result.kind === "failed") return !result.failure.isSent && result.failure.kind !== "left";
  if (result.kind !== "refused") return false;
  return faultOf(result.answer.status, jsonOf(result.answer.body)) !== "caller";
}

function holdCauseOf({ kind }: UpstreamFailure): HoldCause {
  if (kind === "left") return "client_gone";
  return kind.startsWith("timeout") ? "timeout" : "unknown";
}

function failureError({ kind }: UpstreamFailure, decisionId: string): GatewayError {
  const code = kind.startsWith("timeout") ? "CAL_GATEWAY_PROVIDER_TIMEOUT" : "CAL_GATEWAY_PROVIDER_FAILED";
  return new GatewayError(code, { problem: kind, decisionId });
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString()) as unknown;
  } catch {
    return undefined;
  }
}
