/**
 * Every request field by dialect, with its handling in each target dialect. A test reads the type declarations of both SDKs
 * and fails on a field that is missing here; another checks each cell against the translation.
 *
 * `translated`: written in the target's form. `hint`: does not affect the answer, and is left out. `refused`: the target has
 * no equivalent, so a call that sets it is never translated to it. Nothing is dropped silently.
 * @module
 */
import type { AnswerDialect } from "../wire/dialect.ts";

/** A capability that a model needs, in any dialect, to serve a call that sets the field. */
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

/** The target dialects of translations. */
export const TARGET_DIALECTS = ["openai-chat", "anthropic-messages", "gemini", "openai-responses"] as const;
export type TargetDialect = (typeof TARGET_DIALECTS)[number];

export interface FieldRule {
  /** By target. The column of the field's own dialect applies to other hosts of it, which get the call unchanged. */
  readonly to: { readonly [Target in TargetDialect]: Disposition };
  /** The capability that a substitute needs, even within the same dialect. */
  readonly gate?: Capability;
  /** Neutral values besides `null`; with one of them the field counts as absent. */
  readonly neutral?: readonly unknown[];
}

export type FieldTable = { readonly [field: string]: FieldRule };

/** The handling of a field in a target dialect. */
export function dispositionIn({ to }: FieldRule, target: AnswerDialect): Disposition {
  return TARGET_DIALECTS.find((one) => one === target) === undefined ? "refused" : to[target as TargetDialect];
}

/** Whether the field is a hint for every target. */
export function isHint({ to }: FieldRule): boolean {
  return TARGET_DIALECTS.every((target) => to[target] === "hint");
}

type More = Omit<FieldRule, "to">;

/** A rule with one disposition for all targets, except for the listed ones. */
function rule(disposition: Disposition, more: More = {}, except: Partial<FieldRule["to"]> = {}): FieldRule {
  const all = TARGET_DIALECTS.map((target) => [target, disposition]);
  return { to: { ...(Object.fromEntries(all) as FieldRule["to"]), ...except }, ...more };
}

const TRANSLATED: FieldRule = rule("translated");
const HINT: FieldRule = rule("hint");
const REFUSED: FieldRule = rule("refused");

export const CHAT_FIELDS: FieldTable = {
  messages: TRANSLATED,
  model: TRANSLATED,
  audio: rule("refused", { gate: "audio" }),
  frequency_penalty: rule("refused", { gate: "penalties", neutral: [0] }),
  function_call: REFUSED,
  functions: REFUSED,
  logit_bias: rule("refused", { gate: "logit_bias", neutral: [{}] }),
  logprobs: rule("refused", { gate: "logprobs", neutral: [false] }),
  max_completion_tokens: TRANSLATED,
  max_tokens: TRANSLATED,
  metadata: HINT,
  modalities: rule("refused", { gate: "audio", neutral: [["text"]] }),
  moderation: REFUSED,
  n: rule("refused", { gate: "n", neutral: [1] }),
  parallel_tool_calls: TRANSLATED,
  prediction: rule("refused", { gate: "prediction" }),
  presence_penalty: rule("refused", { gate: "penalties", neutral: [0] }),
  prompt_cache_key: HINT,
  prompt_cache_options: HINT,
  prompt_cache_retention: HINT,
  reasoning_effort: rule("translated", { gate: "effort" }),
  response_format: rule("translated", { gate: "json_schema", neutral: [{ type: "text" }] }),
  safety_identifier: HINT,
  seed: rule("refused", { gate: "seed" }, { gemini: "translated" }),
  service_tier: rule("refused", { neutral: ["auto", "default"] }),
  stop: rule("translated", { neutral: [[]] }, { "openai-responses": "refused" }),
  store: rule("refused", { neutral: [false] }),
  stream: TRANSLATED,
  stream_options: TRANSLATED,
  temperature: rule("translated", { gate: "sampling" }),
  tool_choice: TRANSLATED,
  tools: rule("translated", { gate: "tools", neutral: [[]] }),
  top_logprobs: rule("refused", { gate: "logprobs", neutral: [0] }),
  top_p: rule("translated", { gate: "sampling", neutral: [1] }),
  user: rule("translated", {}, { gemini: "hint" }),
  verbosity: rule("refused", { neutral: ["medium"] }, { "openai-responses": "translated" }),
  web_search_options: rule("refused", { gate: "server_tools" }),
};

