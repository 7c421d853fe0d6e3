/**
 * The fast path of reading a journal back: the line is the next entry, exactly as it was written. It is compared and hashed
 * in place, without being parsed. Any other line is left unchanged, for a reader that can name the fault.
 * @module
 */
import { isUtf8 } from "node:buffer";
import type { ChainHash, EntryLine } from "@calybris/kernel";
import { hashInPlace } from "./chain-hash.ts";

const HASH_BYTES = 64;
const BEFORE_DATA = '","data":';
const PREFIX_BYTES_MAX = 256;
const CLOSING_BRACE = 0x7d;

export class NextLine {
  readonly #keyed: ChainHash | undefined;
  readonly #prefix: Buffer = Buffer.allocUnsafe(PREFIX_BYTES_MAX);

  /** @param keyed - the keyed chain; without one, the plain SHA-256 chain. */
  constructor(keyed: ChainHash | undefined) {
    this.#keyed = keyed;
  }

  /** The line, if its sequence, both hashes and its form are those of the entry after `last`. */
  read(bytes: Buffer, last: { readonly sequence: number; readonly hash: string }): EntryLine | undefined {
    const sequence = last.sequence + 1;
    const opening = `{"sequence":${sequence},"previous_hash":"${last.hash}","entry_hash":"`;
    const hashAt = this.#prefix.write(opening, "latin1");
    const hashEnd = hashAt + HASH_BYTES;
    const dataAt = hashEnd + BEFORE_DATA.length;
    const dataEnd = bytes.byteLength - 1;
    if (dataEnd <= dataAt || bytes[dataEnd] !== CLOSING_BRACE) return undefined;
    if (this.#prefix.compare(bytes, 0, hashAt, 0, hashAt) !== 0) return undefined;
    if (bytes.toString("latin1", hashEnd, dataAt) !== BEFORE_DATA) return undefined;
    const entryHash = bytes.toString("latin1", hashAt, hashEnd);
    if (this.#hash(bytes, dataAt, dataEnd, last.hash) === entryHash) {
      const data = bytes.toString("utf8", dataAt, dataEnd);
      const isAscii = data.length === dataEnd - dataAt;
      if (isAscii || isUtf8(bytes.subarray(dataAt, dataEnd)))
        return { sequence, previousHash: last.hash, entryHash, data };
    }
    bytes.write(entryHash + BEFORE_DATA, hashAt, "latin1");
    return undefined;
  }

  /**
   * The plain hash covers the previous hash and the data, so the previous hash is written over the bytes before the data.
   */
  #hash(bytes: Buffer, dataAt: number, dataEnd: number, previousHash: string): string {
    return this.#keyed === undefined
      ? hashInPlace(bytes, dataAt, dataEnd, previousHash)
      : this.#keyed(previousHash, bytes.subarray(dataAt, dataEnd));
  }
}
