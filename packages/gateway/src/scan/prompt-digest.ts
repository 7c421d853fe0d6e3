/**
 * Keyed digests of a request: equal requests are recognised, and a prompt cannot be tested without the key.
 *
 * Claude Code begins its system prompt with a line about billing that differs in every request. It is left out of both
 * digests, as are, of the prompt's, members that no model reads: a client that sends a call again may set them anew.
 * @module
 */
import { createHmac, type Hmac, type KeyObject } from "node:crypto";
import type { SpannedBody } from "../wire/body-members.ts";
import type { WireDialect } from "../wire/dialect.ts";
import type { MemberSpan } from "../wire/json-spans.ts";
import { isRead } from "./content-rules.ts";
import { JsonWalk } from "./json-walk.ts";

export const DIGEST_KEY_BYTES = 32;

/** Secret bytes, or the same as a key object, with which an HMAC begins in a fifth of the time. */
export type DigestKey = Uint8Array | KeyObject;

/**
 * Of what the model reads: 43 characters of base64url, which the journal keeps.
 *
 * @param key - {@link DIGEST_KEY_BYTES} secret bytes; with another key every digest is another.
 */
export function promptDigestOf({ bytes, spans }: SpannedBody, dialect: WireDialect, key: DigestKey): string {
  const line = attributionLine(bytes, spans.members.get("system"));
  const prompt = createHmac("sha256", key).update(`${dialect}\n`);
  for (const [name, { keyStart, valueEnd }] of spans.members) {
    if (!isRead(name)) continue;
    updateWithout(prompt, bytes, keyStart, valueEnd, line);
    prompt.update("\n");
  }
  return prompt.digest("base64url");
}

/** Of the whole body, for what must be equal in everything; of the same form, and never equal to a prompt's. */
export function requestDigestOf({ bytes, spans }: SpannedBody, dialect: WireDialect, key: DigestKey): string {
  const line = attributionLine(bytes, spans.members.get("system"));
  const request = createHmac("sha256", key).update(`request ${dialect}\n`);
  updateWithout(request, bytes, 0, bytes.byteLength, line);
  return request.digest("base64url");
}

interface Hole {
  readonly from: number;
  readonly to: number;
}

function updateWithout(hmac: Hmac, bytes: Uint8Array, from: number, to: number, hole: Hole | undefined): void {
  if (hole === undefined || hole.from < from || hole.to > to) {
    hmac.update(bytes.subarray(from, to));
    return;
  }
  hmac.update(bytes.subarray(from, hole.from)).update(bytes.subarray(hole.to, to));
}

const LINE_BEGINS = "x-anthropic-billing-header:";
/** The line has some two hundred bytes. What is longer is no such line, and could hide a prompt from its digest. */
const LINE_BYTES_MAX = 1_024;

/** Where the text of the first block of a system prompt is, if it is the line. */
function attributionLine(bytes: Uint8Array, system: MemberSpan | undefined): Hole | undefined {
  if (system === undefined) return undefined;
  const walk = new JsonWalk(bytes);
  if (!walk.isList(system.valueStart)) return undefined;
  let hole: Hole | undefined;
  let index = 0;
  walk.items(system.valueStart, (block) => {
    index += 1;
    if (index > 1 || !walk.isObject(block)) return undefined;
    return walk.members(block, (key, at) => {
      if (key === "text" && walk.text(at, LINE_BYTES_MAX)?.startsWith(LINE_BEGINS) === true)
        hole = { from: at, to: walk.end(at) };
      return undefined;
    });
  });
  return hole;
}
