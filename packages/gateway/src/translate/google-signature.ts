/**
 * Passes Google's thought signatures through clients of other dialects. Gemini 3 refuses a conversation whose tool calls
 * come back without them.
 *
 * A chat completion has the signature in `extra_content` of the tool call, like Google's OpenAI-compatible API
 * (ai.google.dev/gemini-api/docs/thought-signatures). A message has it in a block of redacted thinking before the call,
 * which clients of Anthropic's dialect return unchanged. A response has it in the encrypted content of a reasoning item.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import type { Json } from "../wire/stream-sights.ts";
import { asObject } from "../wire/stream-sights.ts";
import type { ExactObject } from "./field-check.ts";
import { objectWith, textAt } from "./json-access.ts";

const MARK = "google-thought-signature:";

/** The member of a chat completion's tool call that holds a signature. */
export function signedExtra(signature: string): Json {
  return { extra_content: { google: { thought_signature: signature } } };
}

export function signatureOfExtra(extra: ExactJson, path: string): string {
  const { google } = objectWith(extra, path, "google");
  const signed = objectWith(google, `${path}.google`, "thought_signature");
  return textAt(signed["thought_signature"], `${path}.google.thought_signature`);
}

/** The signature in a tool call, or a delta of one, that this gateway wrote. */
export function signatureOfCall(call: Json): string | undefined {
  const signature = asObject(asObject(call["extra_content"])?.["google"])?.["thought_signature"];
  return typeof signature === "string" ? signature : undefined;
}

/** The block of a message that holds a signature. */
export function signedBlock(signature: string): Json {
  return { type: "redacted_thinking", data: `${MARK}${signature}` };
}

/** `undefined` for any other block. */
export function signatureOfBlock({ type, data }: ExactObject): string | undefined {
  return type === "redacted_thinking" ? unmarked(data) : undefined;
}

/** The members of a response's reasoning item that hold a signature. */
export function signedItem(signature: string): Json {
  return { encrypted_content: `${MARK}${signature}` };
}

/** `undefined` for reasoning of another provider. */
export function signatureOfItem({ encrypted_content: content }: ExactObject): string | undefined {
  return unmarked(content);
}

function unmarked(text: ExactJson | undefined): string | undefined {
  return typeof text === "string" && text.startsWith(MARK) ? text.slice(MARK.length) : undefined;
}
