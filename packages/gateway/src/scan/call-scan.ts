/**
 * A validated body of a model call: the spans of its members, its content, and its digest.
 * @module
 */
import type { SpannedBody } from "../wire/body-members.ts";
import type { WireDialect } from "../wire/dialect.ts";
import { CALL_BOUNDS, type JsonSpans, JsonSpanScanner } from "../wire/json-spans.ts";
import { contentOf } from "./call-content.ts";
import type { CallContent } from "./content-count.ts";
import type { DigestKey } from "./keyed-digest.ts";
import { promptDigestOf } from "./prompt-digest.ts";

export interface ScannedCall extends SpannedBody {
  readonly content: CallContent;
  /** Keyed digest of the parts that the model reads; 43 characters of base64url. */
  readonly promptDigest: string;
}

/**
 * @param digestKey - the key of the digests.
 * @throws GatewayError as {@link JsonSpanScanner} does.
 *
 * @example
 * ```ts
 * const body = Buffer.from('{"model":"a","messages":[{"role":"user","content":"Hi"}]}');
 * const { content, promptDigest } = scanCall(body, "openai-chat", new Uint8Array(32));
 * content.hidden; // []
 * promptDigest.length; // 43
 * ```
 */
export function scanCall(bytes: Uint8Array, dialect: WireDialect, digestKey: DigestKey): ScannedCall {
  const scanner = new JsonSpanScanner(CALL_BOUNDS);
  scanner.push(bytes);
  return measured(bytes, scanner.end(), dialect, digestKey);
}

/** The same for a body with known spans. */
export function measured(bytes: Uint8Array, spans: JsonSpans, dialect: WireDialect, digestKey: DigestKey): ScannedCall {
  const promptDigest = promptDigestOf({ bytes, spans }, dialect, digestKey);
  return { bytes, spans, content: contentOf(bytes, spans, dialect), promptDigest };
}
