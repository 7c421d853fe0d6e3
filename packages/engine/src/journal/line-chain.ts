/**
 * Makes lines of entries: lays each into a buffer around its hash, which covers the line before. Everything happens in
 * bytes and in place; the hash of an entry is taken where its data stands.
 * @module
 */
import type { ChainHash } from "@calybris/kernel";
import { hashInPlace } from "./chain-hash.ts";

/** What a line holds at most around its tail: sequences, hashes, the members' names and the newline. */
export const LINE_BYTES_AROUND = 256;

const HASH_BYTES = 64;
const BEFORE_DATA = '","data":';

export class LineChain {
  readonly #keyed: ChainHash | undefined;
  #sequence: number;
  #hash: string;

  /** @param keyed - the keyed chain; without one, the plain SHA-256 chain. */
  constructor(sequence: number, hash: string, keyed: ChainHash | undefined) {
    this.#sequence = sequence;
    this.#hash = hash;
    this.#keyed = keyed;
  }

  /** The last entry that was laid. */
  get sequence(): number {
    return this.#sequence;
  }

  get hash(): string {
    return this.#hash;
  }

  /** Goes on from an entry that was laid elsewhere. */
  resume(sequence: number, hash: string): void {
    this.#sequence = sequence;
    this.#hash = hash;
  }

  /**
   * Lays the line of the next entry at `at`, where the tail and {@link LINE_BYTES_AROUND} more must fit.
   *
   * @param tail - what follows the value of `durable` in the entry's data.
   * @returns where the line ends.
   */
  lay(target: Buffer, at: number, durable: number, tail: Uint8Array): number {
    const sequence = this.#sequence + 1;
    const before = `{"sequence":${sequence},"previous_hash":"${this.#hash}","entry_hash":"`;
    const hashAt = at + target.write(before, at, "latin1");
    const dataAt = hashAt + HASH_BYTES + BEFORE_DATA.length;
    const opening = `{"sequence":${sequence},"durable":${durable}`;
    const tailAt = dataAt + target.write(opening, dataAt, "latin1");
    target.set(tail, tailAt);
    const dataEnd = tailAt + tail.byteLength;
    this.#hash =
      this.#keyed === undefined
        ? hashInPlace(target, dataAt, dataEnd, this.#hash)
        : this.#keyed(this.#hash, target.subarray(dataAt, dataEnd));
    target.write(this.#hash + BEFORE_DATA, hashAt, "latin1");
    target[dataEnd] = 0x7d;
    target[dataEnd + 1] = 0x0a;
    this.#sequence = sequence;
    return dataEnd + 2;
  }
}
