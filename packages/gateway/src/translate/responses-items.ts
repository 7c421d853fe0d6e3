/**
 * Reads the input of OpenAI's Responses as turns. Consecutive assistant messages and calls are one assistant turn;
 * consecutive call outputs are one user turn.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import type { ImagePart, TextPart, ToolCallPart, ToolResultPart, Turn } from "./call-request.ts";
import { type ExactObject, untranslatable } from "./field-check.ts";
import { signatureOfItem } from "./google-signature.ts";
import { given, listAt, objectAt, onlyMembers, textAt } from "./json-access.ts";
import { readArguments } from "./tool-arguments.ts";

type UserPart = TextPart | ImagePart | ToolResultPart;
type AssistantPart = TextPart | ToolCallPart;

export function readItems(input: ExactJson | undefined): readonly Turn[] {
  if (typeof input === "string") return [{ role: "user", parts: [{ kind: "text", text: input }] }];
  const turns: Turn[] = [];
  let signature: string | undefined;
  for (const [index, value] of listAt(input, "input").entries()) {
    const path = `input[${index}]`;
    const item = objectAt(value, path);
    const { type = "message" } = item;
    if (type === "reasoning") {
      signature = signatureOfItem(item);
      if (signature === undefined) throw untranslatable(path, "holds reasoning of another provider");
    } else if (type === "function_call") {
      addAssistant(turns, [readCall(item, path, signature)]);
      signature = undefined;
    } else if (type === "function_call_output") addUser(turns, [readOutput(item, path)]);
    else if (type === "message") readMessage(item, path, turns);
    else throw untranslatable(`${path}.type`, "has no counterpart in the other dialect");
  }
  return turns;
}

function readMessage(item: ExactObject, path: string, turns: Turn[]): void {
  const { role, content } = item;
  onlyMembers(item, path, "type", "role", "content", "id", "status", "phase");
  const inner = `${path}.content`;
  if (role === "system" || role === "developer") turns.push({ role: "instructions", parts: readTexts(content, inner) });
  else if (role === "assistant") addAssistant(turns, readTexts(content, inner));
  else if (role === "user") addUser(turns, readParts(content, inner));
  else throw untranslatable(`${path}.role`, "is unknown");
}

function addAssistant(turns: Turn[], parts: readonly AssistantPart[]): void {
  const last = turns.at(-1);
  if (last?.role === "assistant") turns[turns.length - 1] = { role: "assistant", parts: [...last.parts, ...parts] };
  else turns.push({ role: "assistant", parts });
}

/** A message after call outputs is a separate turn, because dialects order them differently. */
function addUser(turns: Turn[], parts: readonly UserPart[]): void {
  const last = turns.at(-1);
  const isMore = last?.role === "user" && [...last.parts, ...parts].every(({ kind }) => kind === "tool result");
  if (isMore) turns[turns.length - 1] = { role: "user", parts: [...last.parts, ...parts] };
  else turns.push({ role: "user", parts });
}

function readCall(item: ExactObject, path: string, signature: string | undefined): ToolCallPart {
  onlyMembers(item, path, "type", "id", "status", "call_id", "name", "arguments");
  const input = readArguments(given(item["arguments"], `${path}.arguments`, textAt) ?? "");
  if (input === undefined) throw untranslatable(`${path}.arguments`, "is not a JSON object");
  return {
    kind: "tool call",
    id: textAt(item["call_id"], `${path}.call_id`),
    name: textAt(item["name"], `${path}.name`),
    input,
    ...(signature === undefined ? {} : { signature }),
  };
}

function readOutput(item: ExactObject, path: string): ToolResultPart {
  onlyMembers(item, path, "type", "id", "status", "call_id", "output");
  const texts = readTexts(item["output"], `${path}.output`).map(({ text }) => text);
  return { kind: "tool result", callId: textAt(item["call_id"], `${path}.call_id`), texts, isError: false };
}

function readTexts(content: ExactJson | undefined, path: string): readonly TextPart[] {
  return readParts(content, path).map((part) => {
    if (part.kind !== "text") throw untranslatable(path, "is not text");
    return part;
  });
}

/** Drops empty text. */
function readParts(content: ExactJson | undefined, path: string): readonly (TextPart | ImagePart)[] {
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content }];
  return listAt(content, path).flatMap((value, at): readonly (TextPart | ImagePart)[] => {
    const inner = `${path}[${at}]`;
    const part = objectAt(value, inner);
    const { type, text } = part;
    if (type === "input_image") return [readImage(part, inner)];
    if (type !== "input_text" && type !== "output_text")
      throw untranslatable(`${inner}.type`, "has no counterpart in the other dialect");
    onlyMembers(part, inner, "type", "text", "logprobs", "prompt_cache_breakpoint");
    const words = textAt(text, `${inner}.text`);
    return words === "" ? [] : [{ kind: "text", text: words }];
  });
}

function readImage(part: ExactObject, path: string): ImagePart {
  onlyMembers(part, path, "type", "image_url", "detail", "prompt_cache_breakpoint");
  const { detail } = part;
  if ((detail ?? null) !== null && detail !== "auto")
    throw untranslatable(`${path}.detail`, "has no counterpart in the other dialect");
  const url = textAt(part["image_url"], `${path}.image_url`);
  const [, mediaType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? [];
  if (mediaType !== undefined && data !== undefined) return { kind: "image", source: { mediaType, data } };
  if (!/^https?:/.test(url)) throw untranslatable(`${path}.image_url`, "is neither base64 nor an address");
  return { kind: "image", source: { url } };
}
