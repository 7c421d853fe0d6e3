/**
 * The models that the mock lists. It serves every model that has a price.
 * @module
 */

export const OPENAI_MODELS: readonly string[] = [
  "gpt-4.1",
  "gpt-4.1-mini",
  "gpt-4.1-nano",
  "gpt-4o-mini",
  "gpt-5.4",
  "gpt-5.4-mini",
  "text-embedding-3-small",
];
export const ANTHROPIC_MODELS: readonly string[] = ["claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5"];

export const GOOGLE_MODELS: readonly string[] = ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"];

/** Placeholder values, the same for every model. */
const CREATED_SECONDS = 1_767_225_600;
const CONTEXT_TOKENS = 200_000;
const OUTPUT_TOKENS = 64_000;

export function openaiModels(): object {
  const data = OPENAI_MODELS.map((id) => ({ id, object: "model", created: CREATED_SECONDS, owned_by: "mock" }));
  return { object: "list", data };
}

export function anthropicModels(): object {
  const created = new Date(CREATED_SECONDS * 1_000).toISOString();
  const data = ANTHROPIC_MODELS.map((id) => ({
    type: "model",
    id,
    display_name: id,
    created_at: created,
    max_input_tokens: CONTEXT_TOKENS,
    max_tokens: OUTPUT_TOKENS,
  }));
  return { data, has_more: false, first_id: ANTHROPIC_MODELS[0], last_id: ANTHROPIC_MODELS.at(-1) };
}

export function googleModels(): object {
  const models = GOOGLE_MODELS.map((id) => ({
    name: `models/${id}`,
    displayName: id,
    inputTokenLimit: CONTEXT_TOKENS,
    outputTokenLimit: OUTPUT_TOKENS,
    supportedGenerationMethods: ["generateContent"],
  }));
  return { models };
}
