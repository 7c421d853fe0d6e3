/**
 * Receives the writer's results on the engine's thread. On a fast disk a message takes half as long as the sync that it
 * reports, so while a few entries are in flight that will soon be durable, the thread polls at every turn of its event loop.
 * Otherwise it waits for a message: under load it has other work, and polling would take processor time from the callers.
 * @module
 */
import { drainResults, hasResults, type Result } from "./results.ts";
import { dozeUnless, type SharedMemory } from "./shared-memory.ts";

/** Polling pays off while a batch takes no longer than this. */
const LOOK_US_MAX = 400;
/** Polling pays off up to this many entries in flight. */
const LOOK_ENTRIES_MAX = 16;

/** Keeps the process alive while entries are in flight. */
interface Keeper {
  ref(): void;
  unref(): void;
}

export class ResultWatch {
  readonly #memory: SharedMemory;
  readonly #keeper: Keeper;
  readonly #onResult: (result: Result) => void;
  #last = 0;
  #durable = 0;
  #batchUs = 0;
  #lookUntil = 0;
  #isLooking = false;
  #isStopped = false;

  constructor(memory: SharedMemory, keeper: Keeper, onResult: (result: Result) => void) {
    this.#memory = memory;
    this.#keeper = keeper;
    this.#onResult = onResult;
  }

  /**
   * Watches until an entry is durable.
   *
   * @param woken - whether the writer was asleep and is being woken. A caller that keeps the processor busy now delays it.
   */
  until(last: number, woken: boolean): void {
    this.#last = last;
    if (this.#isDone()) return;
    // Also while polling: a message may have reported meanwhile that everything was done, and released the process.
    this.#keeper.ref();
    if (this.#isLooking) return;
    this.#lookFor(woken ? 0 : 2 * this.#batchUs);
    this.#continue();
  }

  /** Passes on the results so far, and continues watching. */
  look(): void {
    drainResults(this.#memory, this.#take);
    if (this.#isDone()) this.#keeper.unref();
    else if (!this.#isLooking) this.#continue();
  }

  /** Passes on the results so far, for the last time. */
  stop(): void {
    drainResults(this.#memory, this.#take);
    this.#isStopped = true;
    this.#keeper.unref();
  }

  #continue(): void {
    const areFew = this.#last - this.#durable <= LOOK_ENTRIES_MAX;
    const pays = areFew && this.#batchUs <= LOOK_US_MAX && performance.now() < this.#lookUntil;
    this.#isLooking = pays || !dozeUnless(this.#memory.words, () => hasResults(this.#memory));
    if (this.#isLooking) setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isLooking = false;
    this.look();
  };

  readonly #take = (result: Result): void => {
    this.#durable = result.durable;
    this.#batchUs = result.tookUs;
    this.#lookFor(2 * result.tookUs);
    this.#onResult(result);
  };

  #lookFor(us: number): void {
    this.#lookUntil = performance.now() + us / 1_000;
  }

  #isDone(): boolean {
    return this.#isStopped || this.#durable >= this.#last;
  }
}
