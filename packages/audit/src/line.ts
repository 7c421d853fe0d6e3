/**
 * Parses one line of a log without losing a byte: the hash is computed over a slice of the bytes read, never over rewritten
 * text. Our own lines have one form; the published format allows white space between members.
 * @module
 */
import type { ChainedLine } from "@calybris/kernel";

const PUBLISHED =
  /^[ \t\r]*\{[ \t\r]*"sequence"[ \t\r]*:[ \t\r]*([1-9][0-9]{0,15})[ \t\r]*,[ \t\r]*"previous_hash"[ \t\r]*:[ \t\r]*"(genesis|[0-9a-f]{64})"[ \t\r]*,[ \t\r]*"entry_hash"[ \t\r]*:[ \t\r]*"([0-9a-f]{64})"[ \t\r]*,[ \t\r]*"data"[ \t\r]*:[ \t\r]*/;

const PUBLISHED_END = /[ \t\r]*\}[ \t\r]*$/;

/** A byte order mark is kept like any other byte: no line of a log contains one. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The bytes of a line, and its text; no text if it is not UTF-8. */
export interface RawLine {
  readonly bytes: Uint8Array;
  readonly text: string | undefined;
}

export function rawLine(line: Uint8Array | string): RawLine {
  if (typeof line !== "string") return new UndecodedLine(line);
  return { bytes: encoder.encode(line), text: line.isWellFormed() ? line : undefined };
}

/** Our own lines are read from their bytes; the text of a whole line is decoded only if the line is not in order. */
class UndecodedLine implements RawLine {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get text(): string | undefined {
    return decoded(this.bytes);
  }
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Preallocated space is written as newlines, so a reader finds blank lines there. */
export function isBlank(line: RawLine): boolean {
  return line.bytes.byteLength === 0;
}

/** Parses a line of the published format from any writer: the same members in the same order. */
export function parsePublishedLine({ bytes, text }: RawLine): ChainedLine | undefined {
  if (text === undefined) return undefined;
  const match = PUBLISHED.exec(text);
  const end = PUBLISHED_END.exec(text);
  if (match === null || end === null || end.index < match[0].length) return undefined;
  const dataText = text.slice(match[0].length, end.index);
  if (!isJson(dataText)) return undefined;
  return chained(match, bytes.subarray(match[0].length, bytes.byteLength - end[0].length), dataText);
}

function chained(match: RegExpExecArray, data: Uint8Array, dataText: string): ChainedLine | undefined {
  const [, sequenceText = "", previousHash = "", entryHash = ""] = match;
  const sequence = Number(sequenceText);
  return Number.isSafeInteger(sequence) ? { sequence, previousHash, entryHash, data, dataText } : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const EXCERPT_CHARACTERS_MAX = 80;

/** A text, cut to the length that fits into a message. */
export function excerpt(text: string): string {
  return text.length <= EXCERPT_CHARACTERS_MAX ? text : `${text.slice(0, EXCERPT_CHARACTERS_MAX)}…`;
}
