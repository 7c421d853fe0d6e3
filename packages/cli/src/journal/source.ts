/**
 * The source of entries: a journal's directory, or a running service. Commands that read entries work with either.
 * @module
 */
import type { PolicyAt } from "@calybris/engine/internal";
import type { ReadEntry } from "./entries.ts";

export interface JournalSource {
  /** @throws CalybrisError `CAL_JOURNAL_ENTRY_UNKNOWN` if no entry has the sequence. */
  readonly find: (sequence: number) => Promise<ReadEntry>;
  /** The present entries from a sequence on, in order. */
  readonly from: (sequence: number) => AsyncIterable<ReadEntry>;
  /** The present entries, the last first; {@link JournalSource.following} continues after them. */
  readonly backwards: () => AsyncIterable<ReadEntry>;
  /** Entries appended since the last read. */
  readonly following: () => AsyncIterable<ReadEntry>;
  /** The policy active at an entry. */
  readonly policyAt: (before: ReadEntry) => Promise<PolicyAt>;
  /** The policy with an ID, which an earlier entry added. */
  readonly policyOf: (id: number, before: ReadEntry) => Promise<PolicyAt>;
}
