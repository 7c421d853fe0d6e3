/**
 * The mock's answers as OpenAI's responses: the complete series of events, with contiguous sequence numbers.
 * @module
 */
import { asObject, type Json } from "../wire/stream-sights.ts";
import type { MockCall, MockCounts, MockEvent, MockIdentity } from "./mock-call.ts";
import { tokenPieces } from "./prompt.ts";
import { sse } from "./sse-text.ts";

export function responseAnswer(call: MockCall, identity: MockIdentity): Json {
  const status = call.isTruncated ? "incomplete" : "completed";
  return response(call, identity, status, [item(call, identity, call.texts[0] ?? "", status)]);
}

export function responseEvents(call: MockCall, identity: MockIdentity): readonly MockEvent[] {
  const { counts, tool } = call;
  const text = call.texts[0] ?? "";
  const answer = responseAnswer(call, identity);
  const itemId = itemIdOf(call, identity);
  const at = { item_id: itemId, output_index: 0 };
  const begun = item(call, identity, "", "in_progress");
  const part = { ...at, content_index: 0 };
  const events: MockEvent[] = [];
  const add = (stage: MockEvent["stage"], outputTokens: number, type: string, members: Json): void => {
    events.push({ stage, outputTokens, text: sse({ type, sequence_number: events.length, ...members }, type) });
  };
  for (const type of ["response.created", "response.in_progress"])
    add("start", 0, type, { response: response(call, identity, "in_progress", []) });
  add("start", 0, "response.output_item.added", {
    output_index: 0,
    item: tool === undefined ? { ...begun, content: [] } : begun,
  });
  if (tool === undefined) add("start", 0, "response.content_part.added", { ...part, part: textPart("") });
  for (const [index, delta] of tokenPieces(text).entries()) {
    const outputTokens = counts.reasoningTokens + index + 1;
    if (tool === undefined) add("piece", outputTokens, "response.output_text.delta", { ...part, delta, logprobs: [] });
    else add("piece", outputTokens, "response.function_call_arguments.delta", { ...at, delta });
  }
  const all = counts.outputTokens;
  if (tool === undefined) {
    add("finish", all, "response.output_text.done", { ...part, text, logprobs: [] });
    add("finish", all, "response.content_part.done", { ...part, part: textPart(text) });
  } else add("finish", all, "response.function_call_arguments.done", { ...at, name: tool, arguments: text });
  const [done] = answer["output"] as readonly Json[];
  add("finish", all, "response.output_item.done", { output_index: 0, item: done });
  add("finish", all, `response.${String(answer["status"])}`, { response: answer });
  return events;
}

function response(
  call: MockCall,
  { requestId, createdSeconds }: MockIdentity,
  status: string,
  output: readonly Json[],
): Json {
  const { body, model, counts } = call;
  return {
    id: `resp_${requestId}`,
    object: "response",
    created_at: createdSeconds,
    status,
    background: false,
    error: null,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
    instructions: typeof body["instructions"] === "string" ? body["instructions"] : null,
    max_output_tokens: body["max_output_tokens"] ?? null,
    model,
    output,
    parallel_tool_calls: body["parallel_tool_calls"] ?? true,
    previous_response_id: null,
    service_tier: "default",
    store: body["store"] ?? true,
    temperature: body["temperature"] ?? 1,
    text: asObject(body["text"]) ?? { format: { type: "text" } },
    tool_choice: body["tool_choice"] ?? "auto",
    tools: body["tools"] ?? [],
    top_p: body["top_p"] ?? 1,
    truncation: "disabled",
    metadata: body["metadata"] ?? {},
    ...(status === "in_progress" ? {} : { usage: responseUsage(counts) }),
  };
}

function item(call: MockCall, identity: MockIdentity, text: string, status: string): Json {
  const id = itemIdOf(call, identity);
  return call.tool === undefined
    ? { id, type: "message", role: "assistant", status, content: [textPart(text)] }
    : { id, type: "function_call", call_id: `call_${identity.requestId}`, name: call.tool, arguments: text, status };
}

function itemIdOf({ tool }: MockCall, { requestId }: MockIdentity): string {
  return `${tool === undefined ? "msg" : "fc"}_${requestId}`;
}

function textPart(text: string): Json {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function responseUsage({
  inputTokens,
  cacheReadTokens,
  cacheWriteTokens,
  outputTokens,
  reasoningTokens,
}: MockCounts): Json {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cacheReadTokens, cache_write_tokens: cacheWriteTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + outputTokens,
  };
}
