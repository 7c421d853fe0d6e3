/**
 * An answer that was not streamed: read as a whole, because its cost goes into the headers.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import { answerIn } from "../translate/answer-routes.ts";
import { parseExact } from "../translate/exact-parse.ts";
import { wholeAsStream } from "../translate/whole-stream.ts";
import { responseBase } from "../translate/response-parts.ts";
import { finishReasonOf } from "../usage/finish-reason.ts";
import { usageOfAnswer } from "../usage/usage-reader.ts";
import type { UsageRecord } from "../usage/usage-record.ts";
import type { AnswerDialect } from "../wire/dialect.ts";
import { readProviderError } from "../wire/provider-errors.ts";
import { asObject, type Json } from "../wire/stream-sights.ts";
import type { ClientBody } from "./client-call.ts";
import type { Lane } from "./lanes.ts";

/** What the client gets of an answer that was read as a whole. */
export interface AnswerBody {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** Of an answer; images in one take megabytes. */
export const ANSWER_BYTES_MAX: number = 64 * 1024 * 1024;

export interface WholeAnswer {
  /** `undefined`: it is no answer. */
  readonly usage: UsageRecord | undefined;
  /** What the client gets, or why it gets nothing. */
  readonly body: AnswerBody | GatewayError;
  /** It is what the model made of the request, whatever else was asked: no failure, and no beginning. */
  readonly isDone: boolean;
  /** In the provider's word. */
  readonly finishReason: string | undefined;
}

export function readWhole(
  bytes: Buffer,
  { asked, isTranslated }: Lane,
  client: Pick<ClientBody, "dialect" | "parsed" | "isStreamed" | "isUsageAsked">,
  nowMs: number,
): WholeAnswer {
  const json = jsonOf(bytes, isTranslated || client.isStreamed);
  if (json === undefined) {
    const body = failed("its answer is not a JSON object");
    return { usage: undefined, body, isDone: false, finishReason: undefined };
  }
  const fault = saidError(asked, json);
  if (fault !== undefined) {
    const body = failed(`it answered with an error: ${fault.slice(0, FAULT_SHOWN_MAX)}`);
    return { usage: undefined, body, isDone: false, finishReason: undefined };
  }
  const usage = usageOfAnswer(asked, json);
  const finishReason = finishReasonOf(json);
  const { status = "completed" } = json;
  const isDone = status === "completed";
  if (!isTranslated && !client.isStreamed) return { usage, body: jsonAnswer(bytes), isDone, finishReason };
  const base = (): Json => (client.dialect === "openai-embeddings" ? client.parsed() : responseBase(client.parsed()));
  const route = { from: asked, to: client.dialect, createdSeconds: Math.floor(nowMs / 1_000), base };
  const said = isTranslated ? answerIn(route, json) : { answer: json };
  if ("problem" in said) return { usage, isDone, finishReason, body: failed(said.problem) };
  const read = { usage, isDone, finishReason };
  if (!client.isStreamed) return { ...read, body: jsonAnswer(Buffer.from(JSON.stringify(said.answer))) };
  const text = wholeAsStream(client.dialect, said.answer, client.isUsageAsked);
  return { ...read, body: { bytes: Buffer.from(text), contentType: "text/event-stream" } };
}

/** Of a provider's message. */
const FAULT_SHOWN_MAX = 200;

/** Some hosts answer 200 with an error. A response that failed is an answer: it has its usage. */
function saidError(asked: AnswerDialect, json: Json): string | undefined {
  const { error, choices, data, object, type } = json;
  const isError =
    asked === "anthropic-messages" ? type === "error" : Boolean(error) && object !== "response" && !(choices ?? data);
  return isError ? readProviderError(json).message || "it says no more" : undefined;
}

function jsonAnswer(bytes: Uint8Array): AnswerBody {
  return { bytes, contentType: "application/json" };
}

function failed(problem: string): GatewayError {
  return new GatewayError("CAL_GATEWAY_PROVIDER_FAILED", { problem });
}

function jsonOf(bytes: Buffer, isExact: boolean): Json | undefined {
  const text = bytes.toString();
  try {
    return asObject(isExact ? parseExact(text) : JSON.parse(text));
  } catch {
    return undefined;
  }
}
