/**
 * The headers that pass, as data. Unlisted headers do not pass: the tenant's key never leaves, the provider's key and
 * account never come back, and new headers cannot leak anything.
 * @module
 */
import type { AnswerDialect } from "./dialect.ts";

export interface HeaderList {
  readonly names: readonly string[];
  readonly prefixes: readonly string[];
}

/**
 * From a client to a provider of the same dialect. The gateway sets its own `accept-encoding`, because it reads the usage.
 */
export const REQUEST_HEADERS: { readonly [Dialect in AnswerDialect]: HeaderList } = {
  "openai-chat": { names: ["content-type", "openai-beta"], prefixes: [] },
  "openai-responses": { names: ["content-type", "openai-beta"], prefixes: [] },
  "openai-embeddings": { names: ["content-type"], prefixes: [] },
  "anthropic-messages": { names: ["content-type", "anthropic-version", "anthropic-beta"], prefixes: [] },
  gemini: { names: ["content-type"], prefixes: [] },
};

/** From a provider to a client, in any dialect. Organisations, cookies and server names concern only the operator. */
export const RESPONSE_HEADERS: HeaderList = {
  names: [
    "content-type",
    "request-id",
    "x-request-id",
    "openai-processing-ms",
    "openai-version",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
  ],
  prefixes: ["x-ratelimit-", "anthropic-ratelimit-"],
};

/** Headers with secrets, which a test keeps off the lists. */
export const SECRET_HEADERS: readonly string[] = [
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "proxy-authorization",
  "cookie",
  "set-cookie",
];

/**
 * The listed headers, in order.
 *
 * @param headers - names and values alternate, as in the raw headers of Node and undici.
 * @param except - a listed one that is left out.
 * @returns names and values alternate, names in lower case.
 */
export function listedHeaders({ names, prefixes }: HeaderList, headers: readonly string[], except?: string): string[] {
  const listed: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = (headers[at] ?? "").toLowerCase();
    if (name !== except && (names.includes(name) || hasPrefix(name, prefixes)))
      listed.push(name, headers[at + 1] ?? "");
  }
  return listed;
}

function hasPrefix(name: string, prefixes: readonly string[]): boolean {
  for (const prefix of prefixes) if (name.startsWith(prefix)) return true;
  return false;
}

/** The header for a provider's key. */
export function keyHeader(dialect: AnswerDialect, key: string): readonly [name: string, value: string] {
  if (dialect === "anthropic-messages") return ["x-api-key", key];
  return dialect === "gemini" ? ["x-goog-api-key", key] : ["authorization", `Bearer ${key}`];
}

/**
 * The caller's key: from `authorization: Bearer`, or `x-api-key`, which Anthropic's SDK sent before 1.0. If both are
 * present, the first is used, because agents with a token and a key send both.
 */
export function callerKey(headers: {
  readonly [name: string]: string | readonly string[] | undefined;
}): string | undefined {
  const { authorization, "x-api-key": apiKey } = headers;
  const bearer = typeof authorization === "string" ? /^Bearer +(\S+) *$/i.exec(authorization)?.[1] : undefined;
  if (bearer !== undefined) return bearer;
  return typeof apiKey === "string" && apiKey !== "" ? apiKey : undefined;
}
