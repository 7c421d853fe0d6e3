/**
 * Every field of a request, by dialect, and what becomes of it when the call goes to a model of another dialect. A test reads
 * the type declarations of both SDKs and fails on a field that is not here.
 *
 * `translated`: it is written in the other dialect's words. `hint`: it does not change the answer, and is left out. `refused`:
 * the other dialect has no word for it, so that a call which sets it is never moved there; nothing is dropped silently.
 * @module
 */
import type { AnswerDialect } from "../wire/dialect.ts";

/** What a model must be able to do, whatever its dialect, to serve a call that sets the field. */
export type Capability =
  | "audio"
  | "effort"
  | "images"
  | "json_schema"
  | "logit_bias"
  | "logprobs"
  | "n"
  | "penalties"
  | "prediction"
  | "sampling"
  | "seed"
  | "server_state"
  | "server_tools"
  | "thinking"
  | "tools";

export type Disposition = "translated" | "hint" | "refused";

export interface FieldRule {
  /** Between OpenAI's dialects and Anthropic's. */
  readonly across: Disposition;
  /** To Google's dialect, where it differs. */
  readonly google?: Disposition;
  /** What the substitute needs within the same dialect, too. */
  readonly gate?: Capability;
  /** Values that ask for nothing, besides `null`; with one of them the field is as good as absent. */
  readonly neutral?: readonly unknown[];
}

export type FieldTable = { readonly [field: string]: FieldRule };

/** What becomes of a field in a dialect that is not its own. */
export function dispositionIn({ across, google }: FieldRule, target: AnswerDialect): Disposition {
  return target === "gemini" ? (google ?? across) : across;
}

const TRANSLATED: FieldRule = { across: "translated" };
const HINT: FieldRule = { across: "hint" };
const REFUSED: FieldRule = { across: "refused" };

export const CHAT_FIELDS: FieldTable = {
  messages: TRANSLATED,
  model: TRANSLATED,
  audio: { across: "refused", gate: "audio" },
  frequency_penalty: { across: "refused", gate: "penalties", neutral: [0] },
  function_call: REFUSED,
  functions: REFUSED,
  logit_bias: { across: "refused", gate: "logit_bias", neutral: [{}] },
  logprobs: { across: "refused", gate: "logprobs", neutral: [false] },
  max_completion_tokens: TRANSLATED,
  max_tokens: TRANSLATED,
  metadata: HINT,
  modalities: { across: "refused", gate: "audio", neutral: [["text"]] },
  moderation: REFUSED,
  n: { across: "refused", gate: "n", neutral: [1] },
  parallel_tool_calls: TRANSLATED,
  prediction: { across: "refused", gate: "prediction" },
  presence_penalty: { across: "refused", gate: "penalties", neutral: [0] },
  prompt_cache_key: HINT,
  prompt_cache_options: HINT,
  prompt_cache_retention: HINT,
  reasoning_effort: { across: "translated", gate: "effort" },
  response_format: { across: "translated", gate: "json_schema", neutral: [{ type: "text" }] },
  safety_identifier: HINT,
  seed: { across: "refused", google: "translated", gate: "seed" },
  service_tier: { across: "refused", neutral: ["auto", "default"] },
  stop: TRANSLATED,
  store: { across: "refused", neutral: [false] },
  stream: TRANSLATED,
  stream_options: TRANSLATED,
  temperature: { across: "translated", gate: "sampling" },
  tool_choice: TRANSLATED,
  tools: { across: "translated", gate: "tools", neutral: [[]] },
  top_logprobs: { across: "refused", gate: "logprobs", neutral: [0] },
  top_p: { across: "translated", gate: "sampling", neutral: [1] },
  user: { across: "translated", google: "hint" },
  verbosity: { across: "refused", neutral: ["medium"] },
  web_search_options: { across: "refused", gate: "server_tools" },
};

export const MESSAGES_FIELDS: FieldTable = {
  max_tokens: TRANSLATED,
  messages: TRANSLATED,
  model: TRANSLATED,
  cache_control: HINT,
  container: { across: "refused", gate: "server_state" },
  diagnostics: REFUSED,
  inference_geo: REFUSED,
  metadata: { across: "translated", google: "hint" },
  output_config: { across: "translated", neutral: [{}] },
  service_tier: HINT,
  speed: { across: "refused", neutral: ["standard"] },
  stop_sequences: TRANSLATED,
  stream: TRANSLATED,
  system: TRANSLATED,
  thinking: { across: "translated", gate: "thinking", neutral: [{ type: "disabled" }] },
  tool_choice: TRANSLATED,
  tools: { across: "translated", gate: "tools", neutral: [[]] },
  user_profile_id: REFUSED,
  workspace_id: REFUSED,
  // Of `anthropic-version: 2023-06-01`.
  temperature: { across: "translated", gate: "sampling" },
  top_k: { across: "refused", google: "translated", gate: "sampling" },
  top_p: { across: "translated", gate: "sampling", neutral: [1] },
  // Betas.
  betas: HINT,
  billing_policy: REFUSED,
  compaction: REFUSED,
  context_management: { across: "refused", neutral: [{}] },
  fallback_credit_token: REFUSED,
  fallbacks: REFUSED,
  mcp_servers: { across: "refused", gate: "server_tools", neutral: [[]] },
  output_format: REFUSED,
  thread: { across: "refused", gate: "server_state" },
};

/** What is stored at OpenAI stays there, and so do its own tools. */
export const RESPONSES_FIELDS: FieldTable = {
  access_programs: REFUSED,
  background: { across: "refused", gate: "server_state", neutral: [false] },
  // Codex, of itself; the SDK does not know it.
  client_metadata: HINT,
  context_management: REFUSED,
  conversation: { across: "refused", gate: "server_state" },
  image: REFUSED,
  include: TRANSLATED,
  input: TRANSLATED,
  instructions: TRANSLATED,
  max_output_tokens: TRANSLATED,
  // Of hosted tools, which are refused.
  max_tool_calls: HINT,
  metadata: HINT,
  model: TRANSLATED,
  moderation: REFUSED,
  parallel_tool_calls: TRANSLATED,
  previous_response_id: { across: "refused", gate: "server_state" },
  prompt: { across: "refused", gate: "server_state" },
  prompt_cache_key: HINT,
  prompt_cache_options: HINT,
  prompt_cache_retention: HINT,
  reasoning: { across: "translated", gate: "effort" },
  safety_identifier: HINT,
  service_tier: { across: "refused", neutral: ["auto", "default"] },
  store: { across: "refused", neutral: [false] },
  stream: TRANSLATED,
  stream_options: HINT,
  temperature: { across: "translated", gate: "sampling" },
  text: TRANSLATED,
  tool_choice: TRANSLATED,
  tools: { across: "translated", gate: "tools", neutral: [[]] },
  top_logprobs: { across: "refused", gate: "logprobs", neutral: [0] },
  top_p: { across: "translated", gate: "sampling", neutral: [1] },
  truncation: { across: "refused", neutral: ["disabled"] },
  user: { across: "translated", google: "hint" },
};

/** Embeddings stay in their dialect: a rule says only what a substitute needs. */
export const EMBEDDINGS_FIELDS: FieldTable = {
  input: REFUSED,
  model: REFUSED,
  dimensions: REFUSED,
  encoding_format: REFUSED,
  user: HINT,
};
