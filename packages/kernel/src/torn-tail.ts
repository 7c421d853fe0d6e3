/**
 * The rule that distinguishes damage from a torn tail. Recovery cuts by this rule and the audit judges by it, so that one never cuts what
 * the other calls broken.
 *
 * A write that the end of the machine cut off leaves newlines (the prepared space) where its bytes are missing. So a tail
 * may hold parts of lines, and whole entries with gaps between them; and nothing in it was acknowledged. It never holds a
 * whole line that says something else, an entry that is elsewhere already, or one that was written when more was durable.
 * @module
 */
import type { ChainHash } from "./chain.ts";
import { parseChainedLine } from "./chained-line.ts";
import { parseEntryHead } from "./entry.ts";

/** Where the good entries end. */
export interface LastGood {
  readonly sequence: number;
}

/**
 * Why a line behind the last good entry shows that the tail is not torn: `undefined` when it may be.
 *
 * @param line - without its newline; it is not the entry that comes next.
 * @param hasNewline - false for bytes that the end of the file cut off.
 * @returns what was found, as the end of the sentence "a torn tail was expected, and found was …".
 */
export function contradictionOfTear(
  line: Uint8Array,
  hasNewline: boolean,
  last: LastGood,
  chain: ChainHash,
): string | undefined {
  const text = lenient.decode(line).trim();
  const promised = promiseIn(text);
  if (promised > last.sequence) return `an entry written when ${promised} was durable`;
  if (!hasNewline) return undefined;
  const entry = parseChainedLine(encoder.encode(text));
  if (entry === undefined || chain(entry.previousHash, entry.data) !== entry.entryHash)
    return isWholeLine(text) ? "a whole line that was altered" : undefined;
  if (entry.sequence <= last.sequence) return `entry ${entry.sequence} once more`;
  if (entry.sequence === last.sequence + 1) return `entry ${entry.sequence} of another chain, or in another form`;
  const head = parseEntryHead(entry.dataText);
  if (head?.sequence !== entry.sequence) return `entry ${entry.sequence}, whose data has another sequence`;
  return undefined;
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * What the head of an entry's data promises, however the line around it was altered; 0 for nothing. The member after it is
 * part of the pattern: where a write was torn amid a number, any byte may follow its first digits.
 */
const PROMISE = /"sequence"\s*:\s*[0-9]+\s*,\s*"durable"\s*:\s*([0-9]{1,16})\s*,\s*"at"/g;

function promiseIn(text: string): number {
  let promised = 0;
  for (const [, digits] of text.matchAll(PROMISE)) promised = Math.max(promised, Number(digits));
  return promised;
}

/** A number between two newlines may be what is left of a line; an object with the hash of an entry is not. */
function isWholeLine(text: string): boolean {
  if (!text.startsWith("{") || !text.endsWith("}")) return false;
  try {
    return Object.hasOwn(JSON.parse(text) as object, "entry_hash");
  } catch {
    return false;
  }
}
