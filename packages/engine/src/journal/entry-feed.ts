/**
 * The ordering side of the ring: writes entries into it in order, and holds back those that do not fit until earlier entries
 * are durable.
 * @module
 */
import { MARKS, RING_TAIL_LENGTH_MAX, RingInlet, type Tail } from "./entry-ring.ts";
import { PROOFS, type SharedMemory } from "./shared-memory.ts";
import type { Batch } from "./writer-driver.ts";

interface SpilledTail {
  readonly tail: Tail;
  /** Bits of `MARKS`. */
  readonly marks: number;
}

export class EntryFeed {
  readonly #ring: RingInlet;
  readonly #sendOutside: (tail: string) => void;
  /** Entries that did not fit; bounded by the number that the journal lets wait. */
  #spilled: SpilledTail[] = [];
  #laid: number;
  #durable: number;

  /**
   * @param sequence - the last durable entry.
   * @param sendOutside - sends a tail that is too long for the ring.
   */
  constructor(memory: SharedMemory, sequence: number, sendOutside: (tail: string) => void) {
    this.#ring = new RingInlet(memory);
    this.#sendOutside = sendOutside;
    this.#laid = sequence;
    this.#durable = sequence;
  }

  /** The last entry in the ring. */
  get laid(): number {
    return this.#laid;
  }

  /** Writes the entries of a batch and publishes them to the writer. */
  push({ tails, rotate, sealed }: Batch): void {
    for (let index = 0; index < tails.length; index++) {
      const tail = tails[index] as Tail;
      const marks =
        (rotate && index === 0 ? MARKS.rotate : 0) | (sealed && index === tails.length - 1 ? MARKS.sealed : 0);
      if (this.#spilled.length > 0 || !this.#lay(tail, marks)) this.#spilled.push({ tail, marks });
    }
    this.#ring.publish();
  }

  /**
   * Releases the places of all entries up to `durable`, whose proofs were read.
   *
   * @returns whether entries that were held back are in the ring now.
   */
  free(durable: number): boolean {
    this.#durable = durable;
    if (this.#spilled.length === 0) return false;
    let moved = 0;
    for (; moved < this.#spilled.length; moved++) {
      const { tail, marks } = this.#spilled[moved] as SpilledTail;
      if (!this.#lay(tail, marks)) break;
    }
    this.#spilled = this.#spilled.slice(moved);
    if (moved > 0) this.#ring.publish();
    return moved > 0;
  }

  /** Drops the entries held back: the writer has failed. */
  discard(): void {
    this.#spilled = [];
  }

  #lay(tail: Tail, marks: number): boolean {
    if (this.#laid - this.#durable >= PROOFS || !this.#ring.push(tail, marks)) return false;
    if (typeof tail === "string" && tail.length > RING_TAIL_LENGTH_MAX) this.#sendOutside(tail);
    this.#laid += 1;
    return true;
  }
}
