/**
 * Ends a stream for the client if the provider did not end it: as complete, or with an error of the dialect. To both
 * official SDKs a bare end looks like success, and agents then repeat the call, which makes it the most expensive ending.
 * @module
 */
import type { WireDialect } from "./dialect.ts";
import type { Json } from "./stream-sights.ts";

/** An error within a stream. `type` and `code` are OpenAI's or Anthropic's. */
export interface StreamError {
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
}

/** State from the events of a response. Codex only reads `response.failed`, which holds the complete response object. */
export interface ResponseProgress {
  readonly response: Json | undefined;
  readonly sequenceNumber: number;
}

export const STREAM_CUT: StreamError = {
  type: "api_error",
  code: "stream_cut",
  message: "The provider ended the stream before the answer was complete.",
};

/** The event that marks an answer as complete; empty for dialects whose last content event does so. */
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

/** A response's error code must be one of these; clients treat an unknown code as a network failure. */
const RESPONSE_ERROR_CODES = new Set(["server_error", "rate_limit_exceeded", "invalid_prompt", "insufficient_quota"]);

function responseErrorCode(code: string | null): string {
  return code !== null && RESPONSE_ERROR_CODES.has(code) ? code : "server_error";
}
