/**
 * Pages of bytes that a state snapshot holds unchanged. Taking a snapshot shares the pages instead of copying them: a
 * shared page is copied before it is written to, and a page that was not written to keeps its digest.
 * @module
 */
import type { SnapshotMembers } from "@calybris/kernel";
import { label, putBase64url, putLabel } from "../byte-text.ts";
import { nodeSha256 } from "../journal/chain-hash.ts";
import type { SnapshotLine } from "./line.ts";

export interface Page {
  bytes: Uint8Array;
  view: DataView;
  /** Digest of its line; `undefined` after a change. */
  digest: Uint8Array | undefined;
  /** True while a snapshot shares its bytes. */
  isShared: boolean;
}

export class Pages {
  readonly #part: string;
  readonly #pageBytes: number;
  readonly #pages = new Map<number, Page>();

  /** @param part - its name in the snapshot. */
  constructor(part: string, pageBytes: number) {
    this.#part = part;
    this.#pageBytes = pageBytes;
  }

  get count(): number {
    return this.#pages.size;
  }

  /** A page, for reading only. */
  get(number: number): Page | undefined {
    return this.#pages.get(number);
  }

  /** A page to write to; a new page is all zeros. */
  own(number: number): Page {
    const page = this.#pages.get(number);
    if (page === undefined) return this.#put(number, new Uint8Array(this.#pageBytes));
    page.digest = undefined;
    if (page.isShared) {
      page.bytes = page.bytes.slice();
      page.view = new DataView(page.bytes.buffer);
      page.isShared = false;
    }
    return page;
  }

  drop(number: number): void {
    this.#pages.delete(number);
  }

  /** Computes the digest of a page that is unlikely to change again, so that taking a snapshot need not. */
  settle(number: number): void {
    const page = this.#pages.get(number);
    if (page !== undefined) page.digest ??= nodeSha256(pageLine(this.#part, number, page.bytes));
  }

  /** The lines in ascending order of page. */
  *lines(): Generator<SnapshotLine> {
    for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
      this.settle(number);
      const page = this.#pages.get(number) as Page;
      const { bytes, digest } = page;
      page.isShared = true;
      yield { digest: digest as Uint8Array, bytes: () => pageLine(this.#part, number, bytes) };
    }
  }

  /** Restores a page from a snapshot. Throws RangeError for a page of another size. */
  restore(members: SnapshotMembers): { readonly number: number; readonly page: Page } {
    const number = members.whole("page");
    const given = Buffer.from(members.text("bytes"), "base64url");
    if (given.byteLength > this.#pageBytes) throw new RangeError("a page is too long");
    const bytes = new Uint8Array(this.#pageBytes);
    bytes.set(given);
    return { number, page: this.#put(number, bytes) };
  }

  #put(number: number, bytes: Uint8Array): Page {
    const page: Page = { bytes, view: new DataView(bytes.buffer), digest: undefined, isShared: false };
    this.#pages.set(number, page);
    return page;
  }
}

/** The line of a page, without trailing zeros. Made in bytes, so that no text is allocated on the heap. */
export function pageLine(part: string, number: number, bytes: Uint8Array): Buffer {
  let end = bytes.byteLength;
  while (end > 1 && bytes[end - 1] === 0) end -= 1;
  const head = `{"part":"${part}","page":${number},"bytes":"`;
  const line = Buffer.allocUnsafeSlow(head.length + Math.ceil((end * 4) / 3) + TAIL.length);
  const textEnd = putBase64url(line, line.write(head, "latin1"), bytes, 0, end);
  putLabel(line, textEnd, TAIL);
  return line;
}

const TAIL: Uint8Array = label('"}');