export const MESSAGES_FIELDS: FieldTable = {
  max_tokens: TRANSLATED,
  messages: TRANSLATED,
  model: TRANSLATED,
  cache_control: HINT,
  container: rule("refused", { gate: "server_state" }),
  diagnostics: REFUSED,
  inference_geo: REFUSED,
  metadata: rule("translated", {}, { gemini: "hint" }),
  output_config: rule("translated", { neutral: [{}] }),
  service_tier: HINT,
  speed: rule("refused", { neutral: ["standard"] }),
  stop_sequences: rule("translated", { neutral: [[]] }, { "openai-responses": "refused" }),
  stream: TRANSLATED,
  system: TRANSLATED,
  thinking: rule("translated", { gate: "thinking", neutral: [{ type: "disabled" }] }),
  tool_choice: TRANSLATED,
  tools: rule("translated", { gate: "tools", neutral: [[]] }),
  user_profile_id: REFUSED,
  workspace_id: REFUSED,
  // Only in `anthropic-version: 2023-06-01`.
  temperature: rule("translated", { gate: "sampling" }),
  top_k: rule("refused", { gate: "sampling" }, { gemini: "translated" }),
  top_p: rule("translated", { gate: "sampling", neutral: [1] }),
  // Beta features.
  betas: HINT,
  billing_policy: REFUSED,
  compaction: REFUSED,
  context_management: rule("refused", { neutral: [{}] }),
  fallback_credit_token: REFUSED,
  fallbacks: REFUSED,
  mcp_servers: rule("refused", { gate: "server_tools", neutral: [[]] }),
  output_format: REFUSED,
  thread: rule("refused", { gate: "server_state" }),
};

/** Stored conversations and hosted tools of OpenAI cannot be used elsewhere. */
export const RESPONSES_FIELDS: FieldTable = {
  access_programs: REFUSED,
  background: rule("refused", { gate: "server_state", neutral: [false] }),
  // Sent by Codex about itself; not in the SDK.
  client_metadata: HINT,
  context_management: REFUSED,
  conversation: rule("refused", { gate: "server_state" }),
  image: REFUSED,
  include: TRANSLATED,
  input: TRANSLATED,
  instructions: TRANSLATED,
  max_output_tokens: TRANSLATED,
  // Only for hosted tools, which are refused.
  max_tool_calls: HINT,
  metadata: HINT,
  model: TRANSLATED,
  moderation: REFUSED,
  parallel_tool_calls: TRANSLATED,
  previous_response_id: rule("refused", { gate: "server_state" }),
  prompt: rule("refused", { gate: "server_state" }),
  prompt_cache_key: HINT,
  prompt_cache_options: HINT,
  prompt_cache_retention: HINT,
  reasoning: rule("translated", { gate: "effort" }),
  safety_identifier: HINT,
  service_tier: rule("refused", { neutral: ["auto", "default"] }),
  store: rule("refused", { neutral: [false] }),
  stream: TRANSLATED,
  stream_options: HINT,
  temperature: rule("translated", { gate: "sampling" }),
  text: TRANSLATED,
  tool_choice: TRANSLATED,
  tools: rule("translated", { gate: "tools", neutral: [[]] }),
  top_logprobs: rule("refused", { gate: "logprobs", neutral: [0] }),
  top_p: rule("translated", { gate: "sampling", neutral: [1] }),
  truncation: rule("refused", { neutral: ["disabled"] }),
  user: rule("translated", {}, { gemini: "hint" }),
};

const FOR_GOOGLE: FieldRule = rule("refused", {}, { gemini: "translated" });

/** The only other dialect with embeddings is Google's. */
export const EMBEDDINGS_FIELDS: FieldTable = {
  input: FOR_GOOGLE,
  model: FOR_GOOGLE,
  dimensions: FOR_GOOGLE,
  encoding_format: FOR_GOOGLE,
  user: HINT,
};
