/**
 * Entries that are on their way to the disk together.
 *
 * Those of one step go out together when nothing is on its way to the disk. Else they gather until a turn of the event loop
 * orders nothing more: a thread that has requests to read has no time to answer sooner, and a write costs the same processor time
 * for few entries as for many. No timer is set, so an entry waits for nothing but work that is there.
 * @module
 */
import type { Tail } from "./entry-ring.ts";
import type { Batch } from "./writer-driver.ts";

/** So many entries go on their way even if more are being ordered; and all that are there, so long after the first. */
const GATHERED_MAX = 64;
const GATHER_US_MAX = 1_000;

/** Consecutive entries of one time. */
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
  /** When the first of the batch was ordered. */
  #from = 0;
  /** How many of the batch there were a turn ago. */
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
   * Sends what is gathered at the end of this step.
   *
   * @param isBusy - others are on their way: sends it after the first turn of the event loop that has ordered nothing more.
   */
  schedule(isBusy: boolean): void {
    if (this.#isScheduled || this.#batch === undefined) return;
    this.#isScheduled = true;
    if (isBusy) setImmediate(this.#turn);
    else queueMicrotask(this.#flushDue);
  }

  /** Sends what is gathered. */
  flush(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    this.#seen = 0;
    if (batch !== undefined) this.#submit(batch);
  }

  /** Forgets what is gathered. */
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
