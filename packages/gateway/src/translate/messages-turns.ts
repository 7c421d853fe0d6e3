/**
 * Converts between Anthropic's system prompt and messages, and turns.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import type { ImagePart, TextPart, ToolCallPart, ToolResultPart, Turn } from "./call-request.ts";
import { requireUnsigned } from "./chat-messages.ts";
import { type ExactObject, untranslatable } from "./field-check.ts";
import { signatureOfBlock } from "./google-signature.ts";
import { booleanAt, given, listAt, objectAt, objectWith, onlyMembers, textAt } from "./json-access.ts";

/** Claude Code's first block: a checksum that changes with every request and only matters to Anthropic. */
const ATTRIBUTION = /^x-anthropic-billing-header:/;

export function readSystem(system: ExactJson | undefined): readonly Turn[] {
  if (system === undefined || system === null) return [];
  const parts = readTexts(system, "system").filter(({ text }) => !ATTRIBUTION.test(text));
  return parts.length === 0 ? [] : [{ role: "instructions", parts }];
}

export function readMessages(messages: readonly ExactJson[]): readonly Turn[] {
  return messages.map((message, index): Turn => {
    const path = `messages[${index}]`;
    const { role, content } = objectWith(message, path, "role", "content");
    const inner = `${path}.content`;
    if (role === "system") return { role: "instructions", parts: readTexts(content, inner) };
    const blocks = typeof content === "string" ? [{ type: "text", text: content }] : listAt(content, inner);
    if (role === "user") return { role, parts: blocks.map((block, at) => readUserBlock(block, `${inner}[${at}]`)) };
    if (role !== "assistant") throw untranslatable(`${path}.role`, "is unknown");
    return { role, parts: readAssistantBlocks(blocks, inner) };
  });
}

/**
 * Instructions at the beginning become the system prompt; later ones are refused. Consecutive turns of one role are merged.
 */
export function writeMessages(turns: readonly Turn[]): {
  readonly system?: ExactJson;
  readonly messages: readonly ExactJson[];
} {
  const first = turns.findIndex(({ role }) => role !== "instructions");
  const leading = (first === -1 ? turns : turns.slice(0, first)).flatMap((turn) => textsOf(turn));
  const messages: { role: "user" | "assistant"; content: ExactObject[] }[] = [];
  for (const [index, turn] of (first === -1 ? [] : turns.slice(first)).entries()) {
    if (turn.role === "instructions")
      throw untranslatable(`messages[${first + index}].role`, "gives instructions amid the conversation");
    if (turn.role === "assistant") requireUnsigned(turn.parts.filter((part) => part.kind === "tool call"));
    const content = turn.role === "user" ? turn.parts.map(userBlock) : turn.parts.map(assistantBlock);
    // An empty turn is dropped, which merges its neighbors.
    if (content.length === 0) continue;
    const last = messages.at(-1);
    if (last?.role === turn.role) last.content.push(...content);
    else messages.push({ role: turn.role, content });
  }
  for (const message of messages) if (message.role === "user") message.content.sort(resultsFirst);
  const system = leading.map((text): ExactJson => ({ type: "text", text }));
  return { messages, ...(system.length === 0 ? {} : { system }) };
}

function textsOf({ parts }: Turn): readonly string[] {
  return parts.flatMap((part) => (part.kind === "text" ? [part.text] : []));
}

function resultsFirst(one: ExactObject, other: ExactObject): number {
  return Number(other["type"] === "tool_result") - Number(one["type"] === "tool_result");
}

function userBlock(part: TextPart | ImagePart | ToolResultPart): ExactObject {
  if (part.kind === "text") return { type: "text", text: part.text };
  if (part.kind === "image") {
    const { source } = part;
    if ("url" in source) return { type: "image", source: { type: "url", url: source.url } };
    return { type: "image", source: { type: "base64", media_type: source.mediaType, data: source.data } };
  }
  const content = part.texts.map((text) => ({ type: "text", text }));
  return {
    type: "tool_result",
    tool_use_id: part.callId,
    ...(content.length === 0 ? {} : { content }),
    ...(part.isError ? { is_error: true } : {}),
  };
}

