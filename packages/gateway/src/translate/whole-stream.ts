/**
 * Writes a complete answer as the stream that the client requested: some hosts cannot stream, and a client treats an answer
 * without events as empty.
 * @module
 */
import { completion } from "../wire/stream-endings.ts";
import type { WireDialect } from "../wire/dialect.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";

/** @param answer - in the client's dialect. */
export function wholeAsStream(dialect: WireDialect, answer: Json, isUsageAsked: boolean): string {
  if (dialect === "anthropic-messages") return messageStream(answer);
  return dialect === "openai-responses" ? responseStream(answer) : chatStream(answer, isUsageAsked);
}

function chatStream({ choices, usage, ...rest }: Json, isUsageAsked: boolean): string {
  const head = { ...rest, object: "chat.completion.chunk" };
  const chunk = (members: Json): string => `data: ${JSON.stringify({ ...head, ...members })}\n\n`;
  const withNull = isUsageAsked ? { usage: null } : {};
  const all = asList(choices).map((one) => asObject(one) ?? {});
  const texts = all.map(({ index = 0, message, logprobs = null, finish_reason: reason }) => {
    const { tool_calls: calls, ...said } = asObject(message) ?? {};
    const indexed = asList(calls).map((call, at) => ({ index: at, ...asObject(call) }));
    const delta = { ...said, ...(indexed.length === 0 ? {} : { tool_calls: indexed }) };
    return (
      chunk({ choices: [{ index, delta, logprobs, finish_reason: null }], ...withNull }) +
      chunk({ choices: [{ index, delta: {}, logprobs: null, finish_reason: reason }], ...withNull })
    );
  });
  const last = isUsageAsked && asObject(usage) !== undefined ? chunk({ choices: [], usage }) : "";
  return texts.join("") + last + completion("openai-chat");
}

/** The deltas of a block by its type, and its empty start. A block of any other type is completely in its start. */
function blockDeltas({ type, text, thinking, signature, input }: Json): {
  readonly empty: Json;
  readonly deltas: readonly Json[];
} {
  if (type === "text") return { empty: { text: "" }, deltas: [{ type: "text_delta", text }] };
  if (type === "tool_use")
    return { empty: { input: {} }, deltas: [{ type: "input_json_delta", partial_json: JSON.stringify(input) }] };
  if (type !== "thinking") return { empty: {}, deltas: [] };
  const deltas = [
    { type: "thinking_delta", thinking },
    { type: "signature_delta", signature },
  ];
  return { empty: { thinking: "", signature: "" }, deltas };
}

function messageStream(message: Json): string {
  const event = (type: string, members: Json): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
  const { content, stop_reason, stop_sequence, usage } = message;
  const blocks = asList(content).map((value, index) => {
    const block = asObject(value) ?? {};
    const { empty, deltas } = blockDeltas(block);
    return (
      event("content_block_start", { index, content_block: { ...block, ...empty } }) +
      deltas.map((delta) => event("content_block_delta", { index, delta })).join("") +
      event("content_block_stop", { index })
    );
  });
  return (
    event("message_start", { message: { ...message, content: [], stop_reason: null, stop_sequence: null } }) +
    blocks.join("") +
    event("message_delta", { delta: { stop_reason, stop_sequence: stop_sequence ?? null }, usage: usage ?? {} }) +
    completion("anthropic-messages")
  );
}

function responseStream(response: Json): string {
  const texts: string[] = [];
  const event = (type: string, members: Json): void => {
    texts.push(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: texts.length, ...members })}\n\n`);
  };
  const { usage: _, ...rest } = response;
  const begun = { ...rest, status: "in_progress", incomplete_details: null, output: [] };
  for (const type of ["response.created", "response.in_progress"]) event(type, { response: begun });
  for (const [index, value] of asList(response["output"]).entries()) {
    const item = asObject(value) ?? {};
    event("response.output_item.added", { output_index: index, item: emptyItem(item) });
    const at = { item_id: item["id"], output_index: index };
    if (item["type"] === "message")
      for (const [place, part] of asList(item["content"]).entries())
        partEvents(asObject(part) ?? {}, { ...at, content_index: place }, event);
    if (item["type"] === "function_call") {
      event("response.function_call_arguments.delta", { ...at, delta: item["arguments"] });
      event("response.function_call_arguments.done", { ...at, name: item["name"], arguments: item["arguments"] });
    }
    event("response.output_item.done", { output_index: index, item });
  }
  event(`response.${String(response["status"] ?? "completed")}`, { response });
  return texts.join("");
}

function emptyItem(item: Json): Json {
  if (item["type"] === "message") return { ...item, status: "in_progress", content: [] };
  return item["type"] === "function_call" ? { ...item, status: "in_progress", arguments: "" } : item;
}

function partEvents(part: Json, at: Json, event: (type: string, members: Json) => void): void {
  const { type, text, refusal } = part;
  if (type === "output_text") {
    event("response.content_part.added", { ...at, part: { ...part, text: "" } });
    event("response.output_text.delta", { ...at, delta: text, logprobs: [] });
    event("response.output_text.done", { ...at, text, logprobs: [] });
  } else if (type === "refusal") {
    event("response.content_part.added", { ...at, part: { ...part, refusal: "" } });
    event("response.refusal.delta", { ...at, delta: refusal });
    event("response.refusal.done", { ...at, refusal });
  } else event("response.content_part.added", { ...at, part });
  event("response.content_part.done", { ...at, part });
}
