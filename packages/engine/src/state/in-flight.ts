/**
 * Decisions that are ordered and not yet answered, by the sequences of their entries. They are answered in that order, so a
 * list whose front moves on holds them. One that fails stays, and those behind it may still be answered.
 * @module
 */
import { invariant } from "@calybris/kernel";

export class InFlight<Pending> {
  /** Sequences ascend; `undefined` where one was answered. */
  readonly #sequences: number[] = [];
  readonly #pending: (Pending | undefined)[] = [];
  #from = 0;

  add(sequence: number, pending: Pending): void {
    invariant(sequence > (this.#sequences.at(-1) ?? 0), "decisions are ordered one behind the other");
    this.#sequences.push(sequence);
    this.#pending.push(pending);
  }

  get(sequence: number): Pending | undefined {
    const at = this.#positionOf(sequence);
    return this.#sequences[at] === sequence ? this.#pending[at] : undefined;
  }

  remove(sequence: number): void {
    const at = this.#positionOf(sequence);
    if (this.#sequences[at] !== sequence) return;
    this.#pending[at] = undefined;
    while (this.#from < this.#pending.length && this.#pending[this.#from] === undefined) this.#from += 1;
    if (this.#from * 2 < this.#pending.length) return;
    this.#sequences.splice(0, this.#from);
    this.#pending.splice(0, this.#from);
    this.#from = 0;
  }

  /** The first position whose sequence is not less. Nearly always the front is asked for. */
  #positionOf(sequence: number): number {
    let low = this.#from;
    if ((this.#sequences[low] ?? sequence) >= sequence) return low;
    let high = this.#sequences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sequences[middle] as number) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
