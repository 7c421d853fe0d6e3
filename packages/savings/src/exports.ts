/**
 * The exports that are recognised by their columns. Each names the documentation of its columns. The first whose required
 * columns are all present is used.
 * @module
 */
import type { UsageMap } from "./usage-map.ts";

export interface UsageExport {
  readonly name: string;
  readonly title: string;
  /** The documentation of the columns or, if no page lists them, the place where they were seen. */
  readonly documentation: string;
  readonly requires: readonly string[];
  /** Columns that a file lacks are removed from it. */
  readonly map: UsageMap;
}

export const USAGE_EXPORTS: readonly UsageExport[] = Object.freeze([
  {
    name: "litellm-spend-logs",
    title: "LiteLLM spend logs: one row per request",
    documentation:
      "https://docs.litellm.ai/docs/proxy/cost_tracking; names as in LiteLLM_SpendLogs of BerriAI/litellm, schema.prisma",
    requires: ["model", "spend", "prompt_tokens", "completion_tokens", "startTime"],
    map: {
      model: ["model", "model_group"],
      inputTokens: ["prompt_tokens"],
      outputTokens: ["completion_tokens"],
      paid: { columns: ["spend"], unit: "dollars" },
      time: ["startTime"],
      tag: ["request_tags", "team_id", "end_user"],
    },
  },
  {
    name: "litellm-daily-spend",
    title: "LiteLLM daily spend: one row per day, key and model",
    documentation:
      "https://docs.litellm.ai/docs/proxy/cost_tracking (daily spend breakdown); names as in LiteLLM_DailyUserSpend of BerriAI/litellm, schema.prisma",
    requires: ["model", "spend", "prompt_tokens", "completion_tokens", "date", "api_requests"],
    map: {
      model: ["model", "model_group"],
      inputTokens: ["prompt_tokens"],
      cacheReadTokens: ["cache_read_input_tokens"],
      cacheWriteTokens: ["cache_creation_input_tokens"],
      outputTokens: ["completion_tokens"],
      requests: ["api_requests"],
      paid: { columns: ["spend"], unit: "dollars" },
      time: ["date"],
      tag: ["tag", "team_id", "user_id", "api_key"],
    },
  },
  {
    name: "anthropic-console-usage",
    title: "Claude Console, usage export: one row per day, model and key",
    documentation:
      "https://support.claude.com/en/articles/9534590-cost-and-usage-reporting-in-the-claude-console describes the export without its columns; names as seen in public copies of it",
    requires: ["usage_date_utc", "model_version", "usage_input_tokens_no_cache", "usage_output_tokens"],
    map: {
      model: ["model_version"],
      inputTokens: [
        "usage_input_tokens_no_cache",
        "usage_input_tokens_cache_read",
        "usage_input_tokens_cache_write",
        "usage_input_tokens_cache_write_5m",
        "usage_input_tokens_cache_write_1h",
      ],
      cacheReadTokens: ["usage_input_tokens_cache_read"],
      cacheWriteTokens: [
        "usage_input_tokens_cache_write",
        "usage_input_tokens_cache_write_5m",
        "usage_input_tokens_cache_write_1h",
      ],
      outputTokens: ["usage_output_tokens"],
      batch: ["usage_type"],
      time: ["usage_date_utc"],
      tag: ["api_key", "workspace"],
    },
  },
  {
    name: "anthropic-console-cost",
    title: "Claude Console, cost export: dollars without tokens",
    documentation:
      "https://support.claude.com/en/articles/9534590-cost-and-usage-reporting-in-the-claude-console describes the export without its columns; names as seen in public copies of it",
    requires: ["usage_date_utc", "model", "token_type", "cost_usd"],
    map: {
      model: ["model"],
      paid: { columns: ["cost_usd"], unit: "dollars" },
      time: ["usage_date_utc"],
      tag: ["api_key", "workspace"],
    },
  },
  {
    name: "anthropic-usage-api",
    title: "Anthropic Usage API, messages report",
    documentation: "https://platform.claude.com/docs/en/api/admin/usage_report",
    requires: ["model", "uncached_input_tokens", "output_tokens"],
    map: {
      model: ["model"],
      inputTokens: [
        "uncached_input_tokens",
        "cache_read_input_tokens",
        "cache_creation.ephemeral_5m_input_tokens",
        "cache_creation.ephemeral_1h_input_tokens",
      ],
      cacheReadTokens: ["cache_read_input_tokens"],
      cacheWriteTokens: ["cache_creation.ephemeral_5m_input_tokens", "cache_creation.ephemeral_1h_input_tokens"],
      outputTokens: ["output_tokens"],
      batch: ["service_tier"],
      time: ["starting_at"],
      tag: ["workspace_id", "api_key_id"],
    },
  },
  {
    name: "openai-usage",
    title: "OpenAI usage: the dashboard's export of completions, or the Usage API",
    documentation:
      "https://platform.openai.com/docs/api-reference/usage/completions_object; the dashboard's export uses the same names",
    requires: ["model", "input_tokens", "output_tokens", "num_model_requests"],
    map: {
      model: ["model"],
      inputTokens: ["input_tokens"],
      cacheReadTokens: ["input_cached_tokens"],
      cacheWriteTokens: ["input_cache_write_tokens"],
      outputTokens: ["output_tokens"],
      requests: ["num_model_requests"],
      batch: ["batch", "service_tier"],
      time: ["start_time_iso", "start_time"],
      tag: ["project_name", "project_id", "api_key_id", "user_id"],
    },
  },
  {
    name: "openai-usage-before-2025",
    title: "OpenAI activity export before 2025",
    documentation:
      "https://elastic.co/docs/reference/beats/metricbeat/metricbeat-metricset-openai-usage describes the fields of this endpoint",
    requires: ["snapshot_id", "n_context_tokens_total", "n_generated_tokens_total"],
    map: {
      model: ["snapshot_id"],
      inputTokens: ["n_context_tokens_total"],
      cacheReadTokens: ["n_cached_context_tokens_total"],
      outputTokens: ["n_generated_tokens_total"],
      requests: ["n_requests"],
      time: ["aggregation_timestamp", "timestamp"],
      tag: ["project_name", "project_id", "api_key_name", "api_key_id"],
    },
  },
  {
    name: "openai-costs",
    title: "OpenAI costs: the dashboard's export of costs, or the Costs API; dollars without tokens",
    documentation:
      "https://platform.openai.com/docs/api-reference/usage/costs_object; the dashboard's export writes `amount.value` as `amount_value`",
    requires: ["line_item", "start_time"],
    map: {
      model: ["line_item"],
      paid: { columns: ["amount.value", "amount_value"], unit: "dollars" },
      time: ["start_time_iso", "start_time"],
      tag: ["project_name", "project_id", "api_key_id"],
    },
  },
  {
    name: "openai-chat-completions",
    title: "Logged answers of the OpenAI Chat Completions API, one JSON object a line",
    documentation: "https://platform.openai.com/docs/api-reference/chat/object",
    requires: ["model", "usage.prompt_tokens", "usage.completion_tokens"],
    map: {
      model: ["model"],
      inputTokens: ["usage.prompt_tokens"],
      cacheReadTokens: ["usage.prompt_tokens_details.cached_tokens"],
      outputTokens: ["usage.completion_tokens"],
      time: ["created"],
    },
  },
  {
    name: "openai-responses",
    title: "Logged answers of the OpenAI Responses API, one JSON object a line",
    documentation: "https://platform.openai.com/docs/api-reference/responses/object",
    requires: ["model", "usage.input_tokens", "usage.output_tokens", "usage.input_tokens_details.cached_tokens"],
    map: {
      model: ["model"],
      inputTokens: ["usage.input_tokens"],
      cacheReadTokens: ["usage.input_tokens_details.cached_tokens"],
      outputTokens: ["usage.output_tokens"],
      time: ["created_at"],
    },
  },
  {
    name: "anthropic-messages",
    title: "Logged answers of the Anthropic API, one JSON object a line",
    documentation: "https://platform.claude.com/docs/en/api/messages",
    requires: ["model", "usage.input_tokens", "usage.output_tokens"],
    map: {
      model: ["model"],
      inputTokens: ["usage.input_tokens", "usage.cache_read_input_tokens", "usage.cache_creation_input_tokens"],
      cacheReadTokens: ["usage.cache_read_input_tokens"],
      cacheWriteTokens: ["usage.cache_creation_input_tokens"],
      outputTokens: ["usage.output_tokens"],
      time: ["created_at", "timestamp"],
    },
  },
] satisfies UsageExport[]);

/** The first export whose required columns are all present. */
export function recognise(columns: readonly string[]): UsageExport | undefined {
  const present = new Set(columns);
  const found = USAGE_EXPORTS.find(({ requires }) => requires.every((column) => present.has(column)));
  return found === undefined ? undefined : { ...found, map: presentPart(found.map, present) };
}

/** The map without the columns that the file lacks. */
function presentPart(map: UsageMap, present: ReadonlySet<string>): UsageMap {
  const { model, paid, ...counts } = map;
  const only = (columns: readonly string[]): readonly string[] => columns.filter((column) => present.has(column));
  const kept = Object.entries(counts).flatMap(([key, columns]) => {
    const found = only(columns);
    return found.length === 0 ? [] : [[key, found]];
  });
  return {
    model: "const" in model ? model : only(model),
    ...Object.fromEntries(kept),
    ...(paid === undefined ? {} : { paid: { columns: only(paid.columns), unit: paid.unit } }),
  };
}
