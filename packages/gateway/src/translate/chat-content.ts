/**
 * The text of a chat completion's content. Mistral's reasoning models write a list, with what they thought beside the text.
 * @module
 */
import { asObject } from "../wire/stream-sights.ts";

/** `undefined`: it holds something that is neither text nor thinking. */
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
