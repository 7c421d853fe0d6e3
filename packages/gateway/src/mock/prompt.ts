/**
 * The mock's reading of a request: its messages and token counts. A token is four bytes of text, in every language and for
 * every model, so that counts can be checked by hand, and no count exceeds the bytes of the request.
 * @module
 */
import type { AnswerDialect } from "../wire/dialect.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";

export interface MockPrompt {
  readonly inputTokens: number;
  /** Tokens of the messages before the last user turn, which a provider's cache can hold. */
  readonly prefixTokens: number;
  /** Whether the model has answered before. */
  readonly isContinued: boolean;
  readonly hasCacheMarks: boolean;
  readonly lastText: string;
}

const TOKEN_BYTES = 4;
/** Tokens that providers add per message. */
const MESSAGE_TOKENS = 3;
const IMAGE_TOKENS = 85;

/** Members whose text is not read by a model. */
const UNREAD = new Set([
  "type",
  "role",
  "id",
  "call_id",
  "tool_call_id",
  "tool_use_id",
  "signature",
  "media_type",
  "cache_control",
]);
const IMAGES = new Set(["image", "image_url", "input_image", "document", "input_file", "file"]);

export function tokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / TOKEN_BYTES);
}

/** A text split into tokens, the pieces of a stream. */
export function tokenPieces(text: string): readonly string[] {
  return text.match(/[\s\S]{1,4}/g) ?? [];
}

export function readPrompt(dialect: AnswerDialect, body: Json): MockPrompt {
  const messages = messagesOf(dialect, body);
  const before = [body["system"], body["instructions"]].map(countTokens).reduce((sum, count) => sum + count, 0);
  const tools = asList(body["tools"]).reduce<number>((sum, tool) => sum + tokensOf(JSON.stringify(tool)), 0);
  const counts = messages.map(
    (message) => countTokens(message) + (dialect === "openai-embeddings" ? 0 : MESSAGE_TOKENS),
  );
  const lastUser = messages.findLastIndex((message) => (asObject(message)?.["role"] ?? "user") === "user");
  const sum = (list: readonly number[]): number => list.reduce((total, count) => total + count, before + tools);
  return {
    inputTokens: Math.max(1, sum(counts)),
    prefixTokens: sum(counts.slice(0, Math.max(0, lastUser))),
    isContinued: messages.some((message) => asObject(message)?.["role"] === "assistant"),
    hasCacheMarks: hasMember(body, "cache_control"),
    lastText: textsOf(messages.at(-1)).join("\n"),
  };
}

function messagesOf(dialect: AnswerDialect, body: Json): readonly unknown[] {
  if (dialect !== "openai-responses" && dialect !== "openai-embeddings") return asList(body["messages"]);
  const { input } = body;
  return Array.isArray(input) ? input : [input];
}

/** A number counts as one token: an embedding's input may be a list of token IDs. */
function countTokens(value: unknown): number {
  if (typeof value === "string") return tokensOf(value);
  if (typeof value === "number") return 1;
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + countTokens(one), 0);
  const object = asObject(value);
  if (object === undefined) return 0;
  if (IMAGES.has(String(object["type"]))) return IMAGE_TOKENS;
  return Object.entries(object).reduce((sum, [name, inner]) => sum + (UNREAD.has(name) ? 0 : countTokens(inner)), 0);
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  const { content, text } = asObject(value) ?? {};
  return [content, text].filter((one) => one !== undefined).flatMap(textsOf);
}

function hasMember(value: unknown, name: string): boolean {
  if (Array.isArray(value)) return value.some((one) => hasMember(one, name));
  const object = asObject(value);
  return (
    object !== undefined &&
    ((object[name] ?? null) !== null || Object.values(object).some((one) => hasMember(one, name)))
  );
}
