/**
 * The rule that distinguishes damage from a torn tail. Recovery and audit share it, so that recovery never cuts what an
 * audit reports as damage.
 *
 * A write that a crash of the machine cuts off leaves newlines (the preallocated space) where its bytes are missing. So a
 * torn tail may hold partial lines, and complete entries with gaps between them, none of them acknowledged. It never holds a
 * complete line whose hash does not match, an entry whose sequence is already present, or one written when more entries were
 * durable.
 * @module
 */
import type { ChainHash } from "./chain.ts";
import { parseChainedLine } from "./chained-line.ts";
import { parseEntryHead } from "./entry.ts";

/** The end of the valid entries. */
export interface LastGood {
  readonly sequence: number;
}

/**
 * The evidence in a line after the last valid entry that the tail is damaged; `undefined` if it may be torn.
 *
 * @param line - without its newline; not the entry that comes next.
 * @param hasNewline - false for the last bytes of the file if no newline follows them.
 * @returns the finding, as the end of the sentence "a torn tail was expected, and found was …".
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
 * The value of `durable` in the head of an entry's data, even if the line around it was altered. The pattern includes the
 * next member, because after a write torn within the number any byte may follow its first digits.
 */
const PROMISE = /"sequence"\s*:\s*[0-9]+\s*,\s*"durable"\s*:\s*([0-9]{1,16})\s*,\s*"at"/g;

function promiseIn(text: string): number {
  let promised = 0;
  for (const [, digits] of text.matchAll(PROMISE)) promised = Math.max(promised, Number(digits));
  return promised;
}

/** A number between two newlines may be part of a torn line; an object with the hash of an entry is not. */
function isWholeLine(text: string): boolean {
  if (!text.startsWith("{") || !text.endsWith("}")) return false;
  try {
    return Object.hasOwn(JSON.parse(text) as object, "entry_hash");
  } catch {
    return false;
  }
}
