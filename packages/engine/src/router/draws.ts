/**
 * Draws: 32 bits for a decision, from only a secret seed and the decision's number. So requests cannot influence them, and
 * anyone with the seed can reproduce them.
 *
 *     block n = SHA-256("calydrw1" ‖ NUL ‖ seed ‖ n as u64)      eight words of 32 bits: four decisions, two draws each
 *
 * A keyed hash of a counter is a pseudorandom function as long as SHA-256's compression function is one under a key (the
 * seed is of fixed length and fills a block of its own).
 * @module
 */
import { ByteWriter, invariant } from "@calybris/kernel";

/** Writes the SHA-256 of bytes into a 32-byte buffer. */
export type Sha256Into = (bytes: Uint8Array, out: Uint8Array) => void;

export const SEED_BYTES = 32;
const DECISIONS_PER_BLOCK = 4;
const TWO_32 = 2 ** 32;
const BLOCK_BYTES = 9 + SEED_BYTES + 8;

export class Draws {
  /** The hash input. The block number is at its end. */
  readonly #bytes: Uint8Array;
  readonly #number: DataView;
  readonly #sha256Into: Sha256Into;
  #block = -1;
  readonly #hash: Uint8Array<ArrayBuffer> = new Uint8Array(32);
  readonly #words: DataView = new DataView(this.#hash.buffer);

  constructor(seed: Uint8Array, sha256Into: Sha256Into) {
    invariant(seed.byteLength === SEED_BYTES, `a seed has ${SEED_BYTES} bytes`);
    this.#bytes = new ByteWriter(BLOCK_BYTES).tag("calydrw1").raw(seed).u64(0n).finish();
    this.#number = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + BLOCK_BYTES - 8, 8);
    this.#sha256Into = sha256Into;
  }

  /** The draw that chooses the tier; 32 bits. */
  tier(decision: number): number {
    return this.#word(decision, 0);
  }

  /** The draw that decides whether the decision is a holdout; 32 bits. */
  holdout(decision: number): number {
    return this.#word(decision, 1);
  }

  #word(decision: number, which: number): number {
    const block = Math.floor(decision / DECISIONS_PER_BLOCK);
    if (block !== this.#block) {
      this.#number.setUint32(0, block >>> 0, true);
      this.#number.setUint32(4, Math.floor(block / TWO_32), true);
      this.#sha256Into(this.#bytes, this.#hash);
      this.#block = block;
    }
    return this.#words.getUint32(((decision % DECISIONS_PER_BLOCK) * 2 + which) * 4, true);
  }
}
