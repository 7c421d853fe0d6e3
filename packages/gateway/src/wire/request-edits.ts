/**
 * The three things that the gateway writes into a request it passes on: the model, the output limit, and that a stream ends
 * with its usage. Each is a splice of the request's own text; nothing is written where the text says it already.
 * @module
 */
import { invalidField, membersOf, readMember, type SpannedBody, type Splice, setMember } from "./body-members.ts";
import type { WireDialect } from "./dialect.ts";

/** A longer model name than any. */
const MODEL_BYTES_MAX = 512;
/** A limit, a switch, or an object of switches. */
const SWITCH_BYTES_MAX = 4_096;

/** The fields that limit the output, by dialect: the first is the one to add. Embeddings have no output. */
export const OUTPUT_LIMIT_FIELDS: { readonly [Dialect in WireDialect]: readonly string[] } = {
  "openai-chat": ["max_completion_tokens", "max_tokens"],
  "openai-responses": ["max_output_tokens"],
  "openai-embeddings": [],
  "anthropic-messages": ["max_tokens"],
};

export interface RequestedOutput {
  /** The lowest limit that the request sets; `undefined` where it sets none. */
  readonly limitTokens: number | undefined;
  /** What a lowered limit must stay above: Anthropic refuses a limit at or below the budget for thinking. */
  readonly thinkingTokens: number;
}

/**
 * The model that a request names.
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

/** Whether a stream is asked for. */
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
 * Limits the output: every limit that the request sets above `tokens` is lowered, and where it sets none, one is added.
 *
 * @param field - the limit to add where a host knows only one of the dialect's: Mistral takes `max_tokens`.
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

/** Whether the client asked for the usage at the end of a stream of chat completions. */
export function isUsageAsked(body: SpannedBody): boolean {
  const options = streamOptions(body);
  const asked = options === undefined ? null : (readMember(options, "include_usage", SWITCH_BYTES_MAX) ?? null);
  if (asked !== null && typeof asked !== "boolean")
    throw invalidField("stream_options.include_usage", "is not true or false");
  return asked === true;
}

/** Asks for the usage at the end of a stream of chat completions; what else `stream_options` holds stays as it is. */
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

/** None, or one. */
function limitOf(body: SpannedBody, field: string): readonly number[] {
  const limit = readMember(body, field, SWITCH_BYTES_MAX) ?? null;
  if (limit === null) return [];
  if (typeof limit !== "number" || !Number.isSafeInteger(limit) || limit < 1)
    throw invalidField(field, "is not an integer above 0");
  return [limit];
}
