/**
 * Makes lines of entries: writes each into a buffer around its hash, which covers the line before. All in bytes and in
 * place; the data of an entry is hashed where it is. Constant parts of a line are copied.
 * @module
 */
import type { ChainHash } from "@calybris/kernel";
import { hashInPlace } from "./chain-hash.ts";

/** Most bytes of a line outside its tail: sequences, hashes, member names and the newline. */
export const LINE_BYTES_AROUND = 256;

const HASH_BYTES = 64;
const SEQUENCE: Buffer = Buffer.from('{"sequence":');
const PREVIOUS_HASH: Buffer = Buffer.from(',"previous_hash":"');
const ENTRY_HASH: Buffer = Buffer.from('","entry_hash":"');
const DATA: Buffer = Buffer.from('","data":');
const DURABLE: Buffer = Buffer.from(',"durable":');
const CLOSING_BRACE = 0x7d;
const NEWLINE = 0x0a;
const ZERO = 0x30;

/** A range of bytes. */
export interface Span {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export function spanOf(bytes: Buffer): Span {
  return { bytes, start: 0, end: bytes.byteLength };
}

export class LineChain {
  readonly #keyed: ChainHash | undefined;
  #sequence: number;
  #hash: string;
  #hashAt = 0;
  #dataAt = 0;

  /** @param keyed - the keyed chain; without one, the plain SHA-256 chain. */
  constructor(sequence: number, hash: string, keyed: ChainHash | undefined) {
    this.#sequence = sequence;
    this.#hash = hash;
    this.#keyed = keyed;
  }

  /** The last entry written. */
  get sequence(): number {
    return this.#sequence;
  }

  get hash(): string {
    return this.#hash;
  }

  /** Continues from an entry that was written elsewhere. */
  resume(sequence: number, hash: string): void {
    this.#sequence = sequence;
    this.#hash = hash;
  }

  /**
   * Writes the line of the next entry at `at`, where the tail and {@link LINE_BYTES_AROUND} more bytes must fit.
   *
   * @param tail - the text after the value of `durable` in the entry's data.
   * @returns the end of the line.
   */
  lay(target: Buffer, at: number, durable: number, tail: Span): number {
    const tailAt = this.begin(target, at, durable);
    return this.finish(target, tailAt + tail.bytes.copy(target, tailAt, tail.start, tail.end));
  }

  /**
   * Writes the next line up to its tail, which the caller writes at the returned offset; then call {@link LineChain.finish}.
   */
  begin(target: Buffer, at: number, durable: number): number {
    this.#sequence += 1;
    const sequenceEnd = layNumber(target, layBytes(target, at, SEQUENCE), this.#sequence);
    const previousAt = layBytes(target, sequenceEnd, PREVIOUS_HASH);
    const previousEnd = previousAt + target.write(this.#hash, previousAt, "latin1");
    this.#hashAt = layBytes(target, previousEnd, ENTRY_HASH);
    this.#dataAt = this.#hashAt + HASH_BYTES + DATA.byteLength;

    // The data begins like the line.
    target.copyWithin(this.#dataAt, at, sequenceEnd);
    return layNumber(target, layBytes(target, this.#dataAt + sequenceEnd - at, DURABLE), durable);
  }

  /** Completes the line whose tail ends at `dataEnd`. Returns the end of the line. */
  finish(target: Buffer, dataEnd: number): number {
    this.#hash =
      this.#keyed === undefined
        ? hashInPlace(target, this.#dataAt, dataEnd, this.#hash)
        : this.#keyed(this.#hash, target.subarray(this.#dataAt, dataEnd));
    target.write(this.#hash, this.#hashAt, "latin1");
    layBytes(target, this.#hashAt + HASH_BYTES, DATA);
    target[dataEnd] = CLOSING_BRACE;
    target[dataEnd + 1] = NEWLINE;
    return dataEnd + 2;
  }
}

function layBytes(target: Buffer, at: number, bytes: Buffer): number {
  target.set(bytes, at);
  return at + bytes.byteLength;
}

/** Writes the digits of an integer. */
function layNumber(target: Buffer, at: number, value: number): number {
  if (value >= 2 ** 31) return at + target.write(String(value), at, "latin1");
  let digits = 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits += 1;
  let rest = value;
  for (let place = at + digits - 1; place >= at; place--) {
    const quotient = (rest / 10) | 0;
    target[place] = ZERO + rest - quotient * 10;
    rest = quotient;
  }
  return at + digits;
}
