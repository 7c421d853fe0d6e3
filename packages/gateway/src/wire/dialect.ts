/**
 * The dialects that the gateway speaks with clients. The path of a request chooses one.
 * @module
 */

export const WIRE_DIALECTS = ["openai-chat", "openai-responses", "openai-embeddings", "anthropic-messages"] as const;

export type WireDialect = (typeof WIRE_DIALECTS)[number];

/** What providers answer in: the clients' dialects, and Google's own. */
export type AnswerDialect = WireDialect | "gemini";
