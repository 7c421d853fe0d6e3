/**
 * Entries that are ordered and not yet durable. A repeated command finds its first result in the state, which is ahead of
 * the disk, and waits here until the entry of the first is durable.
 * @module
 */
import type { Ordered } from "../journal/journal.ts";

export class PendingEntries {
  readonly #waiting = new Map<number, Promise<unknown>>();

  /** An entry that failed stays, so that a repetition fails too: only a new process finds out whether it is durable. */
  add({ sequence, durable }: Ordered): void {
    this.#waiting.set(sequence, durable);
    durable.then(
      () => this.#waiting.delete(sequence),
      () => undefined,
    );
  }

  /** Resolves once an entry is durable, at once for one that was before this process; rejects as its journal failed. */
  async durable(sequence: number): Promise<void> {
    await this.#waiting.get(sequence);
  }
}
