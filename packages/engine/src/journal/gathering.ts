/**
 * Entries that go to the disk together.
 *
 * While nothing is in flight, the entries of one step are sent at the step's end. Otherwise they gather until a turn of the
 * event loop orders nothing more: a thread that has requests to read could not answer sooner, and a write costs the same
 * processor time for few entries as for many. No timer is set, so an entry only ever waits for work in progress.
 * @module
 */
import type { Tail } from "./entry-ring.ts";
import type { Batch } from "./writer-driver.ts";

/** A batch is sent at this many entries, or this long after its first entry, even if more are being ordered. */
const GATHERED_MAX = 64;
const GATHER_US_MAX = 1_000;

/** Consecutive entries with the same time. */
export interface Gathered {
  readonly first: number;
  readonly tails: readonly Tail[];
  readonly at: number;
  /** A new segment begins with them. */
  readonly rotate?: boolean;
  /** They end with a seal. */
  readonly sealed: boolean;
}

export class Gathering {
  readonly #submit: (batch: Batch) => void;
  #batch: { readonly first: number; readonly tails: Tail[]; readonly rotate: boolean; sealed: boolean } | undefined;
  /** Time of the batch's first entry. */
  #from = 0;
  /** Number of entries in the batch one turn ago. */
  #seen = 0;
  #isScheduled = false;

  constructor(submit: (batch: Batch) => void) {
    this.#submit = submit;
  }

  add({ first, tails, at, rotate = false, sealed }: Gathered): void {
    if (rotate) this.flush();
    if (this.#batch === undefined) {
      this.#batch = { first, tails: [], rotate, sealed };
      this.#from = at;
    }
    this.#batch.sealed = sealed;
    for (let index = 0; index < tails.length; index++) this.#batch.tails.push(tails[index] as Tail);
    if (this.#batch.tails.length >= GATHERED_MAX || at - this.#from >= GATHER_US_MAX) this.flush();
  }

  /**
   * Sends the gathered entries at the end of this step.
   *
   * @param isBusy - whether other entries are in flight: then sends after the first turn of the event loop that orders
   *   nothing.
   */
  schedule(isBusy: boolean): void {
    if (this.#isScheduled || this.#batch === undefined) return;
    this.#isScheduled = true;
    if (isBusy) setImmediate(this.#turn);
    else queueMicrotask(this.#flushDue);
  }

  /** Sends the gathered entries. */
  flush(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    this.#seen = 0;
    if (batch !== undefined) this.#submit(batch);
  }

  /** Drops the gathered entries. */
  discard(): void {
    this.#batch = undefined;
    this.#seen = 0;
  }

  readonly #turn = (): void => {
    const count = this.#batch?.tails.length ?? 0;
    const hasGrown = count > this.#seen;
    this.#seen = count;
    if (hasGrown) setImmediate(this.#turn);
    else this.#flushDue();
  };

  readonly #flushDue = (): void => {
    this.#isScheduled = false;
    this.flush();
  };
}
