/**
 * A set of close sequences: one bit for each entry, in pages that contain at least one.
 * @module
 */
import { carryCount, type MeasureBytes } from "./measure-bytes.ts";

const PAGE_BITS = 4_096;
const PAGE_BYTES = PAGE_BITS / 8;

interface Page {
  readonly bits: Uint8Array;
  count: number;
}

export class SequenceSet {
  readonly #pages = new Map<number, Page>();

  add(sequence: number): void {
    const number = Math.floor(sequence / PAGE_BITS);
    const page = this.#pages.get(number) ?? { bits: new Uint8Array(PAGE_BYTES), count: 0 };
    this.#pages.set(number, page);
    const [byte, mask] = placeOf(sequence);
    if (((page.bits[byte] as number) & mask) !== 0) return;
    page.bits[byte] = (page.bits[byte] as number) | mask;
    page.count += 1;
  }

  has(sequence: number): boolean {
    const [byte, mask] = placeOf(sequence);
    return ((this.#pages.get(Math.floor(sequence / PAGE_BITS))?.bits[byte] ?? 0) & mask) !== 0;
  }

  /** Returns whether the sequence was in the set. An empty page is freed. */
  delete(sequence: number): boolean {
    if (!this.has(sequence)) return false;
    const number = Math.floor(sequence / PAGE_BITS);
    const page = this.#pages.get(number) as Page;
    const [byte, mask] = placeOf(sequence);
    page.bits[byte] = (page.bits[byte] as number) & ~mask;
    page.count -= 1;
    if (page.count === 0) this.#pages.delete(number);
    return true;
  }

  /** Page by page. @throws RangeError. */
  carry(bytes: MeasureBytes): void {
    const known = [...this.#pages];
    const count = carryCount(bytes, known.length);
    for (let at = 0; at < count; at += 1) {
      const [number = 0, page] = known[at] ?? [];
      const carried = carryCount(bytes, number);
      const bits = bytes.raw(page?.bits ?? new Uint8Array());
      if (bits.byteLength !== PAGE_BYTES) throw new RangeError("a page of sequences has another size");
      this.#pages.set(carried, { bits, count: page?.count ?? countOf(bits) });
    }
  }
}

function countOf(bits: Uint8Array): number {
  let count = 0;
  for (const byte of bits) for (let rest = byte; rest > 0; rest &= rest - 1) count += 1;
  return count;
}

function placeOf(sequence: number): readonly [byte: number, mask: number] {
  const bit = sequence % PAGE_BITS;
  return [bit >> 3, 1 << (bit & 7)];
}
