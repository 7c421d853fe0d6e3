/**
 * Converts between the messages of a chat completion and turns.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import type { ImagePart, TextPart, ToolCallPart, ToolResultPart, Turn } from "./call-request.ts";
import { exactText, untranslatable } from "./field-check.ts";
import { signatureOfExtra } from "./google-signature.ts";
import { given, listAt, objectAt, objectWith, onlyMembers, textAt } from "./json-access.ts";
import { readArguments } from "./tool-arguments.ts";

/** Cache hints, which only apply at the provider that the client intended. */
const CACHE_HINTS = ["cache_control", "prompt_cache_breakpoint"];

export function readChatMessages(messages: readonly ExactJson[]): readonly Turn[] {
  return messages.map((message, index) => readMessage(message, `messages[${index}]`));
}

/** One message for each role in a turn; tool results come before the user's text. */
export function chatMessages(turns: readonly Turn[]): readonly ExactJson[] {
  return turns.flatMap((turn): readonly ExactJson[] => {
    if (turn.role === "instructions") return [{ role: "system", content: contentOf(turn.parts) }];
    if (turn.role === "assistant") return [assistantMessage(turn.parts)];
    const results = turn.parts.filter((part) => part.kind === "tool result");
    const words = turn.parts.filter((part) => part.kind !== "tool result");
    const own = words.length === 0 ? [] : [{ role: "user", content: contentOf(words) }];
    return [...results.map(toolMessage), ...own];
  });
}

function readMessage(message: ExactJson, path: string): Turn {
  const { role, content, ...rest } = objectAt(message, path);
  const inner = `${path}.content`;
  if (role === "system" || role === "developer") {
    onlyMembers(rest, path);
    return { role: "instructions", parts: readTexts(content, inner) };
  }
  if (role === "user") {
    onlyMembers(rest, path);
    return {
      role,
      parts:
        typeof content === "string"
          ? textParts(content)
          : listAt(content, inner).flatMap((part, at) => readUserPart(part, `${inner}[${at}]`)),
    };
  }
  if (role === "tool") {
    onlyMembers(rest, path, "tool_call_id");
    const texts = readTexts(content, inner).map(({ text }) => text);
    const callId = textAt(rest["tool_call_id"], `${path}.tool_call_id`);
    return { role: "user", parts: [{ kind: "tool result", callId, texts, isError: false }] };
  }
  if (role !== "assistant") throw untranslatable(`${path}.role`, "has no counterpart in the other dialect");
  onlyMembers(rest, path, "tool_calls");
  const texts = content === null || content === undefined ? [] : readTexts(content, inner);
  const calls = given(rest["tool_calls"], `${path}.tool_calls`, listAt) ?? [];
  return { role, parts: [...texts, ...calls.map((call, at) => readToolCall(call, `${path}.tool_calls[${at}]`))] };
}

/** An empty text is dropped: it has no meaning, and Anthropic's dialect has no empty blocks. */
function textParts(text: string): readonly TextPart[] {
  return text === "" ? [] : [{ kind: "text", text }];
}

function readTexts(content: ExactJson | undefined, path: string): readonly TextPart[] {
  if (typeof content === "string") return textParts(content);
  return listAt(content, path).flatMap((part, at) => {
    const { type, text, ...rest } = objectAt(part, `${path}[${at}]`);
    if (type !== "text") throw untranslatable(`${path}[${at}].type`, "is not text");
    onlyMembers(rest, `${path}[${at}]`, ...CACHE_HINTS);
    return textParts(textAt(text, `${path}[${at}].text`));
  });
}

function readUserPart(part: ExactJson, path: string): readonly (TextPart | ImagePart)[] {
  const { type, image_url: image, text, ...rest } = objectAt(part, path);
  if (type !== "text" && type !== "image_url")
    throw untranslatable(`${path}.type`, "has no counterpart in the other dialect");
  onlyMembers(rest, path, ...CACHE_HINTS);
  if (type === "text") return textParts(textAt(text, `${path}.text`));
  const { url: address, detail } = objectWith(image, `${path}.image_url`, "url", "detail");
  if ((detail ?? null) !== null && detail !== "auto")
    throw untranslatable(`${path}.image_url.detail`, "has no counterpart in the other dialect");
  const url = textAt(address, `${path}.image_url.url`);
  const [, mediaType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? [];
  if (mediaType !== undefined && data !== undefined) return [{ kind: "image", source: { mediaType, data } }];
  if (!/^https?:/.test(url)) throw untranslatable(`${path}.image_url.url`, "is neither base64 nor an address");
  return [{ kind: "image", source: { url } }];
}

function readToolCall(call: ExactJson, path: string): ToolCallPart {
  const members = objectWith(call, path, "id", "type", "function", "index", "extra_content");
  const { id, type, function: called } = members;
  const signature = given(members["extra_content"], `${path}.extra_content`, signatureOfExtra);
  if (type !== undefined && type !== "function") throw untranslatable(`${path}.type`, "is not function");
  const { name, arguments: text } = objectWith(called, `${path}.function`, "name", "arguments");
  const input = readArguments(given(text, `${path}.function.arguments`, textAt) ?? "");
  if (input === undefined) throw untranslatable(`${path}.function.arguments`, "is not a JSON object");
  return {
    kind: "tool call",
    id: textAt(id, `${path}.id`),
    name: textAt(name, `${path}.function.name`),
    input,
    ...(signature === undefined ? {} : { signature }),
  };
}

/** A single text is written as a string, because not all hosts of the dialect accept lists. */
function contentOf(parts: readonly (TextPart | ImagePart)[]): ExactJson {
  const [first] = parts;
  if (first === undefined) return "";
  if (parts.length === 1 && first.kind === "text") return first.text;
  return parts.map((part): ExactJson => {
    if (part.kind === "text") return { type: "text", text: part.text };
    const { source } = part;
    const url = "url" in source ? source.url : `data:${source.mediaType};base64,${source.data}`;
    return { type: "image_url", image_url: { url } };
  });
}

function assistantMessage(parts: readonly (TextPart | ToolCallPart)[]): ExactJson {
  const texts = parts.filter((part) => part.kind === "text");
  const calls = parts.filter((part) => part.kind === "tool call");
  const content = texts.length === 0 && calls.length > 0 ? null : contentOf(texts);
  if (calls.length === 0) return { role: "assistant", content };
  requireUnsigned(calls);
  const toolCalls = calls.map(({ id, name, input }) => ({
    id,
    type: "function",
    function: { name, arguments: exactText(input) },
  }));
  return { role: "assistant", content, tool_calls: toolCalls };
}

/**
 * Refuses tool calls that Google signed: they can be returned to Google only.
 *
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE`
 */
export function requireUnsigned(calls: readonly ToolCallPart[]): void {
  if (calls.some(({ signature }) => signature !== undefined))
    throw untranslatable("messages", "hold a call of a tool with a signature of Google's");
}

function toolMessage(result: ToolResultPart): ExactJson {
  return { role: "tool", tool_call_id: result.callId, content: resultText(result) };
}

/** OpenAI's dialects have no flag for a failed tool, so the text states it. */
export function resultText({ texts, isError }: ToolResultPart): string {
  return [...(isError ? ["The tool failed:"] : []), ...texts].join("\n");
}
