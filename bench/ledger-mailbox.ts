/**
 * Messages between a worker and the owner of the ledger through shared memory: orders one way, answers the other, both
 * integers. An idle thread sleeps.
 * @module
 */
const CAPACITY = 128;
const BYTES = 4;
const [SENT, TAKEN, FIRST] = [0, 1, 2] as const;
const NAP_MILLISECONDS = 50;

/** One direction: one thread sends, the other receives. */
export class Box {
  readonly #cells: Int32Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer) {
    this.#cells = new Int32Array(buffer);
  }

  static buffer(): SharedArrayBuffer {
    return new SharedArrayBuffer((FIRST + CAPACITY) * BYTES);
  }

  /** At most {@link CAPACITY} messages may be in transit: senders wait for answers before they send more. */
  send(value: number): void {
    const sent = Atomics.load(this.#cells, SENT);
    Atomics.store(this.#cells, FIRST + (sent % CAPACITY), value);
    Atomics.store(this.#cells, SENT, sent + 1);
  }

  get isEmpty(): boolean {
    return Atomics.load(this.#cells, TAKEN) === Atomics.load(this.#cells, SENT);
  }

  take(): number | undefined {
    const taken = Atomics.load(this.#cells, TAKEN);
    if (taken === Atomics.load(this.#cells, SENT)) return undefined;
    const value = Atomics.load(this.#cells, FIRST + (taken % CAPACITY));
    Atomics.store(this.#cells, TAKEN, taken + 1);
    return value;
  }
}

/** Wakes a sleeping thread. */
export class Bell {
  readonly #cells: Int32Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer) {
    this.#cells = new Int32Array(buffer);
  }

  static buffer(): SharedArrayBuffer {
    return new SharedArrayBuffer(2 * BYTES);
  }

  ring(): void {
    Atomics.add(this.#cells, 0, 1);
    if (Atomics.load(this.#cells, 1) === 1) Atomics.notify(this.#cells, 0);
  }

  /** Sleeps until the bell rings; returns at once if there is work. */
  sleepUnless(isBusy: () => boolean): void {
    const rung = Atomics.load(this.#cells, 0);
    Atomics.store(this.#cells, 1, 1);
    if (!isBusy()) Atomics.wait(this.#cells, 0, rung, NAP_MILLISECONDS);
    Atomics.store(this.#cells, 1, 0);
  }
}
