/**
 * `POST /v1/messages/count_tokens`, for every model. Anthropic and Google count for their own models; for all other models
 * the count is an estimate. Nothing is reserved, because counting is free.
 * @module
 */
import { parseStrictJson } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import type { Call, Reply } from "../http/route-contract.ts";
import { requireModel } from "../keys/allowed-models.ts";
import { type CallPlan, callUpstreams } from "../providers/call-attempts.ts";
import { roughTokens } from "../reserve/expected-usage.ts";
import type { ScannedCall } from "../scan/call-scan.ts";
import { type ExactObject, exactText } from "../translate/field-check.ts";
import { geminiCount, geminiCountPath } from "../translate/gemini-count.ts";
import { splice } from "../wire/body-members.ts";
import type { AnswerDialect } from "../wire/dialect.ts";
import { passedError } from "../wire/provider-errors.ts";
import { editModel, modelOf } from "../wire/request-edits.ts";
import { asObject } from "../wire/stream-sights.ts";
import type { CallContext } from "./call-context.ts";
import { newRequestId, replyOf } from "./call-headers.ts";
import type { Target } from "./fleet.ts";
import { pairsOf, timeoutsOf } from "./send-options.ts";

const ANSWER_BYTES_MAX = 64 * 1024;
const COUNT_ATTEMPTS_MAX = 2;

/** A provider's token count: its deployments, the request to them, and the answer for the client. */
interface Counter {
  readonly asked: AnswerDialect;
  readonly targets: readonly Target[];
  readonly requestOf: (target: Target) => ReturnType<CallPlan["requestOf"]>;
  /** The client's answer; `undefined` if the provider's answer is not a count. */
  readonly said: (bytes: Buffer) => string | Uint8Array | undefined;
}

export async function countTokens(context: CallContext, call: Call): Promise<Reply> {
  const { principal, headers } = call;
  const body = await context.bodies.scan(call.body as Buffer, {
    dialect: "anthropic-messages",
    encoding: headers["content-encoding"] as string | undefined,
    principal,
    takeBytes: (bytes) => call.takeBytes(bytes),
  });
  const model = modelOf(body);
  requireModel(principal, model);
  const { candidate } = context.names.resolve(model);
  const named = candidate ?? context.fleet.candidates()[0] ?? "";
  const targets = context.fleet.targetsOf(named);
  if (targets.length === 0) throw new GatewayError("CAL_GATEWAY_MODEL_UNKNOWN", { model });
  const counter = anthropicCounter(targets, body, call) ?? googleCounter(targets, body);
  if (counter !== undefined) return counted(context, call, counter);
  return { body: JSON.stringify({ input_tokens: Math.max(1, roughTokens(body.content)) }) };
}

function anthropicCounter(targets: readonly Target[], body: ScannedCall, { headers }: Call): Counter | undefined {
  const own = targets.filter(({ dialects }) => dialects.includes("anthropic-messages"));
  if (own.length === 0) return undefined;
  const requestOf: Counter["requestOf"] = ({ model }) => ({
    asked: "count_tokens",
    headers: pairsOf(headers),
    body: splice(body.bytes, editModel(body, model)),
  });
  return { asked: "anthropic-messages", targets: own, requestOf, said: (bytes) => bytes };
}

/** `undefined` also for a request that Google's dialect cannot express. */
function googleCounter(targets: readonly Target[], body: ScannedCall): Counter | undefined {
  const own = targets.filter(({ dialects }) => dialects.includes("gemini"));
  if (own.length === 0) return undefined;
  const request = parseStrictJson(Buffer.from(body.bytes).toString()) as ExactObject;
  const requestOf: Counter["requestOf"] = ({ model }) => ({
    asked: "gemini",
    headers: [],
    path: geminiCountPath(model),
    body: [Buffer.from(exactText(geminiCount(request, model)))],
  });
  try {
    for (const target of own) requestOf(target);
  } catch (error) {
    if (error instanceof GatewayError && error.code === "CAL_GATEWAY_UNTRANSLATABLE") return undefined;
    throw error;
  }
  return { asked: "gemini", targets: own, requestOf, said: googleCount };
}

function googleCount(bytes: Buffer): string | undefined {
  const count = asObject(jsonOf(bytes))?.["totalTokens"];
  return typeof count === "number" ? JSON.stringify({ input_tokens: count }) : undefined;
}

async function counted(
  { config, nowMs }: CallContext,
  call: Call,
  { asked, targets, requestOf, said }: Counter,
): Promise<Reply> {
  let number = 0;
  const result = await callUpstreams(
    targets.map(({ upstream }) => upstream),
    {
      requestOf: (upstream) => requestOf(targets.find((one) => one.upstream === upstream) as Target),
      isStreamed: false,
      timeouts: timeoutsOf(config),
      retries: { attemptsMax: COUNT_ATTEMPTS_MAX, waitMs: 1, waitMaxMs: config.calls.retryWaitMaxMs },
      errorBytesMax: ANSWER_BYTES_MAX,
      left: call.signal,
    },
    {
      begin: () => {
        number += 1;
        return Promise.resolve(`count-${number}`);
      },
      end: () => Promise.resolve(),
      random: () => 0,
      nowMs,
    },
  );
  if (result.kind === "refused")
    return replyOf(passedError(result.answer, asked, "anthropic-messages", newRequestId()));
  if (result.kind !== "answer") throw new GatewayError("CAL_GATEWAY_PROVIDER_FAILED", { problem: result.kind });
  const body = said(await result.answer.whole(ANSWER_BYTES_MAX));
  result.answer.end(body === undefined ? "fault" : "healthy");
  if (body === undefined)
    throw new GatewayError("CAL_GATEWAY_PROVIDER_FAILED", { problem: "its answer is not a count" });
  return { status: result.answer.status, body };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
