/**
 * The MAC of the head: `head.mac` beside `head.json`, HMAC-SHA-256 over its bytes under the journal's key, in hexadecimal
 * and a newline. The entries of a keyed journal cannot be forged without the key; without this file their number could.
 *
 * It is replaced whenever the head is synced. Between two syncs the head runs ahead of it, so a MAC of the head of any
 * entry of the journal is genuine: it establishes the entries up to that one.
 * @module
 */
import type { ChainHash } from "@calybris/kernel";
import { type Disk, readWhole } from "./disk.ts";
import { type Head, headPage } from "./head.ts";

export const HEAD_MAC_FILE = "head.mac";
const MAC_BYTES = 65;

/**
 * The text of the file.
 *
 * @param chain - the keyed chain: with nothing before it, it is the HMAC. No entry begins as a head does.
 */
export function headMac(head: Head, chain: ChainHash): string {
  return `${chain("", headPage(head))}\n`;
}

/** The text of the file in a directory; `undefined` when there is no such file. */
export function readHeadMac(disk: Disk, directory: string): string | undefined {
  const file = disk.open(directory, HEAD_MAC_FILE, false);
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.alloc(MAC_BYTES + 1);
    return bytes.toString("latin1", 0, readWhole(file, bytes));
  } finally {
    file.close();
  }
}

/** Looks for the entry whose head a MAC is of, while entries go by in order. */
export class HeadMacSearch {
  readonly #text: string;
  readonly #chain: ChainHash;
  #sequence: number | undefined;

  /** @param head - the head of the directory: in most cases the MAC is of that. */
  constructor(text: string, chain: ChainHash, head: Head | undefined) {
    this.#text = text;
    this.#chain = chain;
    if (head !== undefined && headMac(head, chain) === text) this.#sequence = head.sequence;
  }

  readonly note = (sequence: number, hash: string): void => {
    if (this.#sequence === undefined && headMac({ sequence, hash, keyed: true }, this.#chain) === this.#text)
      this.#sequence = sequence;
  };

  /** The entry whose head it is; `undefined` while that was not found. */
  get sequence(): number | undefined {
    return this.#sequence;
  }

  /** After the last entry: the MAC is of no head that this journal ever had. */
  get isWrong(): boolean {
    return this.#sequence === undefined;
  }
}
