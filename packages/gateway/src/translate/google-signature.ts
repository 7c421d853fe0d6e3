/**
 * Google's thought signatures, as they pass through clients of the other dialects. Gemini 3 refuses a conversation whose calls
 * of tools come back without them, and nobody else has a use for them.
 *
 * A chat completion carries one where Google's own OpenAI-compatible API does, in `extra_content` of the tool call
 * (ai.google.dev/gemini-api/docs/thought-signatures). A message carries it in a block of redacted thinking before the call, which
 * clients of Anthropic's dialect return unchanged.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import type { Json } from "../wire/stream-sights.ts";
import { asObject } from "../wire/stream-sights.ts";
import type { ExactObject } from "./field-check.ts";
import { objectWith, textAt } from "./json-access.ts";

const BLOCK_MARK = "google-thought-signature:";

/** The member of a chat completion's tool call. */
export function signedExtra(signature: string): Json {
  return { extra_content: { google: { thought_signature: signature } } };
}

export function signatureOfExtra(extra: ExactJson, path: string): string {
  const { google } = objectWith(extra, path, "google");
  const signed = objectWith(google, `${path}.google`, "thought_signature");
  return textAt(signed["thought_signature"], `${path}.google.thought_signature`);
}

/** Of a tool call or a delta of one, as this gateway wrote it. */
export function signatureOfCall(call: Json): string | undefined {
  const signature = asObject(asObject(call["extra_content"])?.["google"])?.["thought_signature"];
  return typeof signature === "string" ? signature : undefined;
}

/** The block of a message that carries it. */
export function signedBlock(signature: string): Json {
  return { type: "redacted_thinking", data: `${BLOCK_MARK}${signature}` };
}

/** `undefined`: the block is another one. */
export function signatureOfBlock({ type, data }: ExactObject): string | undefined {
  const isSigned = type === "redacted_thinking" && typeof data === "string" && data.startsWith(BLOCK_MARK);
  return isSigned ? data.slice(BLOCK_MARK.length) : undefined;
}
