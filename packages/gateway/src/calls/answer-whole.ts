/**
 * An answer that is not streamed by the provider. It is read completely before the client's answer begins, because its cost
 * is sent in the headers.
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

/** The body that is sent to the client. */
export interface AnswerBody {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** Maximum length of an answer. Images take several megabytes. */
export const ANSWER_BYTES_MAX: number = 64 * 1024 * 1024;

export interface WholeAnswer {
  /** `undefined` if the answer is not a JSON object, is an error, or has no usage. */
  readonly usage: UsageRecord | undefined;
  /** The body for the client, or the error that it gets instead. */
  readonly body: AnswerBody | GatewayError;
  /** Whether the model finished: the answer has status `completed`, or no status and no error. */
  readonly isDone: boolean;
  /** As the provider names it. */
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

/** Maximum number of characters of a provider's error message that are shown to the client. */
const FAULT_SHOWN_MAX = 200;

/** The error in an answer with status 200, which some hosts send. A failed `response` object is not one: it has usage. */
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
