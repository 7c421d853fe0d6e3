/**
 * Keyed digests of a request: equal requests have equal digests, and without the key nobody can test a prompt against a
 * digest.
 *
 * Claude Code begins its system prompt with a line about billing that differs in every request. Both digests leave it out.
 * The prompt's digest also leaves out members that no model reads, because a client may change them when it repeats a call.
 * @module
 */
import type { SpannedBody } from "../wire/body-members.ts";
import type { WireDialect } from "../wire/dialect.ts";
import type { MemberSpan } from "../wire/json-spans.ts";
import { isRead } from "./content-rules.ts";
import { JsonWalk } from "./json-walk.ts";
import { type DigestKey, keyedDigest } from "./keyed-digest.ts";

export const DIGEST_KEY_BYTES = 32;
const NEWLINE = Buffer.from("\n");

/**
 * The digest of the parts that the model reads, which the journal keeps: 43 characters of base64url.
 *
 * @param key - {@link DIGEST_KEY_BYTES} secret bytes; a different key gives different digests.
 */
export function promptDigestOf({ bytes, spans }: SpannedBody, dialect: WireDialect, key: DigestKey): string {
  const line = attributionLine(bytes, spans.members.get("system"));
  return keyedDigest(key, (add) => {
    add(Buffer.from(`${dialect}\n`));
    for (const [name, { keyStart, valueEnd }] of spans.members) {
      if (!isRead(name)) continue;
      addWithout(add, bytes, keyStart, valueEnd, line);
      add(NEWLINE);
    }
  });
}

/** The digest of the complete body, for exact equality. It has the same form, and never equals a prompt's digest. */
export function requestDigestOf({ bytes, spans }: SpannedBody, dialect: WireDialect, key: DigestKey): string {
  const line = attributionLine(bytes, spans.members.get("system"));
  return keyedDigest(key, (add) => {
    add(Buffer.from(`request ${dialect}\n`));
    addWithout(add, bytes, 0, bytes.byteLength, line);
  });
}

interface Hole {
  readonly from: number;
  readonly to: number;
}

function addWithout(
  add: (part: Uint8Array) => void,
  bytes: Uint8Array,
  from: number,
  to: number,
  hole: Hole | undefined,
): void {
  if (hole === undefined || hole.from < from || hole.to > to) {
    add(bytes.subarray(from, to));
    return;
  }
  add(bytes.subarray(from, hole.from));
  add(bytes.subarray(hole.to, to));
}

const LINE_BEGINS = "x-anthropic-billing-header:";
/** The line has about two hundred bytes. A longer text is not excluded, because it could hide a prompt from its digest. */
const LINE_BYTES_MAX = 1_024;

/** The position of the text of a system prompt's first block, if it is the billing line. */
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
