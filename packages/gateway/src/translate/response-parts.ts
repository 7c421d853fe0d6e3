/**
 * Builds OpenAI response objects from a request and a chat completion.
 * @module
 */
import type { UsageRecord } from "../usage/usage-record.ts";
import type { Json } from "../wire/stream-sights.ts";
import { exactText, type ExactObject } from "./field-check.ts";
import { parseExact } from "./exact-parse.ts";
import { signedItem } from "./google-signature.ts";

/**
 * The members of a response that repeat its request. It is never stored, whatever the request says.
 *
 * @param request - as the client sent it.
 */
export function responseBase(request: ExactObject): Json {
  const { instructions, metadata, tools, text, user } = parseExact(exactText(request)) as Json;
  const { tool_choice, parallel_tool_calls, temperature, top_p, max_output_tokens, reasoning } = request;
  return {
    object: "response",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: instructions ?? null,
    max_output_tokens: max_output_tokens ?? null,
    model: request["model"],
    metadata: metadata ?? {},
    parallel_tool_calls: parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: (reasoning as Json | undefined)?.["effort"] ?? null, summary: null },
    store: false,
    temperature: temperature ?? 1,
    text: text ?? { format: { type: "text" } },
    tool_choice: tool_choice ?? "auto",
    tools: tools ?? [],
    top_p: top_p ?? 1,
    truncation: "disabled",
    ...(user === undefined ? {} : { user }),
  };
}

/** The ID of a response, from that of the completion, with characters that every client accepts. */
export function responseId(completion: Json): string {
  return `resp_${String(completion["id"] ?? "none").replace(/[^A-Za-z0-9_-]/g, "")}`;
}

export function messageItem(id: string, content: readonly Json[], status: string): Json {
  return { id, type: "message", role: "assistant", status, content };
}

export function textPart(text: string): Json {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

export function callItem(
  id: string,
  call: { readonly callId: string; readonly name: string },
  text: string,
  status: string,
): Json {
  return { id, type: "function_call", call_id: call.callId, name: call.name, arguments: text, status };
}

export function signatureItem(id: string, signature: string): Json {
  return { id, type: "reasoning", summary: [], ...signedItem(signature) };
}

/** The status of a response for the finish reason of a completion. */
export function responseEnd(finishReason: string): {
  readonly status: string;
  readonly incomplete_details: Json | null;
} {
  if (finishReason === "length") return { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
  if (finishReason === "content_filter")
    return { status: "incomplete", incomplete_details: { reason: "content_filter" } };
  return { status: "completed", incomplete_details: null };
}

export function responseUsage(usage: UsageRecord | undefined): { readonly usage?: Json } {
  if (usage === undefined) return {};
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage;
  return {
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: cacheReadTokens, cache_write_tokens: cacheWriteTokens },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: reasoningTokens },
      total_tokens: inputTokens + outputTokens,
    },
  };
}
