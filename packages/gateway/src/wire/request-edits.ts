/**
 * The three edits of a request that passes through: the model, the output limit, and usage at the end of a stream. Each is a
 * splice of the request's text; values that are already correct are not written.
 * @module
 */
import { invalidField, membersOf, readMember, type SpannedBody, type Splice, setMember } from "./body-members.ts";
import type { WireDialect } from "./dialect.ts";

/** Longer than any model name. */
const MODEL_BYTES_MAX = 512;
/** For a limit, a switch, or an object of switches. */
const SWITCH_BYTES_MAX = 4_096;

/** The fields that limit the output, by dialect; the first one is added if none is set. Embeddings have no output. */
export const OUTPUT_LIMIT_FIELDS: { readonly [Dialect in WireDialect]: readonly string[] } = {
  "openai-chat": ["max_completion_tokens", "max_tokens"],
  "openai-responses": ["max_output_tokens"],
  "openai-embeddings": [],
  "anthropic-messages": ["max_tokens"],
};

export interface RequestedOutput {
  /** The lowest limit that the request sets; `undefined` if it sets none. */
  readonly limitTokens: number | undefined;
  /** A lowered limit must stay above this: Anthropic refuses a limit at or below the thinking budget. */
  readonly thinkingTokens: number;
}

/**
 * The requested model.
 *
 * @throws GatewayError `CAL_GATEWAY_REQUEST_INVALID` naming `model`.
 *
 * @example
 * ```ts
 * modelOf(spanBody(Buffer.from('{"model":"claude-sonnet-5"}'))); // "claude-sonnet-5"
 * ```
 */
export function modelOf(body: SpannedBody): string {
  const model = readMember(body, "model", MODEL_BYTES_MAX);
  if (typeof model !== "string" || model === "")
    throw invalidField("model", model === undefined ? "is missing" : "is not a model's name");
  return model;
}

export function editModel(body: SpannedBody, model: string): readonly Splice[] {
  return modelOf(body) === model ? [] : [setMember(body, "model", JSON.stringify(model))];
}

/** Whether a stream is requested. */
export function isStreamed(body: SpannedBody): boolean {
  const stream = readMember(body, "stream", SWITCH_BYTES_MAX) ?? false;
  if (stream === null) return false;
  if (typeof stream !== "boolean") throw invalidField("stream", "is not true or false");
  return stream;
}

/** @throws GatewayError `CAL_GATEWAY_REQUEST_INVALID` naming a limit that is not an integer above 0. */
export function requestedOutput(body: SpannedBody, dialect: WireDialect): RequestedOutput {
  const limits = OUTPUT_LIMIT_FIELDS[dialect].flatMap((field) => limitOf(body, field));
  const limitTokens = limits.length === 0 ? undefined : Math.min(...limits);
  if (dialect !== "anthropic-messages") return { limitTokens, thinkingTokens: 0 };
  if (limitTokens === undefined) throw invalidField("max_tokens", "is missing");
  const thinking = readMember(body, "thinking", SWITCH_BYTES_MAX) as { budget_tokens?: unknown } | null | undefined;
  const budget = thinking?.budget_tokens;
  return { limitTokens, thinkingTokens: typeof budget === "number" && Number.isSafeInteger(budget) ? budget : 0 };
}

/**
 * Limits the output: every limit above `tokens` is lowered; if the request sets none, one is added.
 *
 * @param field - the limit to add, for a host that knows only one of the dialect's fields: Mistral accepts `max_tokens`.
 */
export function editOutputLimit(
  body: SpannedBody,
  dialect: WireDialect,
  tokens: number,
  field: string | undefined = OUTPUT_LIMIT_FIELDS[dialect][0],
): readonly Splice[] {
  const fields = OUTPUT_LIMIT_FIELDS[dialect];
  const set = fields.filter((name) => limitOf(body, name).length > 0);
  if (set.length === 0) return field === undefined ? [] : [setMember(body, field, String(tokens))];
  return set
    .filter((name) => (limitOf(body, name)[0] ?? 0) > tokens)
    .map((name) => setMember(body, name, String(tokens)));
}

/** Whether the client requested the usage at the end of a stream of chat completions. */
export function isUsageAsked(body: SpannedBody): boolean {
  const options = streamOptions(body);
  const asked = options === undefined ? null : (readMember(options, "include_usage", SWITCH_BYTES_MAX) ?? null);
  if (asked !== null && typeof asked !== "boolean")
    throw invalidField("stream_options.include_usage", "is not true or false");
  return asked === true;
}

/** Requests the usage at the end of a stream of chat completions; other members of `stream_options` stay unchanged. */
export function editIncludeUsage(body: SpannedBody): readonly Splice[] {
  if (isUsageAsked(body)) return [];
  const options = streamOptions(body);
  if (options === undefined) return [setMember(body, "stream_options", '{"include_usage":true}')];
  return [setMember(options, "include_usage", "true")];
}

function streamOptions(body: SpannedBody): SpannedBody | undefined {
  const options = membersOf(body, "stream_options");
  if (options === undefined && (readMember(body, "stream_options", SWITCH_BYTES_MAX) ?? null) !== null)
    throw invalidField("stream_options", "is not an object");
  return options;
}

/** The limit in a field as a list of at most one. */
function limitOf(body: SpannedBody, field: string): readonly number[] {
  const limit = readMember(body, field, SWITCH_BYTES_MAX) ?? null;
  if (limit === null) return [];
  if (typeof limit !== "number" || !Number.isSafeInteger(limit) || limit < 1)
    throw invalidField(field, "is not an integer above 0");
  return [limit];
}
