/**
 * Counts tokens at Google for a client of Anthropic's dialect (ai.google.dev/api/tokens: `models.countTokens`).
 * @module
 */
import type { ExactObject } from "./field-check.ts";
import { geminiModelPath, writeGeminiRequest } from "./gemini-request.ts";
import { readMessagesRequest } from "./messages-request.ts";

export function geminiCountPath(model: string): string {
  return `${geminiModelPath(model)}:countTokens`;
}

/**
 * @param request - of `count_tokens`: a message without an output limit.
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming what Google's dialect cannot express.
 */
export function geminiCount(request: ExactObject, model: string): ExactObject {
  const call = readMessagesRequest({ ...request, max_tokens: 1 }, "gemini");
  // Generation settings are not part of the prompt.
  const { generationConfig: _settings, ...prompt } = writeGeminiRequest({ ...call, model }, 1);
  return { generateContentRequest: { model: `models/${model.replace(/^models\//, "")}`, ...prompt } };
}
