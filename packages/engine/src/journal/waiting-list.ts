/**
 * The waiters of entries, in the order of the entries: called from the front as entries become durable.
 * @module
 */
import type { CalybrisError } from "@calybris/kernel";
import type { Proofs } from "./proofs.ts";

/** Waits for one entry. One of the two methods is called, once, and must not throw. */
export interface EntryWaiter {
  /** The entry is on the disk. Its proof is valid until this returns. */
  durable(sequence: number, proofs: Proofs): void;
  /** It is unknown whether the entry is on the disk. Called in a task of its own. */
  failed(error: CalybrisError): void;
}

export class WaitingList {
  /** Sequences, and the waiter of each. */
  readonly #sequences: number[] = [];
  readonly #waiting: EntryWaiter[] = [];
  #from = 0;
  /** Later waiters of entries ordered earlier: few, in any order. */
  #late: { readonly sequence: number; readonly waiter: EntryWaiter }[] = [];

  get count(): number {
    return this.#waiting.length - this.#from;
  }

  /** Sequences ascend. */
  add(sequence: number, waiter: EntryWaiter): void {
    this.#sequences.push(sequence);
    this.#waiting.push(waiter);
  }

  /** Like `add`, for an entry added earlier; it counts as one more waiter. */
  addLate(sequence: number, waiter: EntryWaiter): void {
    this.#late.push({ sequence, waiter });
  }

  /** Calls the waiters of entries up to `durable`. */
  resolve(durable: number, proofs: Proofs): void {
    while (this.#from < this.#sequences.length) {
      const sequence = this.#sequences[this.#from] as number;
      if (sequence > durable) break;
      const waiter = this.#waiting[this.#from] as EntryWaiter;
      this.#from += 1;
      waiter.durable(sequence, proofs);
    }
    // Called waiters are released early: otherwise the collector would promote them, and free them late.
    if (this.#from * 2 >= this.#waiting.length) {
      this.#sequences.splice(0, this.#from);
      this.#waiting.splice(0, this.#from);
      this.#from = 0;
    }
    if (this.#late.length > 0) this.#resolveLate(durable, proofs);
  }

  /** Reports the latest `count`, or all, as unknown; after the current task. */
  reject(error: CalybrisError, count?: number): void {
    const from = this.#sequences.length - (count ?? this.count);
    const [firstOfLatest = Number.POSITIVE_INFINITY] = this.#sequences.splice(from);
    const latest = this.#waiting.splice(from);
    const first = count === undefined ? 0 : firstOfLatest;
    latest.push(...this.#late.filter(({ sequence }) => sequence >= first).map(({ waiter }) => waiter));
    this.#late = this.#late.filter(({ sequence }) => sequence < first);
    queueMicrotask(() => {
      for (const waiter of latest) waiter.failed(error);
    });
  }

  #resolveLate(durable: number, proofs: Proofs): void {
    const reached = this.#late.filter(({ sequence }) => sequence <= durable);
    this.#late = this.#late.filter(({ sequence }) => sequence > durable);
    for (const { sequence, waiter } of reached) waiter.durable(sequence, proofs);
  }
}

/** The waiter of an entry that no caller awaits: a later entry is awaited, which is durable no sooner. */
export const NOBODY: EntryWaiter = Object.freeze({ durable: () => undefined, failed: () => undefined });

/** A waiter that needs no proof. */
export class DurableWaiter implements EntryWaiter {
  readonly promise: Promise<void>;
  readonly #resolve: () => void;
  readonly #reject: (error: CalybrisError) => void;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  durable(): void {
    this.#resolve();
  }

  failed(error: CalybrisError): void {
    // The caller may have been refused since, and then no one awaits the promise.
    this.promise.catch(() => undefined);
    this.#reject(error);
  }
}

/** A promise of an entry's hash, and the waiter that settles it. */
export function promisedEntry(): { readonly durable: Promise<string>; readonly waiter: EntryWaiter } {
  const { promise: durable, resolve, reject } = Promise.withResolvers<string>();
  const failed = (error: CalybrisError): void => {
    // Some entries have no caller that awaits them; their failure must not end the process.
    durable.catch(() => undefined);
    reject(error);
  };
  return { durable, waiter: { durable: (sequence, proofs) => resolve(proofs.hashOf(sequence)), failed } };
}
