/**
 * The mock's answers as Anthropic's messages: input is counted apart from cached input, and a stream's counts are
 * cumulative.
 * @module
 */
import type { Json } from "../wire/stream-sights.ts";
import type { MockCall, MockCounts, MockEvent, MockIdentity } from "./mock-call.ts";
import { tokenPieces } from "./prompt.ts";
import { sse } from "./sse-text.ts";

export function messageAnswer(call: MockCall, identity: MockIdentity): Json {
  return {
    ...head(call, identity),
    content: [block(call, identity, call.texts[0] ?? "")],
    stop_reason: stopReason(call),
    stop_sequence: null,
    usage: messageUsage(call.counts, call.counts.outputTokens),
  };
}

export function messageEvents(call: MockCall, identity: MockIdentity): readonly MockEvent[] {
  const { counts, tool } = call;
  const event = (stage: MockEvent["stage"], outputTokens: number, type: string, members: Json): MockEvent => ({
    stage,
    outputTokens,
    text: sse({ type, ...members }, type),
  });
  const opening = {
    ...head(call, identity),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: messageUsage(counts, 1),
  };
  const all = counts.outputTokens;
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = messageUsage(
    counts,
    all,
  );
  const cumulative = { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens };
  return [
    event("start", 0, "message_start", { message: opening }),
    event("start", 0, "content_block_start", { index: 0, content_block: block(call, identity, "") }),
    event("start", 0, "ping", {}),
    ...tokenPieces(call.texts[0] ?? "").map((piece, index) => {
      const delta =
        tool === undefined ? { type: "text_delta", text: piece } : { type: "input_json_delta", partial_json: piece };
      return event("piece", index + 1, "content_block_delta", { index: 0, delta });
    }),
    event("finish", all, "content_block_stop", { index: 0 }),
    event("finish", all, "message_delta", {
      delta: { stop_reason: stopReason(call), stop_sequence: null },
      usage: cumulative,
    }),
    event("end", all, "message_stop", {}),
  ];
}

function head({ model }: MockCall, { requestId }: MockIdentity): Json {
  return { id: `msg_${requestId}`, type: "message", role: "assistant", model, container: null };
}

function block({ tool }: MockCall, { requestId }: MockIdentity, text: string): Json {
  if (tool === undefined) return { type: "text", text, citations: null };
  return { type: "tool_use", id: `toolu_${requestId}`, name: tool, input: toolInput(text) };
}

/** Arguments that the limit cut have no value. */
function toolInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function stopReason({ isTruncated, tool }: MockCall): string {
  if (isTruncated) return "max_tokens";
  return tool === undefined ? "end_turn" : "tool_use";
}

function messageUsage({ inputTokens, cacheReadTokens, cacheWriteTokens }: MockCounts, outputTokens: number): Json {
  return {
    input_tokens: inputTokens - cacheReadTokens - cacheWriteTokens,
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cacheReadTokens,
    cache_creation: { ephemeral_5m_input_tokens: cacheWriteTokens, ephemeral_1h_input_tokens: 0 },
    output_tokens: outputTokens,
    server_tool_use: null,
    service_tier: "standard",
    inference_geo: null,
  };
}
