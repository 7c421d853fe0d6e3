/**
 * Which calls may be answered from the cache, and their cache keys. A call that stores something at the provider, which a
 * later call may refer to, is always sent: a cached answer would store nothing.
 * @module
 */
import { createSecretKey, type KeyObject } from "node:crypto";
import type { ResponseCache } from "../cache/response-cache.ts";
import type { CachedAnswer, CacheKey } from "../cache/response-cache.ts";
import type { RequestHeaders } from "../http/exchange.ts";
import { requestDigestOf } from "../scan/prompt-digest.ts";
import type { SpannedBody } from "../wire/body-members.ts";
import type { WireDialect } from "../wire/dialect.ts";
import { listedHeaders, REQUEST_HEADERS } from "../wire/header-lists.ts";
import type { ClientBody } from "./client-call.ts";
import { pairsOf } from "./send-options.ts";

/** The cache entry for the answer to one call. */
export interface CachePlace {
  get(): CachedAnswer | undefined;
  put(answer: CachedAnswer): void;
}

/** The parts of a call that its cache key is made from. */
export interface CachedCall {
  readonly client: ClientBody;
  readonly headers: RequestHeaders;
  readonly tenant: string;
  readonly candidate: string;
}

export class AnswerCache {
  readonly #cache: ResponseCache;
  readonly #digestKey: KeyObject;

  constructor(cache: ResponseCache, digestKey: Uint8Array) {
    this.#cache = cache;
    this.#digestKey = createSecretKey(digestKey);
  }

  /** The cache entry of a call; `undefined` for a call that is always sent. */
  placeOf({ client, headers, tenant, candidate }: CachedCall): CachePlace | undefined {
    const { body, dialect, isStreamed } = client;
    if (isStreamed || leavesSomething(body, dialect) || isUnwanted(headers)) return undefined;
    const key: CacheKey = {
      tenant,
      candidate,
      requestDigest: requestDigestOf(body, dialect, this.#digestKey),
      versions: listedHeaders(REQUEST_HEADERS[dialect], pairsOf(headers)),
    };
    return {
      get: () => this.#cache.get(key, performance.now()),
      put: (answer) => this.#cache.put(key, answer, performance.now()),
    };
  }
}

/** Whether the client opts out of the cache with `cache-control: no-cache` or `no-store`. */
function isUnwanted({ "cache-control": control }: RequestHeaders): boolean {
  return typeof control === "string" && /\bno-(?:cache|store)\b/i.test(control);
}

function leavesSomething(body: SpannedBody, dialect: WireDialect): boolean {
  const { members } = body.spans;
  const store = textOf(body, "store");
  switch (dialect) {
    case "openai-responses":
      // Responses are stored by default.
      return store !== "false" || members.has("conversation");
    case "openai-chat":
      return store !== undefined && store !== "false" && store !== "null";
    case "anthropic-messages":
      return members.has("container");
    case "openai-embeddings":
      return false;
  }
}

/** The JSON of a member, cut to `WORD_BYTES_MAX` bytes; `undefined` if it is absent. */
function textOf({ bytes, spans }: SpannedBody, name: string): string | undefined {
  const span = spans.members.get(name);
  if (span === undefined) return undefined;
  const end = Math.min(span.valueEnd, span.valueStart + WORD_BYTES_MAX);
  return Buffer.from(bytes.subarray(span.valueStart, end)).toString();
}

const WORD_BYTES_MAX = 16;
