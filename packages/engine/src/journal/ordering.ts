/**
 * The journal as the flows see it: steps, room, and entries in their order.
 * @module
 */
import type { EntryBody } from "@calybris/kernel";
import type { DecisionRecord } from "./decision-record.ts";
import type { EntryWaiter } from "./waiting-list.ts";

/** An entry in its order. */
export interface Ordered {
  readonly sequence: number;
  /** Resolves with the entry's hash when it is durable. */
  readonly durable: Promise<string>;
}

/** What a flow needs of the journal. */
export interface Ordering {
  /** Runs one synchronous step, at the time given in microseconds. A step within a step is part of it. */
  step<T>(work: (at: number) => T): T;
  /**
   * Refuses the step unless `count` entries may be ordered now. Once a step has room it is finished. A step for which the
   * whole queue is too small has room when nothing else waits.
   */
  establishRoom(count: number): void;
  hasRoom(count: number): boolean;
  /** Of the last entry ordered. */
  readonly sequence: number;
  /**
   * Resolves once an entry that was ordered is durable, at once for one that is. Rejects as its journal failed: only a new
   * process finds out whether the entry is durable.
   */
  whenDurable(sequence: number): Promise<void>;
  /** The sequence that the next entry of this step gets. */
  readonly nextSequence: number;
  /** Orders an entry of the step. */
  order(body: EntryBody): Ordered;
  /** A step of one entry. */
  append(body: EntryBody): Ordered;
}

/** The same, without a promise for each entry. */
export interface WaiterOrdering extends Ordering {
  /**
   * As `order`, for one who waits. Returns the entry's sequence.
   *
   * @param record - of a decision: what its entry is written from.
   */
  orderFor(body: EntryBody, waiter: EntryWaiter, record?: DecisionRecord): number;
}
