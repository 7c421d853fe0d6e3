/**
 * The journal as the flows see it: steps, room, and entries in their order.
 * @module
 */
import type { EntryBody } from "@calybris/kernel";
import type { DecisionRecord } from "./decision-record.ts";
import type { EntryWaiter } from "./waiting-list.ts";

/** An ordered entry. */
export interface Ordered {
  readonly sequence: number;
  /** Resolves to the entry's hash once it is durable. */
  readonly durable: Promise<string>;
}

/** The journal's interface for flows. */
export interface Ordering {
  /** Runs one synchronous step; `at` is its time in microseconds. A nested step is part of the outer one. */
  step<T>(work: (at: number) => T): T;
  /**
   * Refuses the step unless `count` entries may be ordered now. Once a step has room, it completes. A step that needs more
   * than the whole queue has room when nothing else waits.
   */
  establishRoom(count: number): void;
  hasRoom(count: number): boolean;
  /** Sequence of the last entry ordered. */
  readonly sequence: number;
  /**
   * Resolves once an ordered entry is durable; at once if it already is. Rejects when the journal has failed: only a new
   * process finds out whether the entry is durable.
   */
  whenDurable(sequence: number): Promise<void>;
  /** The sequence that the next entry of this step gets. */
  readonly nextSequence: number;
  /** Orders an entry of the step. */
  order(body: EntryBody): Ordered;
  /** Orders one entry in a step of its own. */
  append(body: EntryBody): Ordered;
}

/** Like {@link Ordering}, without a promise for each entry. */
export interface WaiterOrdering extends Ordering {
  /**
   * Like `order`, with a waiter. Returns the entry's sequence.
   *
   * @param record - for a decision: the record that its entry is written from.
   */
  orderFor(body: EntryBody, waiter: EntryWaiter, record?: DecisionRecord): number;
  /** Like `append`, with a waiter. Returns the entry's sequence. */
  appendFor(body: EntryBody, waiter: EntryWaiter): number;
}
