/**
 * Where entries are read from: a journal's directory, or a running service that serves its journal. A command that reads
 * entries works on either.
 * @module
 */
import type { PolicyAt } from "@calybris/engine/internal";
import type { ReadEntry } from "./entries.ts";

export interface JournalSource {
  /** @throws CalybrisError `CAL_JOURNAL_ENTRY_UNKNOWN` when no entry has the sequence. */
  readonly find: (sequence: number) => Promise<ReadEntry>;
  /** Every entry from one on, in order, as far as there are any now. */
  readonly from: (sequence: number) => AsyncIterable<ReadEntry>;
  /** Every entry, the last first, as far as there are any now; {@link JournalSource.following} goes on after them. */
  readonly backwards: () => AsyncIterable<ReadEntry>;
  /** Entries appended since the last were read. */
  readonly following: () => AsyncIterable<ReadEntry>;
  /** The policy that is active at an entry. */
  readonly policyAt: (before: ReadEntry) => Promise<PolicyAt>;
  /** The policy of an id, which an earlier entry brought. */
  readonly policyOf: (id: number, before: ReadEntry) => Promise<PolicyAt>;
}
