/**
 * The parts of a request that its bytes bound, as data. Anything not listed is hidden: a new field, block or tool is bounded
 * by the context window until it is added here.
 * @module
 */
import {
  CHAT_FIELDS,
  EMBEDDINGS_FIELDS,
  type FieldTable,
  MESSAGES_FIELDS,
  RESPONSES_FIELDS,
} from "../translate/request-fields.ts";
import type { WireDialect } from "../wire/dialect.ts";

/**
 * Members that no model reads and that may differ when a call is repeated. They are not part of the prompt's digest.
 */
const NOT_READ: ReadonlySet<string> = new Set([
  "client_metadata",
  "diagnostics",
  "max_completion_tokens",
  "max_output_tokens",
  "max_tokens",
  "metadata",
  "model",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "safety_identifier",
  "service_tier",
  "store",
  "stream",
  "stream_options",
  "user",
]);

/** Whether a member is part of the prompt. */
export function isRead(name: string): boolean {
  return !NOT_READ.has(name);
}

/** Known fields whose input the request does not show, or to which the provider adds. */
const HIDDEN_FIELDS: ReadonlySet<string> = new Set([
  "audio",
  "compaction",
  "container",
  "conversation",
  "fallbacks",
  "image",
  "mcp_servers",
  "prompt",
  "previous_response_id",
  "thread",
  "web_search_options",
]);

const FIELDS: { readonly [Dialect in WireDialect]: FieldTable } = {
  "openai-chat": CHAT_FIELDS,
  "openai-responses": RESPONSES_FIELDS,
  "openai-embeddings": EMBEDDINGS_FIELDS,
  "anthropic-messages": MESSAGES_FIELDS,
};

/** Whether a field may bring input that its bytes do not bound: a listed one, or an unknown one. */
export function hiddenField(dialect: WireDialect, name: string): boolean {
  return HIDDEN_FIELDS.has(name) || !Object.hasOwn(FIELDS[dialect], name);
}

/** Blocks of a message whose bytes bound their tokens. */
export const BYTE_BLOCKS: ReadonlySet<string> = new Set([
  "input_text",
  "output_text",
  "redacted_thinking",
  "refusal",
  "search_result",
  "summary_text",
  "text",
  "thinking",
  "tool_result",
  "tool_use",
]);

export const IMAGE_BLOCKS: ReadonlySet<string> = new Set(["image", "image_url", "input_image"]);

/** Items of a Responses input whose bytes bound their tokens; an item without a type is a message. */
export const BYTE_ITEMS: ReadonlySet<string> = new Set([
  "apply_patch_call",
  "apply_patch_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
  "function_call",
  "function_call_output",
  "local_shell_call",
  "local_shell_call_output",
  "message",
  "reasoning",
]);

/** Tools that run at the client: the model reads only their definition. A tool without a type is one of them. */
export const CLIENT_TOOLS: ReadonlySet<string> = new Set(["custom", "function", "namespace"]);

/** Edits that only clear context. */
export const CLEARING_EDITS: RegExp = /^clear_/;

/** Settings of OpenAI's reasoning that do not affect how often the prompt is read. */
export const REASONING_SETTINGS: ReadonlySet<string> = new Set(["context", "effort", "generate_summary", "summary"]);
