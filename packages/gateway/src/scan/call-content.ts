/**
 * The size of a call according to its body: the bytes that the model reads, the numbers of messages, tools and images, and
 * the parts that its bytes do not show. No text is kept except the beginning of the last user text, for the prior.
 *
 * Anything that the bytes may not bound counts as hidden: an unknown kind of block, a new field, a hosted tool. A call with
 * hidden parts is bounded by the context window.
 * @module
 */
import { isAscii } from "node:buffer";
import type { WireDialect } from "../wire/dialect.ts";
import type { JsonSpans } from "../wire/json-spans.ts";
import { hiddenField, isRead } from "./content-rules.ts";
import { type CallContent, ContentCount } from "./content-count.ts";
import { JsonWalk } from "./json-walk.ts";

/**
 * @param bytes - validated; the spans are those of {@link JsonSpanScanner}.
 *
 * @example
 * ```ts
 * const { bytes, spans } = spanBody(Buffer.from('{"model":"a","messages":[{"role":"user","content":"Hi"}]}'));
 * contentOf(bytes, spans, "openai-chat").messageCount; // 1
 * ```
 */
export function contentOf(bytes: Uint8Array, { members }: JsonSpans, dialect: WireDialect): CallContent {
  const walk = new JsonWalk(bytes);
  const isPlain = wideIn(bytes) === 0;
  const count = new ContentCount(walk);
  let [promptBytes, wideBytes] = [0, 0];
  for (const [name, { keyStart, valueStart, valueEnd }] of members) {
    if (!isRead(name)) continue;
    promptBytes += valueEnd - keyStart;
    if (!isPlain) wideBytes += wideIn(bytes.subarray(valueStart, valueEnd));
    if (walk.isNull(valueStart)) continue;
    if (name === "messages" || name === "input") count.messages(valueStart, dialect);
    else if (name === "system") count.content(valueStart);
    else if (name === "tools") count.tools(valueStart, valueEnd - valueStart);
    else if (name === "n" && dialect === "openai-chat") count.choices(valueStart);
    else if (name === "prediction") count.predictionBytes = valueEnd - valueStart;
    else if (name === "context_management") count.contextEdits(valueStart);
    else if (name === "reasoning" && dialect === "openai-responses") count.reasoning(valueStart);
    else {
      const hidden = hiddenField(dialect, name);
      if (hidden && !count.isNeutral(name, valueStart)) count.hide(name);
    }
  }
  return { promptBytes, wideBytes, ...count.result() };
}

const ESCAPE_TEXT = "\\u";
const ESCAPE_COUNTS = 3;

function wideIn(bytes: Uint8Array): number {
  let wide = 0;
  if (!isAscii(bytes)) for (const byte of bytes) if (byte >= 0x80) wide += 1;
  const text = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = text.indexOf(ESCAPE_TEXT); at !== -1; at = text.indexOf(ESCAPE_TEXT, at + 2)) wide += ESCAPE_COUNTS;
  return wide;
}