function assistantBlock(part: TextPart | ToolCallPart): ExactObject {
  if (part.kind === "text") return { type: "text", text: part.text };
  return { type: "tool_use", id: part.id, name: part.name, input: part.input };
}

function readTexts(content: ExactJson | undefined, path: string): readonly TextPart[] {
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content }];
  return listAt(content, path).map((block, at) => readText(objectAt(block, `${path}[${at}]`), `${path}[${at}]`));
}

function readText(block: ExactObject, path: string): TextPart {
  if (block["type"] !== "text") throw untranslatable(`${path}.type`, "has no counterpart in the other dialect");
  const citations = block["citations"] ?? [];
  if (!Array.isArray(citations) || citations.length > 0)
    throw untranslatable(`${path}.citations`, "has no counterpart in the other dialect");
  onlyMembers(block, path, "type", "text", "cache_control", "citations");
  return { kind: "text", text: textAt(block["text"], `${path}.text`) };
}

function readUserBlock(value: ExactJson, path: string): TextPart | ImagePart | ToolResultPart {
  const block = objectAt(value, path);
  if (block["type"] === "image") return readImage(block, path);
  if (block["type"] !== "tool_result") return readText(block, path);
  onlyMembers(block, path, "type", "tool_use_id", "content", "is_error", "cache_control");
  const { content, tool_use_id: id, is_error: isError } = block;
  return {
    kind: "tool result",
    callId: textAt(id, `${path}.tool_use_id`),
    texts:
      content === undefined || content === null ? [] : readTexts(content, `${path}.content`).map(({ text }) => text),
    isError: given(isError, `${path}.is_error`, booleanAt) ?? false,
  };
}

function readImage(block: ExactObject, path: string): ImagePart {
  onlyMembers(block, path, "type", "source", "cache_control");
  const {
    type,
    url,
    media_type: mediaType,
    data,
  } = objectWith(block["source"], `${path}.source`, "type", "url", "media_type", "data", "file_id");
  if (type === "url") return { kind: "image", source: { url: textAt(url, `${path}.source.url`) } };
  if (type !== "base64") throw untranslatable(`${path}.source.type`, "stays at its provider");
  const source = {
    mediaType: textAt(mediaType, `${path}.source.media_type`),
    data: textAt(data, `${path}.source.data`),
  };
  return { kind: "image", source };
}

/** A signature of Google is in the block before its call. */
function readAssistantBlocks(blocks: readonly ExactJson[], path: string): readonly (TextPart | ToolCallPart)[] {
  let signature: string | undefined;
  return blocks.flatMap((block, at): readonly (TextPart | ToolCallPart)[] => {
    const found = signatureOfBlock(objectAt(block, `${path}[${at}]`));
    if (found !== undefined) {
      signature = found;
      return [];
    }
    const part = readAssistantBlock(block, `${path}[${at}]`);
    if (part.kind !== "tool call" || signature === undefined) return [part];
    const signed = { ...part, signature };
    signature = undefined;
    return [signed];
  });
}

function readAssistantBlock(value: ExactJson, path: string): TextPart | ToolCallPart {
  const block = objectAt(value, path);
  if (block["type"] !== "tool_use") return readText(block, path);
  const caller = given(block["caller"], `${path}.caller`, objectAt);
  if (caller !== undefined && caller["type"] !== "direct")
    throw untranslatable(`${path}.caller`, "is a tool of Anthropic's own");
  onlyMembers(block, path, "type", "id", "name", "input", "caller", "cache_control");
  return {
    kind: "tool call",
    id: textAt(block["id"], `${path}.id`),
    name: textAt(block["name"], `${path}.name`),
    input: objectAt(block["input"], `${path}.input`),
  };
}
