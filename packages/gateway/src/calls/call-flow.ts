/**
 * A model call, from the client's body to the answer:
 *
 *     body ─▶ model ─▶ lanes ─▶ begin: decided and reserved ─▶ attempts ─▶ answer ─▶ usage ─▶ settled or held
 *                                       │ rejected: 402, 403
 *
 * Nothing is sent before the decision is durable, and nothing is answered as complete whose cost is not in the journal.
 * @module
 */
import { randomInt } from "node:crypto";
import type { HoldCause } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import type { RequestHeaders } from "../http/exchange.ts";
import type { Call, Reply } from "../http/route-contract.ts";
import { callerOf } from "../keys/caller.ts";
import { requireTenant } from "../keys/tenancy.ts";
import { type CallPlan, type CallResult, callUpstreams } from "../providers/call-attempts.ts";
import { UpstreamFailure } from "../providers/upstream-failure.ts";
import type { WireDialect } from "../wire/dialect.ts";
import { faultOf, passedError } from "../wire/provider-errors.ts";
import { listedHeaders, RESPONSE_HEADERS } from "../wire/header-lists.ts";
import { AnswerStream } from "./answer-stream.ts";
import { ANSWER_BYTES_MAX, readWhole } from "./answer-whole.ts";
import type { CallContext } from "./call-context.ts";
import { boundOfLane } from "./bounds.ts";
import { costHeaders, decisionHeaders, newRequestId, rejectionReply, replyOf } from "./call-headers.ts";
import { estimatedTokens } from "./token-estimate.ts";
import { CallRecord } from "./call-record.ts";
import { type ClientBody, readClientBody } from "./client-call.ts";
import type { CandidateBound, EngineCall } from "./engine-calls.ts";
import type { Fleet, Target } from "./fleet.ts";
import { candidatesOf, capabilitiesAsked, type Lane, laneOf, requestFor } from "./lanes.ts";
import type { NamedModel } from "./model-names.ts";
import { pairsOf, timeoutsOf } from "./send-options.ts";
import { streamWriter } from "./stream-writer.ts";

/** A lane with what is reserved for it. */
interface BoundLane {
  readonly lane: Lane;
  readonly bound: CandidateBound;
}

/** Of a refusal that is passed on. */
const ERROR_BYTES_MAX = 1024 * 1024;

export async function answerCall(context: CallContext, dialect: WireDialect, request: Call): Promise<Reply> {
  const { bodies, config, names, nowMs } = context;
  const { headers, principal } = request;
  const body = await bodies.scan(request.body as Buffer, {
    dialect,
    encoding: textOf(headers["content-encoding"]),
    principal,
    takeBytes: (bytes) => request.takeBytes(bytes),
  });
  const client = readClientBody(body, dialect);
  const named = names.resolve(client.model);
  const lanes = lanesFor(context, client, named, nowMs());
  const tenant = tenantOf(request);
  const caller = callerOf(context.engine, principal);
  const limit = limitOf(client, named, lanes);
  const begun = await context.calls.begin(
    {
      ...(request.idempotencyKey === undefined ? {} : { requestId: request.idempotencyKey }),
      ...(tenant === undefined ? {} : { tenant }),
      ...(named.useCase === undefined ? {} : { useCase: named.useCase }),
      ...(named.candidate === undefined ? {} : { requested: named.candidate }),
      inputTokens: estimatedTokens(body.content.promptBytes, body.content.wideBytes),
      ...(dialect === "openai-embeddings" ? { outputTokens: 0 } : {}),
      promptDigest: body.promptDigest,
      mode: named.mode,
      outputTokensMax: limit.tokens,
      outputTokensMin: Math.min(limit.tokens, Math.max(named.outputTokensMin, client.thinkingTokens + 1)),
      bounds: lanes.map(({ bound }) => bound),
    },
    caller,
  );
  if ("rejected" in begun) {
    const { reason, roomMicrocents } = begun.rejected;
    const rejected = { reason, roomMicrocents, decisionId: begun.decided.decisionId, model: client.model };
    return rejectionReply(dialect, rejected, textOf(headers["originator"]), config.calls.refusals === "plain");
  }
  return new CallRun(context, request, client, lanes, begun.call, limit.isWritten).answer();
}

