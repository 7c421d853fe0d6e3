/**
 * The paths of the two APIs that the gateway serves. Any other is answered 404 with an explanation, and never forwarded,
 * because forwarded routes would not be metered.
 * @module
 */
import type { WireDialect } from "./dialect.ts";
import type { ErrorFamily, WireError } from "./error-bodies.ts";

/** Served paths with their dialects; the query is ignored (`?beta=true`). */
export const CALL_PATHS: ReadonlyMap<string, WireDialect> = new Map<string, WireDialect>([
  ["/v1/chat/completions", "openai-chat"],
  ["/v1/responses", "openai-responses"],
  ["/v1/embeddings", "openai-embeddings"],
  ["/v1/messages", "anthropic-messages"],
]);

const ANTHROPIC_PATHS = /^\/v1\/(?:messages|complete|organizations|skills)(?:\/|$)/;

/** Families of paths that are not served, with the reason. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /^\/v1\/(?:messages\/)?batches(?:\/|$)/,
    "Batches are billed hours later, so that no budget can be reserved for them",
  ],
  [
    /^\/v1\/(?:files|uploads)(?:\/|$)/,
    "Files stay at one provider, and a call that names one cannot be moved or bounded",
  ],
  [/^\/v1\/images(?:\/|$)/, "Images are billed by size and quality, which the gateway does not meter"],
  [/^\/v1\/(?:audio|realtime)(?:\/|$)/, "Audio is billed by the second, which the gateway does not meter"],
  [/^\/v1\/(?:fine_tuning|assistants|threads|vector_stores|evals|containers|videos)(?:\/|$)/, "It is not metered"],
];

/** The family of dialects for answers on a path: its own, or Anthropic's if the request has an Anthropic version. */
export function familyOfPath(path: string, hasAnthropicVersion: boolean): ErrorFamily {
  if (CALL_PATHS.has(path)) return ANTHROPIC_PATHS.test(path) ? "anthropic" : "openai";
  return ANTHROPIC_PATHS.test(path) || hasAnthropicVersion ? "anthropic" : "openai";
}

/** The error for a path that is not served. */
export function unservedPath(method: string, path: string): WireError {
  const reason = REASONS.find(([pattern]) => pattern.test(path))?.[1];
  const served = [...CALL_PATHS.keys(), "/v1/messages/count_tokens", "/v1/models"].join(", ");
  const message = `${method} ${path} is not served by this gateway.${reason === undefined ? "" : ` ${reason}.`} It serves ${served}.`;
  return { status: 404, message, code: "unknown_url", isRetryable: false };
}
