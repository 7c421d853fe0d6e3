/**
 * Repeatable commands: a repeated command gets the first result, once the entry of the first is durable.
 *
 *     first result in the state? ── yes ─▶ wait for its entry ─▶ that result
 *                │ no
 *                └─▶ order ─▶ wait for its entry ─▶ the result
 *
 * The state is ahead of the disk, so it contains a first result as soon as its entry is ordered. The journal knows which
 * entries are durable, so nothing is stored here. Decisions work the same way, with the index of request ids as the state
 * (`state/request-ids.ts`).
 * @module
 */
import type { Ordering } from "../journal/journal.ts";

/** A result, with the sequence of its entry. */
interface Placed {
  readonly sequence: number;
}

export interface Repeatable<Result extends Placed> {
  /** The first result; `undefined` for a new command. Throws if a different command was given before. */
  first(): Result | undefined;
  /** Orders the command, in one step of the journal. */
  order(): Result;
}

export class FirstResults {
  readonly #journal: Pick<Ordering, "sequence" | "whenDurable">;

  constructor(journal: Pick<Ordering, "sequence" | "whenDurable">) {
    this.#journal = journal;
  }

  /** The first result of a command, from this call or an earlier one; durable when it resolves. */
  async once<Result extends Placed>({ first, order }: Repeatable<Result>): Promise<Result> {
    const result = first() ?? order();
    await this.durable(result.sequence);
    return result;
  }

  /** Resolves once an entry is durable, at once if it is from an earlier process; rejects when the journal fails. */
  durable(sequence: number): Promise<void> {
    return this.#journal.whenDurable(sequence);
  }

  /** Resolves once everything ordered so far is durable: for a command that has nothing left to do. */
  settled(): Promise<void> {
    return this.#journal.whenDurable(this.#journal.sequence);
  }
}
