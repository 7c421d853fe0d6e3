/**
 * The end of a snapshot: lines that its digest does not cover, and a hash that binds them to the digest, under the journal's
 * key if it has one.
 *
 *     hash = chain(snapshotDigest, SHA-256 of each late line)
 * @module
 */
import { type ChainHash, SNAPSHOT_LATE_PARTS } from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";

const LATE: readonly string[] = SNAPSHOT_LATE_PARTS.map((part) => `{"part":"${part}",`);
const END = '{"part":"end",';

export class LateLines {
  readonly #chain: ChainHash;
  readonly #digests: Uint8Array[] = [];

  constructor(chain: ChainHash) {
    this.#chain = chain;
  }

  static isLate(line: string): boolean {
    return LATE.some((beginning) => line.startsWith(beginning));
  }

  static isEnd(line: string): boolean {
    return line.startsWith(END);
  }

  add(line: Uint8Array): void {
    this.#digests.push(nodeSha256(line));
  }

  /** The last line of the snapshot. */
  end(snapshotDigest: string): string {
    return `${END}"hash":"${this.#chain(snapshotDigest, Buffer.concat(this.#digests))}"}`;
  }
}
