/**
 * The Merkle tree of a log, from the hashes of its entries alone, and what its entries say of it.
 * @module
 */
import { fromHex, type MerkleFrontier, MerkleTree, type Sha256, toHex } from "@calybris/kernel";

export class TreeCheck {
  readonly #sha256: Sha256;
  /** `undefined` once an entry is missing. */
  #tree: MerkleTree | undefined;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
    this.#tree = new MerkleTree({ hash: sha256 });
  }

  /** Begins behind a snapshot; `undefined` for one that holds no tree. */
  beginAfter(from: MerkleFrontier | undefined): void {
    this.#tree = from === undefined ? undefined : new MerkleTree({ from, hash: this.#sha256 });
  }

  /** The root over all entries so far, in hexadecimal; `undefined` where it is not known. */
  get root(): string | undefined {
    return this.#tree === undefined ? undefined : toHex(this.#tree.root());
  }

  /** Takes the next entry. */
  take(sequence: number, entryHash: string): void {
    this.#tree?.append(sequence, fromHex(entryHash) as Uint8Array);
  }

  /** Entries are missing before the next one. */
  lose(): void {
    this.#tree = undefined;
  }
}
