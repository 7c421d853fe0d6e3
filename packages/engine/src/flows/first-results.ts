/**
 * Commands that may be sent again: a repetition gets the first result, and waits until the entry of the first is durable.
 *
 *     first result in the state? ── yes ─▶ wait for its entry ─▶ that result
 *                │ no
 *                └─▶ order ─▶ wait for its entry ─▶ the result
 *
 * The state is ahead of the disk, so a first result is found there from the moment that its entry is ordered. The journal
 * knows which entries are durable: nothing is kept here. Decisions go the same way, with the index of request ids as the
 * state that is asked first (`state/request-ids.ts`).
 * @module
 */
import type { Ordering } from "../journal/journal.ts";

/** A result, with the sequence of the entry that made it so. */
interface Placed {
  readonly sequence: number;
}

export interface Repeatable<Result extends Placed> {
  /** The first result; `undefined` for a new command. Throws where a different command was given before. */
  first(): Result | undefined;
  /** Orders it, in one step of the journal. */
  order(): Result;
}

export class FirstResults {
  readonly #journal: Pick<Ordering, "sequence" | "whenDurable">;

  constructor(journal: Pick<Ordering, "sequence" | "whenDurable">) {
    this.#journal = journal;
  }

  /** The first result of a command, now or before; durable when it resolves. */
  async once<Result extends Placed>({ first, order }: Repeatable<Result>): Promise<Result> {
    const result = first() ?? order();
    await this.durable(result.sequence);
    return result;
  }

  /** Resolves once an entry is durable, at once for one that was before this process; rejects as its journal failed. */
  durable(sequence: number): Promise<void> {
    return this.#journal.whenDurable(sequence);
  }

  /** Resolves once everything so far is durable: for a command that finds nothing left to do. */
  settled(): Promise<void> {
    return this.#journal.whenDurable(this.#journal.sequence);
  }
}
