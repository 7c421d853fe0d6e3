/**
 * Promises of durability, in the order of their entries: settled from the front as the disk catches up.
 * @module
 */
import type { CalybrisError } from "@calybris/kernel";

interface Waiting {
  readonly sequence: number;
  readonly durable: Promise<string>;
  readonly resolve: (entryHash: string) => void;
  readonly reject: (error: CalybrisError) => void;
}

export class WaitingList {
  readonly #waiting: Waiting[] = [];
  #from = 0;

  get count(): number {
    return this.#waiting.length - this.#from;
  }

  /** A promise of the hash of an entry, resolved when the entry is durable. Sequences ascend. */
  add(sequence: number): Promise<string> {
    const { promise: durable, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ sequence, durable, resolve, reject });
    return durable;
  }

  /** Resolves the promises of entries from `first` on, which are durable and have these hashes. */
  resolve(first: number, hashes: readonly string[]): void {
    const durable = first + hashes.length - 1;
    for (
      let next = this.#waiting[this.#from];
      next !== undefined && next.sequence <= durable;
      next = this.#waiting[this.#from]
    ) {
      this.#from += 1;
      next.resolve(hashes[next.sequence - first] as string);
    }
    // Settled promises are let go soon: long-lived ones would be promoted by the collector, and freed late.
    if (this.#from * 2 >= this.#waiting.length) {
      this.#waiting.splice(0, this.#from);
      this.#from = 0;
    }
  }

  /** Rejects the latest `count` promises, or all of them. */
  reject(error: CalybrisError, count: number = this.count): void {
    for (const { durable, reject } of this.#waiting.splice(this.#waiting.length - count)) {
      // Not every entry is waited for; one that is not, and fails, must not end the process.
      durable.catch(() => undefined);
      reject(error);
    }
  }
}
