/**
 * Whole numbers from one thread to one other, through shared memory: nobody waits, so real threads meet more often.
 * @module
 */
const CAPACITY = 256;
const BYTES = 4;
const SENT = 0;
const TAKEN = 1;
const FIRST = 2;

export class Mailbox {
  readonly #cells: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#cells = new Int32Array(buffer);
  }

  static buffer(): SharedArrayBuffer {
    return new SharedArrayBuffer((FIRST + CAPACITY) * BYTES);
  }

  /** False when the box is full. */
  send(value: number): boolean {
    const sent = Atomics.load(this.#cells, SENT);
    if (sent - Atomics.load(this.#cells, TAKEN) >= CAPACITY) return false;
    Atomics.store(this.#cells, FIRST + (sent % CAPACITY), value);
    Atomics.store(this.#cells, SENT, sent + 1);
    return true;
  }

  take(): number | undefined {
    const taken = Atomics.load(this.#cells, TAKEN);
    if (taken === Atomics.load(this.#cells, SENT)) return undefined;
    const value = Atomics.load(this.#cells, FIRST + (taken % CAPACITY));
    Atomics.store(this.#cells, TAKEN, taken + 1);
    return value;
  }
}
