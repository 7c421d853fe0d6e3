/**
 * The MAC of the head: `head.mac` beside `head.json`, HMAC-SHA-256 over its bytes under the journal's key, in hexadecimal
 * with a newline. The entries of a keyed journal cannot be forged without the key; without this file their number could be.
 *
 * It is replaced whenever the head is synced. Between two syncs the head is ahead of it, so a MAC is genuine if it matches
 * the head of any entry of the journal; it establishes the entries up to that one.
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
 * @param chain - the keyed chain: with an empty previous hash it is the HMAC. No entry begins like a head.
 */
export function headMac(head: Head, chain: ChainHash): string {
  return `${chain("", headPage(head))}\n`;
}

/** The text of a directory's file; `undefined` if it does not exist. */
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

/** Finds the entry whose head matches a MAC, as entries are read in order. */
export class HeadMacSearch {
  readonly #text: string;
  readonly #chain: ChainHash;
  #sequence: number | undefined;

  /** @param head - the directory's head, which the MAC matches in most cases. */
  constructor(text: string, chain: ChainHash, head: Head | undefined) {
    this.#text = text;
    this.#chain = chain;
    if (head !== undefined && headMac(head, chain) === text) this.#sequence = head.sequence;
  }

  readonly note = (sequence: number, hash: string): void => {
    if (this.#sequence === undefined && headMac({ sequence, hash, keyed: true }, this.#chain) === this.#text)
      this.#sequence = sequence;
  };

  /** The entry whose head matches; `undefined` until it is found. */
  get sequence(): number | undefined {
    return this.#sequence;
  }

  /** After the last entry: whether the MAC matches no head that this journal ever had. */
  get isWrong(): boolean {
    return this.#sequence === undefined;
  }
}
