/**
 * The text of a chat completion's content. Mistral's reasoning models return a list with thinking and text.
 * @module
 */
import { asObject } from "../wire/stream-sights.ts";

/** `undefined` if it contains anything other than text and thinking. */
export function contentText(content: unknown): string | undefined {
  if ((content ?? null) === null) return "";
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  const texts = content.map((part) => {
    const { type, text } = asObject(part) ?? {};
    if (type === "thinking") return "";
    return type === "text" && typeof text === "string" ? text : undefined;
  });
  return texts.includes(undefined) ? undefined : texts.join("");
}
