/**
 * The mock's answers as OpenAI's chat completions and embeddings.
 * @module
 */
import type { MockCall, MockCounts, MockEvent, MockIdentity } from "./mock-call.ts";
import { tokenPieces } from "./prompt.ts";
import { sse } from "./sse-text.ts";
import { asList, type Json } from "../wire/stream-sights.ts";

export function chatAnswer(call: MockCall, identity: MockIdentity): Json {
  const choices = call.texts.map((text, index) => ({
    index,
    message: {
      role: "assistant",
      content: call.tool === undefined ? text : null,
      refusal: null,
      annotations: [],
      ...(call.tool === undefined ? {} : { tool_calls: [toolCall(call.tool, text, index, identity)] }),
    },
    logprobs: null,
    finish_reason: finishReason(call),
  }));
  return { ...head(call, identity, "chat.completion"), choices, usage: chatUsage(call.counts) };
}

export function chatEvents(call: MockCall, identity: MockIdentity): readonly MockEvent[] {
  const { counts, isUsageAsked, tool } = call;
  const chunk = (choices: readonly object[], usage: Json | null = null): string =>
    sse({ ...head(call, identity, "chat.completion.chunk"), choices, ...(isUsageAsked ? { usage } : {}) });
  const one = (index: number, delta: object, reason: string | null = null): string =>
    chunk([{ index, delta, logprobs: null, finish_reason: reason }]);
  const events: MockEvent[] = [];
  let outputTokens = counts.reasoningTokens;
  for (const [index, text] of call.texts.entries()) {
    events.push({
      stage: "start",
      outputTokens: 0,
      text: one(index, { role: "assistant", content: tool === undefined ? "" : null, refusal: null }),
    });
    if (tool !== undefined) {
      const begun = toolCall(tool, "", index, identity);
      events.push({ stage: "start", outputTokens: 0, text: one(index, { tool_calls: [{ index: 0, ...begun }] }) });
    }
    for (const piece of tokenPieces(text)) {
      outputTokens += 1;
      const delta =
        tool === undefined ? { content: piece } : { tool_calls: [{ index: 0, function: { arguments: piece } }] };
      events.push({ stage: "piece", outputTokens, text: one(index, delta) });
    }
  }
  for (const index of call.texts.keys())
    events.push({ stage: "finish", outputTokens: counts.outputTokens, text: one(index, {}, finishReason(call)) });
  if (isUsageAsked)
    events.push({ stage: "finish", outputTokens: counts.outputTokens, text: chunk([], chatUsage(counts)) });
  return [...events, { stage: "end", outputTokens: counts.outputTokens, text: "data: [DONE]\n\n" }];
}

const DIMENSIONS = 256;

export function embeddingAnswer({ model, body, counts, random }: MockCall): Json {
  const { input, dimensions, encoding_format: format } = body;
  const list = asList(input);
  const inputs = Array.isArray(input) && typeof list[0] !== "number" ? list.length : 1;
  const length =
    Number.isSafeInteger(dimensions) && Number(dimensions) > 0 ? Math.min(Number(dimensions), 3_072) : DIMENSIONS;
  const data = Array.from({ length: inputs }, (_one, index) => {
    const vector = Float32Array.from({ length }, () => (random(20_001) - 10_000) / (10_000 * Math.sqrt(length)));
    const embedding = format === "base64" ? Buffer.from(vector.buffer).toString("base64") : [...vector];
    return { object: "embedding", index, embedding };
  });
  return {
    object: "list",
    model,
    data,
    usage: { prompt_tokens: counts.inputTokens, total_tokens: counts.inputTokens },
  };
}

function head({ model }: MockCall, { requestId, createdSeconds }: MockIdentity, object: string): Json {
  return {
    id: `chatcmpl-${requestId}`,
    object,
    created: createdSeconds,
    model,
    service_tier: "default",
    system_fingerprint: "fp_mock",
  };
}

function toolCall(name: string, text: string, index: number, { requestId }: MockIdentity): Json {
  return { id: `call_${requestId}_${index}`, type: "function", function: { name, arguments: text } };
}

function finishReason({ isTruncated, tool }: MockCall): string {
  if (isTruncated) return "length";
  return tool === undefined ? "stop" : "tool_calls";
}

function chatUsage({
  inputTokens,
  cacheReadTokens,
  cacheWriteTokens,
  outputTokens,
  reasoningTokens,
}: MockCounts): Json {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cacheReadTokens, cache_write_tokens: cacheWriteTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
