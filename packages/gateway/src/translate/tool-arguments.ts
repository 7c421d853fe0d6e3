/**
 * Arguments of a tool's call: a text in OpenAI's dialect, an object in Anthropic's.
 * @module
 */
import { parseStrictJson, StrictJsonError } from "@calybris/kernel";
import type { ExactObject } from "./field-check.ts";

/** What a model wrote as arguments of a tool: an object, and none at all is an empty one. `undefined`: anything else. */
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
