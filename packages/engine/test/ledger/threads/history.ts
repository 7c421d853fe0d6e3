/**
 * What threads did to one cell, written down as they did it: for each operation a ticket from before it and one from
 * after it, drawn from one shared counter. So one operation came before another if its last ticket is less than the
 * other's first; if neither did, they overlapped.
 * @module
 */

export const RESERVED = 1;
export const REFUSED = 2;
export const UNDONE = 3;
export const CREDITED = 4;

const FIELDS = 4;
const BYTES = 4;

/** The history of one thread, in memory that all threads see. */
export class History {
  readonly buffer: SharedArrayBuffer;
  readonly #fields: Int32Array;
  readonly #tickets: Int32Array;

  constructor(tickets: SharedArrayBuffer, buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#fields = new Int32Array(buffer);
    this.#tickets = new Int32Array(tickets);
  }

  static withRoomFor(operations: number, tickets: SharedArrayBuffer): History {
    return new History(tickets, new SharedArrayBuffer((1 + operations * FIELDS) * BYTES));
  }

  get count(): number {
    return Atomics.load(this.#fields, 0);
  }

  ticket(): number {
    return Atomics.add(this.#tickets, 0, 1);
  }

  /** An operation that began at a ticket and is over now. */
  add(began: number, kind: number, amount: number): void {
    const count = this.count;
    const at = 1 + count * FIELDS;
    if (at + FIELDS > this.#fields.length) throw new RangeError("the history is full");
    this.#fields.set([began, this.ticket(), kind, amount], at);
    Atomics.store(this.#fields, 0, count + 1);
  }

  began(index: number): number {
    return this.#fields[1 + index * FIELDS] as number;
  }

  ended(index: number): number {
    return this.#fields[2 + index * FIELDS] as number;
  }

  kind(index: number): number {
    return this.#fields[3 + index * FIELDS] as number;
  }

  amount(index: number): number {
    return this.#fields[4 + index * FIELDS] as number;
  }
}
