/**
 * The latest records of a snapshot's part, up to a maximum, each for one decision. Records are appended, replaced by a later
 * record of the same decision, and dropped when they are the oldest. They are stored in pages of bytes (`record-pages.ts`)
 * and found by a hash table of record numbers. There is no object per record: memory is the record's bytes and 16 to 32
 * more.
 * @module
 */
import type { Sha256, SnapshotMembers } from "@calybris/kernel";
import { type RecordLayout, RecordPages } from "./record-pages.ts";

const FIRST_SLOTS = 1_024;
/** A slot without a record. */
const FREE = -1;
/** Multiplier of Fibonacci hashing. */
const GOLDEN = 0x9e37_79b1;

export class LatestRecords<Kept extends { readonly of: number }> {
  readonly #pages: RecordPages<Kept>;
  readonly #most: number;
  #numbers: Float64Array = new Float64Array(FIRST_SLOTS).fill(FREE);
  /** Notes on records, stored beside their bytes. */
  #notes: Uint32Array = new Uint32Array(FIRST_SLOTS);
  #count = 0;
  /** No record before this number is left. */
  #first = 0;

  /**
   * @param rows - records in a page.
   * @param most - number of records kept.
   */
  constructor(part: string, layout: RecordLayout<Kept>, rows: number, sha256: Sha256, most: number) {
    this.#pages = new RecordPages(part, layout, rows, sha256);
    this.#most = most;
  }

  /** Takes a record. It replaces the earlier record of the same decision. */
  take(record: Kept, note = 0): void {
    const { of } = record;
    const before = this.#slotOf(of);
    if (this.#numbers[before] !== FREE) this.#erase(before);
    this.#put(of, this.#pages.append(record), note);
    if (this.#count <= this.#most) return;
    this.#skipErased();
    this.#erase(this.#slotOf(this.#pages.ofAt(this.#first)));
  }

  get(of: number): Kept | undefined {
    const number = this.#numbers[this.#slotOf(of)] as number;
    return number === FREE ? undefined : this.#pages.read(number);
  }

  /** The note on a decision's record; 0 if it has no record. */
  noteOf(of: number): number {
    const slot = this.#slotOf(of);
    return this.#numbers[slot] === FREE ? 0 : (this.#notes[slot] as number);
  }

  /** Sets the note on a record, if the record exists. */
  note(of: number, note: number): void {
    const slot = this.#slotOf(of);
    if (this.#numbers[slot] !== FREE) this.#notes[slot] = note;
  }

  /** Oldest first. */
  *[Symbol.iterator](): Generator<Kept> {
    for (let number = this.#first; number < this.#pages.next; number++)
      if (this.#pages.ofAt(number) > 0) yield this.#pages.read(number) as Kept;
  }

  /** SHA-256 of each line. */
  digests(): Generator<Uint8Array> {
    return this.#pages.digests();
  }

  /** Restores a line. Throws RangeError if the line cannot come next. */
  restore(members: SnapshotMembers, onRecord?: (record: Kept, number: number) => void): void {
    this.#pages.restore(members, (record, number) => {
      if (this.#count === 0) this.#first = number;
      if (this.#numbers[this.#slotOf(record.of)] !== FREE) throw new RangeError("a decision has two records");
      this.#put(record.of, number, 0);
      onRecord?.(record, number);
    });
  }

  #put(of: number, number: number, note: number): void {
    // At most three quarters full.
    if (4 * (this.#count + 1) > 3 * this.#numbers.length) this.#grow();
    const slot = this.#slotOf(of);
    this.#numbers[slot] = number;
    this.#notes[slot] = note;
    this.#count += 1;
  }

  #erase(slot: number): void {
    this.#pages.erase(this.#numbers[slot] as number);
    this.#count -= 1;
    this.#free(slot);
  }

  /**
   * Frees a slot and moves the entries that it had displaced: Knuth, The Art of Computer Programming 3, 6.4, algorithm R.
   */
  #free(slot: number): void {
    const mask = this.#numbers.length - 1;
    let hole = slot;
    this.#numbers[hole] = FREE;
    for (let at = (hole + 1) & mask; this.#numbers[at] !== FREE; at = (at + 1) & mask) {
      const home = homeOf(this.#pages.ofAt(this.#numbers[at] as number), mask);
      // It stays unless the hole is between its home and itself.
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.#numbers[hole] = this.#numbers[at] as number;
      this.#notes[hole] = this.#notes[at] as number;
      this.#numbers[at] = FREE;
      hole = at;
    }
  }

  /** The slot of a decision's record, or the free slot where it belongs. */
  #slotOf(of: number): number {
    const mask = this.#numbers.length - 1;
    let slot = homeOf(of, mask);
    for (; this.#numbers[slot] !== FREE; slot = (slot + 1) & mask)
      if (this.#pages.ofAt(this.#numbers[slot] as number) === of) break;
    return slot;
  }

  #grow(): void {
    const [numbers, notes] = [this.#numbers, this.#notes];
    this.#numbers = new Float64Array(2 * numbers.length).fill(FREE);
    this.#notes = new Uint32Array(2 * notes.length);
    for (let at = 0; at < numbers.length; at++) {
      const number = numbers[at] as number;
      if (number === FREE) continue;
      const slot = this.#slotOf(this.#pages.ofAt(number));
      this.#numbers[slot] = number;
      this.#notes[slot] = notes[at] as number;
    }
  }

  #skipErased(): void {
    while (this.#pages.ofAt(this.#first) === 0) this.#first += 1;
  }
}

function homeOf(of: number, mask: number): number {
  const mixed = Math.imul((of % 0x1_0000_0000) ^ Math.floor(of / 0x1_0000_0000), GOLDEN);
  return (mixed ^ (mixed >>> 15)) & mask;
}
