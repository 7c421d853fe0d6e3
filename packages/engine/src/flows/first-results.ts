/**
 * Commands that may be sent again: a repetition gets the first result, and waits until the entry of the first is durable.
 *
 *     first result in the state? ── yes ─▶ wait for its entry ─▶ that result
 *                │ no
 *                └─▶ order ─▶ wait for its entry ─▶ the result
 *
 * The state is ahead of the disk, so a first result is found there from the moment that its entry is ordered. One table of
 * the entries that are ordered and not yet durable serves every kind of command.
 * @module
 */
import type { Ordered } from "../journal/journal.ts";

/** A result, with the sequence of the entry that made it so. */
interface Placed {
  readonly sequence: number;
}

/** What a command that is new comes to. */
export interface New<Result extends Placed> {
  readonly ordered: Ordered;
  readonly result: Result;
}

export interface Repeatable<Result extends Placed> {
  /** The first result; `undefined` for a new command. Throws where a different command was given before. */
  first(): Result | undefined;
  /** Orders it, in one step of the journal. */
  order(): New<Result>;
}

export class FirstResults {
  readonly #pending = new Map<number, Promise<unknown>>();
  #latest: Promise<unknown> = Promise.resolve();

  /** The first result of a command, now or before; durable when it resolves. */
  async once<Result extends Placed>(command: Repeatable<Result>): Promise<Result> {
    const result = this.begin(command);
    await this.durable(result.sequence);
    return result;
  }

  /** The same without waiting: for a command whose entry others follow, and which fails as they do. */
  begin<Result extends Placed>({ first, order }: Repeatable<Result>): Result {
    const before = first();
    if (before !== undefined) return before;
    const { ordered, result } = order();
    this.add(ordered);
    return result;
  }

  /** An entry that failed stays, so that a repetition fails too: only a new process finds out whether it is durable. */
  add({ sequence, durable }: Ordered): void {
    this.#pending.set(sequence, durable);
    this.#latest = durable;
    durable.then(
      () => this.#pending.delete(sequence),
      () => undefined,
    );
  }

  /** Resolves once an entry is durable, at once for one that was before this process; rejects as its journal failed. */
  async durable(sequence: number): Promise<void> {
    await this.#pending.get(sequence);
  }

  /** Resolves once every result so far is durable: for a command that finds nothing left to do. */
  async settled(): Promise<void> {
    await this.#latest;
  }
}
