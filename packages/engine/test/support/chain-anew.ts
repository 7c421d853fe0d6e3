/**
 * Chains entries anew as somebody who may write the journal would: every hash right, and the root of the tree in `state` entries
 * as well, because anyone can compute both.
 */
import { type ChainHash, entryLine, GENESIS_HASH, toUtf8 } from "@calybris/kernel";
import { JournalTree } from "../../src/journal/journal-tree.ts";

const TREE_ROOT = /,"treeRoot":"[0-9a-f]{64}"/;

export class ChainAnew {
  readonly #chain: ChainHash;
  readonly #tree = new JournalTree();
  #previous: string = GENESIS_HASH;

  constructor(chain: ChainHash) {
    this.#chain = chain;
  }

  /** Takes an entry that stays as it is. */
  keep(entryHash: string): void {
    this.#tree.apply(this.#tree.treeSize + 1, entryHash);
    this.#previous = entryHash;
  }

  /**
   * The line of the next entry, with its newline.
   *
   * @param isLie - its data stays as it is, also a root.
   */
  line(data: string, isLie = false): string {
    const text = isLie ? data : data.replace(TREE_ROOT, `,"treeRoot":"${this.#tree.digest()}"`);
    const sequence = this.#tree.treeSize + 1;
    const previous = this.#previous;
    const hash = this.#chain(previous, toUtf8(text));
    this.keep(hash);
    return entryLine(sequence, previous, hash, text);
  }
}