/** One call that has begun. */
class CallRun {
  readonly #context: CallContext;
  readonly #request: Call;
  readonly #client: ClientBody;
  readonly #lanes: readonly BoundLane[];
  readonly #call: EngineCall;
  readonly #isLimitWritten: boolean;
  readonly #record: CallRecord;

  constructor(
    context: CallContext,
    request: Call,
    client: ClientBody,
    lanes: readonly BoundLane[],
    call: EngineCall,
    isLimitWritten: boolean,
  ) {
    this.#context = context;
    this.#request = request;
    this.#client = client;
    this.#lanes = lanes;
    this.#call = call;
    this.#isLimitWritten = isLimitWritten;
    this.#record = new CallRecord(call, context.nowMs);
  }

  async answer(): Promise<Reply> {
    const order = [this.#call.candidate, ...this.#call.fallbacks()];
    let last: { readonly result: CallResult; readonly lane: Lane } | undefined;
    for (const id of order) {
      const found = this.#lanes.find(({ lane }) => lane.candidateId === id);
      if (found === undefined) continue;
      const result = await this.#send(found);
      last = { result, lane: found.lane };
      if (!mayFallBack(result)) break;
    }
    if (last === undefined) {
      await this.#record.fail("unknown");
      throw new GatewayError("CAL_GATEWAY_PROVIDER_UNAVAILABLE", { model: this.#client.model });
    }
    return this.#reply(last.result, last.lane);
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
    const more = decisionHeaders(this.#call, { ran: lane.candidate, asked: this.#client.model });
    if (result.kind === "answer") return this.#answered(result, lane, more);
    if (result.kind === "refused") {
      await this.#record.fail("unknown");
      return replyOf(passedError(result.answer, lane.asked, this.#client.dialect, newRequestId()), more);
    }
    if (result.kind === "unavailable") {
      await this.#record.fail("unknown");
      throw new GatewayError("CAL_GATEWAY_PROVIDER_UNAVAILABLE", { model: this.#client.model });
    }
    await this.#record.fail(holdCauseOf(result.failure));
    throw failureError(result.failure);
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
    const passed = listedHeaders(RESPONSE_HEADERS, answer.headers).filter(
      (_part, at, all) => all[at - (at % 2)] !== "content-type",
    );
    const headers = [...passed, ...more];
    if (this.#client.isStreamed && /^text\/event-stream\b/i.test(type)) {
      const writer = streamWriter(lane, this.#client, nowMs());
      const stream = new AnswerStream({
        result,
        writer,
        left: this.#request.signal,
        nowMs,
        settle: async ({ outcome, cause, firstByteMs }) => {
          const end = { target, status: answer.status, usage: writer.usage(), cause, firstByteMs };
          await this.#record
            .finish({ ...end, isComplete: outcome === "complete" })
            .catch((error: unknown) => this.#context.report(error));
        },
      });
      return { status: answer.status, body: stream, contentType: type, headers };
    }
    const bytes = await this.#whole(answer);
    const { usage, body } = readWhole(bytes, lane, nowMs());
    const isRead = body instanceof Uint8Array;
    answer.end(isRead ? "healthy" : "fault");
    const end = { target, status: answer.status, usage, cause: "unknown" as const };
    const cost = await this.#record.finish({ ...end, isComplete: isRead });
    if (!isRead) throw body;
    const costs = costHeaders(this.#call, cost, usage);
    return { status: answer.status, body, contentType: "application/json", headers: [...headers, ...costs] };
  }

  async #whole(answer: Extract<CallResult, { readonly kind: "answer" }>["answer"]): Promise<Buffer> {
    try {
      return await answer.whole(ANSWER_BYTES_MAX);
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      answer.end(error.kind === "left" ? "unknown" : "fault");
      await this.#record.lose(answer.status, holdCauseOf(error));
      throw failureError(error);
    }
  }
}

/** Candidates that may run, with their bounds. The one that is asked for must be among them. */
function lanesFor(
  { engine, fleet }: CallContext,
  client: ClientBody,
  { candidate, mode }: NamedModel,
  timeMs: number,
): readonly BoundLane[] {
  const all = candidatesOf(engine.snapshot);
  const asked = candidate === undefined ? undefined : all.find(({ name }) => name === candidate);
  if (candidate !== undefined && (asked === undefined || fleet.targetsOf(candidate).length === 0))
    throw new GatewayError("CAL_GATEWAY_MODEL_UNKNOWN", { model: client.model });
  const lanes: BoundLane[] = [];
  if (asked !== undefined) lanes.push(requiredLane(asked, client, fleet, timeMs));
  if (mode === "observe") return lanes;
  // What a candidate is not known to do is not asked of it instead of the one that was named.
  if (asked !== undefined && capabilitiesAsked(client).size > 0) return lanes;
  for (const one of all) {
    if (one === asked) continue;
    const lane = possibleLane(one, client, fleet);
    const bound = lane && boundOfLane(lane, client, timeMs);
    if (lane !== undefined && bound !== undefined) lanes.push({ lane, bound });
  }
  if (lanes.length === 0) throw new GatewayError("CAL_GATEWAY_MODEL_UNKNOWN", { model: client.model });
  return lanes;
}

function requiredLane(
  candidate: { readonly id: number; readonly name: string },
  client: ClientBody,
  fleet: Fleet,
  timeMs: number,
): BoundLane {
  const lane = laneOf(candidate, client, fleet);
  if (lane === undefined) throw new GatewayError("CAL_GATEWAY_MODEL_UNKNOWN", { model: client.model });
  const bound = boundOfLane(lane, client, timeMs);
  if (bound === undefined) {
    const { priceProvider, model } = lane.targets[0] as Target;
    throw new GatewayError("CAL_GATEWAY_MODEL_UNPRICED", { provider: priceProvider, model });
  }
  return { lane, bound };
}

/** A call that another dialect cannot say is not moved there. */
function possibleLane(
  candidate: { readonly id: number; readonly name: string },
  client: ClientBody,
  fleet: Fleet,
): Lane | undefined {
  try {
    return laneOf(candidate, client, fleet);
  } catch (error) {
    if (error instanceof GatewayError && error.code === "CAL_GATEWAY_UNTRANSLATABLE") return undefined;
    throw error;
  }
}

/** The output limit that the reservation counts with, and whether it is written into the request. */
function limitOf(
  { limitTokens, dialect }: ClientBody,
  { outputTokensMax }: NamedModel,
  lanes: readonly BoundLane[],
): { readonly tokens: number; readonly isWritten: boolean } {
  if (dialect === "openai-embeddings") return { tokens: 0, isWritten: false };
  if (outputTokensMax !== undefined && (limitTokens === undefined || limitTokens > outputTokensMax))
    return { tokens: outputTokensMax, isWritten: true };
  if (limitTokens !== undefined) return { tokens: limitTokens, isWritten: false };
  const most = lanes.flatMap(({ lane }) => lane.targets.map((target) => target.outputTokensMax));
  return { tokens: Math.max(1, ...most), isWritten: false };
}

/** The tenant that the key is bound to, or that the header names. */
function tenantOf({ principal, headers }: Call): string | undefined {
  const named = textOf(headers["x-calybris-tenant"]);
  const bound = principal.tenants?.size === 1 ? [...principal.tenants][0] : undefined;
  const tenant = named ?? bound;
  requireTenant(principal, tenant);
  return tenant;
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

function failureError({ kind }: UpstreamFailure): GatewayError {
  if (kind.startsWith("timeout")) return new GatewayError("CAL_GATEWAY_PROVIDER_TIMEOUT", { problem: kind });
  return new GatewayError("CAL_GATEWAY_PROVIDER_FAILED", { problem: kind });
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString()) as unknown;
  } catch {
    return undefined;
  }
}

function textOf(header: RequestHeaders[string]): string | undefined {
  return typeof header === "string" && header !== "" ? header : undefined;
}
