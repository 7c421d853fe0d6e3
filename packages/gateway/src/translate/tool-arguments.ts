/**
 * Arguments of a tool call: a string in OpenAI's dialect, an object in Anthropic's.
 * @module
 */
import { parseStrictJson, StrictJsonError } from "@calybris/kernel";
import type { ExactObject } from "./field-check.ts";

/** Parses tool arguments that a model wrote. An empty text is an empty object; `undefined` for anything but an object. */
export function readArguments(text: string): ExactObject | undefined {
  if (text.trim() === "") return {};
  try {
    const value = parseStrictJson(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as ExactObject) : undefined;
  } catch (error) {
    if (error instanceof StrictJsonError) return undefined;
    throw error;
  }
}
