/**
 * Which parts of a request its bytes bound, as data. Whatever is not listed is hidden: a field, a block or a tool that is new
 * tomorrow is bounded by the context window until somebody has looked at it.
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
 * Members that no model reads and that say nothing about the prompt: a call that is sent again may differ in them. They are
 * not part of the prompt's digest.
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

/** Known fields with input that the request does not show, or that the provider adds to. */
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

/** Whether a field may bring input that its bytes do not bound: one that says so, or one that is unknown. */
export function hiddenField(dialect: WireDialect, name: string): boolean {
  return HIDDEN_FIELDS.has(name) || !Object.hasOwn(FIELDS[dialect], name);
}

/** Blocks of a message whose tokens are those of their bytes. */
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

/** Items of a Responses input whose tokens are those of their bytes; one without a type is a message. */
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

/** Tools that run at the client: their definition is all that the model reads of them. One without a type is such a tool. */
export const CLIENT_TOOLS: ReadonlySet<string> = new Set(["custom", "function", "namespace"]);

/** Edits of the context that only take away from it. */
export const CLEARING_EDITS: RegExp = /^clear_/;

/** Settings of OpenAI's reasoning that do not change how often the prompt is read. */
export const REASONING_SETTINGS: ReadonlySet<string> = new Set(["context", "effort", "generate_summary", "summary"]);
