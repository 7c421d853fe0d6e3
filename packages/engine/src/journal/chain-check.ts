/**
 * Verifies the lines of a journal in order: each must be the entry after the last one, chained to it, with data that matches
 * its line.
 * @module
 */
import { type ChainHash, type EntryHead, type EntryLine, parseChainedLine, parseEntryHead } from "@calybris/kernel";
import { NextLine } from "./next-line.ts";

/** A position in the chain: an entry and its hash. */
export interface ChainPosition {
  readonly sequence: number;
  readonly hash: string;
}

/** An entry that continues the chain. */
export interface ChainedEntry {
  readonly line: EntryLine;
  readonly head: EntryHead;
}

/** The reason that a line is not the next entry. */
export interface ChainFault {
  readonly expected: string;
  readonly found: string;
}

export class ChainCheck {
  readonly #chain: ChainHash;
  readonly #nextLine: NextLine;
  #last: ChainPosition;

  /** @param begin - the entry before the first line. */
  constructor(chain: ChainHash, keyed: boolean, begin: ChainPosition) {
    this.#chain = chain;
    this.#nextLine = new NextLine(keyed ? chain : undefined);
    this.#last = begin;
  }

  /** The last verified entry. */
  get last(): ChainPosition {
    return this.#last;
  }

  /**
   * Verifies the next line.
   *
   * @param ended - whether the line ends with a newline.
   * @returns its entry; or the fault, in which case the position is unchanged.
   */
  take(bytes: Buffer, ended: boolean): ChainedEntry | ChainFault {
    const expected = ended ? this.#nextLine.read(bytes, this.#last) : undefined;
    const line = expected ?? (ended ? entryLineOf(bytes) : undefined);
    const head = line === undefined ? undefined : parseEntryHead(line.data);
    const fault = isNext(expected, head) ? undefined : faultOf(line, head, this.#last, this.#chain);
    if (fault !== undefined || line === undefined || head === undefined)
      return fault ?? { expected: "an entry", found: "none" };
    this.#last = { sequence: line.sequence, hash: line.entryHash };
    return { line, head };
  }
}

/** Whether the data of a chained line states the sequence of the line, and a lower durable one. */
function isNext(line: EntryLine | undefined, head: EntryHead | undefined): boolean {
  return line !== undefined && head?.sequence === line.sequence && head.durable < line.sequence;
}

function faultOf(
  line: EntryLine | undefined,
  head: EntryHead | undefined,
  last: ChainPosition,
  chain: ChainHash,
): ChainFault | undefined {
  const next = last.sequence + 1;
  if (line === undefined || head === undefined) return { expected: `entry ${next}`, found: "bytes that are no entry" };
  if (line.sequence !== next) return { expected: `sequence ${next}`, found: `${line.sequence}` };
  if (head.sequence !== next) return { expected: `sequence ${next} in the data`, found: `${head.sequence}` };
  if (line.previousHash !== last.hash) return { expected: `previous hash ${last.hash}`, found: line.previousHash };
  if (head.durable > last.sequence) return { expected: `durable at most ${last.sequence}`, found: `${head.durable}` };
  const hash = chain(last.hash, Buffer.from(line.data));
  return hash === line.entryHash ? undefined : { expected: `entry hash ${hash}`, found: line.entryHash };
}

function entryLineOf(bytes: Uint8Array): EntryLine | undefined {
  const line = parseChainedLine(bytes);
  return line === undefined ? undefined : { ...line, data: line.dataText };
}
