/**
 * A line of the chained log, parsed from its bytes. The hashed data is a slice of the bytes that were read, never a copy.
 * @module
 */

/** A line in the form of the published chained log. */
export interface ChainedLine {
  readonly sequence: number;
  readonly previousHash: string;
  readonly entryHash: string;
  /** The bytes that the hash covers. */
  readonly data: Uint8Array;
  readonly dataText: string;
}

/** A byte order mark is kept, so that a line that has one is refused. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const SEQUENCE = '{"sequence":';
const PREVIOUS_HASH = ',"previous_hash":"';
const ENTRY_HASH = '","entry_hash":"';
const DATA = '","data":';
const GENESIS = "genesis";
const HASH_DIGITS = 64;
const CLOSING_BRACE = 0x7d;
const OPENING_BRACE = 0x7b;
const SEQUENCE_DIGITS_MAX = 16;

/**
 * Parses a line, without its newline, in exactly the form that the journal writes; `undefined` for any other. Every entry of
 * a journal is parsed here. The line is decoded as a whole: everything before the data is ASCII, so characters are bytes
 * there.
 */
export function parseChainedLine(bytes: Uint8Array): ChainedLine | undefined {
  if (bytes[0] !== OPENING_BRACE || bytes[bytes.byteLength - 1] !== CLOSING_BRACE) return undefined;
  const before = decoded(bytes);
  if (before?.startsWith(SEQUENCE) !== true) return undefined;
  const comma = before.indexOf(PREVIOUS_HASH, SEQUENCE.length);
  const sequenceText = before.slice(SEQUENCE.length, comma);
  if (comma === -1 || sequenceText.length > SEQUENCE_DIGITS_MAX || !/^[1-9][0-9]*$/.test(sequenceText))
    return undefined;
  const previousAt = comma + PREVIOUS_HASH.length;
  const previousEnd = previousAt + (before.startsWith(GENESIS, previousAt) ? GENESIS.length : HASH_DIGITS);
  const entryAt = previousEnd + ENTRY_HASH.length;
  const entryEnd = entryAt + HASH_DIGITS;
  if (!before.startsWith(ENTRY_HASH, previousEnd) || !before.startsWith(DATA, entryEnd)) return undefined;
  const previousHash = before.slice(previousAt, previousEnd);
  const entryHash = before.slice(entryAt, entryEnd);
  if (!isHex(entryHash) || (previousHash !== GENESIS && !isHex(previousHash))) return undefined;
  const sequence = Number(sequenceText);
  if (!Number.isSafeInteger(sequence)) return undefined;
  const dataFrom = entryEnd + DATA.length;
  return {
    sequence,
    previousHash,
    entryHash,
    data: bytes.subarray(dataFrom, bytes.byteLength - 1),
    dataText: before.slice(dataFrom, -1),
  };
}

function isHex(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false;
  }
  return true;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
