/**
 * How a stream is ended towards a client when the provider did not end it: as complete, or with an error of the dialect. A
 * bare end looks like success to both official SDKs, and costs more than any other answer: agents repeat the call.
 * @module
 */
import type { WireDialect } from "./dialect.ts";
import type { Json } from "./stream-sights.ts";

/** What an error within a stream says. `type` and `code` are OpenAI's words or Anthropic's. */
export interface StreamError {
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
}

/** What the events of a response carry on: Codex reads only `response.failed`, which holds the whole response object. */
export interface ResponseProgress {
  readonly response: Json | undefined;
  readonly sequenceNumber: number;
}

export const STREAM_CUT: StreamError = {
  type: "api_error",
  code: "stream_cut",
  message: "The provider ended the stream before the answer was complete.",
};

/** The event by which a client knows that the answer is complete; empty for a dialect whose last event says it. */
export function completion(dialect: WireDialect): string {
  if (dialect === "openai-chat") return "data: [DONE]\n\n";
  return dialect === "anthropic-messages" ? 'event: message_stop\ndata: {"type":"message_stop"}\n\n' : "";
}

/** An error as the last event of a stream. */
export function streamError(
  dialect: WireDialect,
  { type, code, message }: StreamError,
  { response, sequenceNumber }: ResponseProgress = { response: undefined, sequenceNumber: 0 },
): string {
  if (dialect === "anthropic-messages")
    return `event: error\ndata: ${JSON.stringify({ type: "error", error: { type, message } })}\n\n`;
  if (dialect !== "openai-responses")
    return `data: ${JSON.stringify({ error: { message, type, param: null, code } })}\n\n`;
  if (response === undefined) {
    const flat = { type: "error", code, message, param: null, sequence_number: sequenceNumber };
    return `event: error\ndata: ${JSON.stringify(flat)}\n\n`;
  }
  const failed = { ...response, status: "failed", error: { code: responseErrorCode(code), message } };
  const event = { type: "response.failed", sequence_number: sequenceNumber, response: failed };
  return `event: response.failed\ndata: ${JSON.stringify(event)}\n\n`;
}

/** A response's error has a code of a closed list; clients take one they do not know for a fault of the network. */
const RESPONSE_ERROR_CODES = new Set(["server_error", "rate_limit_exceeded", "invalid_prompt", "insufficient_quota"]);

function responseErrorCode(code: string | null): string {
  return code !== null && RESPONSE_ERROR_CODES.has(code) ? code : "server_error";
}
