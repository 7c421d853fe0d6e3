/**
 * The dialects between the gateway and its clients. The path of a request determines its dialect.
 * @module
 */

export const WIRE_DIALECTS = ["openai-chat", "openai-responses", "openai-embeddings", "anthropic-messages"] as const;

export type WireDialect = (typeof WIRE_DIALECTS)[number];

/** The dialects of providers: those of clients, and Google's. */
export type AnswerDialect = WireDialect | "gemini";
