/**
 * Who waits for which entry: promises in the order of their entries, settled from the front as the disk catches up.
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

  /** Resolves with the hash of an entry when that is durable. Sequences ascend. */
  add(sequence: number): Promise<string> {
    const { promise: durable, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ sequence, durable, resolve, reject });
    return durable;
  }

  /** Entries from `first` on are durable, and have these hashes. */
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
    // What is answered is let go soon: kept for long, it would be moved among what lives long, and be collected late.
    if (this.#from * 2 >= this.#waiting.length) {
      this.#waiting.splice(0, this.#from);
      this.#from = 0;
    }
  }

  /** The latest `count` entries, or all of them, will not become durable, or nobody knows. */
  reject(error: CalybrisError, count: number = this.count): void {
    for (const { durable, reject } of this.#waiting.splice(this.#waiting.length - count)) {
      // Not every entry is waited for; one that is not, and fails, must not end the process.
      durable.catch(() => undefined);
      reject(error);
    }
  }
}
