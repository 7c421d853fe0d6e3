/**
 * A chain fold: a fold over the hashes of a journal's entries. State is folded from the entries' content, on the ordering
 * thread; a chain fold needs the hash of each entry, which only the thread that chains them knows.
 *
 *     entry ─▶ ordering thread: state folds ─▶ writer's thread: chain ─▶ chain folds
 *
 * A state snapshot holds both kinds at one sequence. The state digest cannot cover a chain fold, because the ordering thread
 * would have to wait for the writer; the writer puts the digest of the fold into the `state` entry instead.
 * @module
 */
import type { SnapshotMembers } from "@calybris/kernel";

export interface ChainFold {
  /** Its part of a state snapshot. */
  readonly part: string;
  /**
   * Processes the next entry.
   *
   * @param entryHash - in hexadecimal.
   */
  apply(sequence: number, entryHash: string): void;
  /** The digest by which the `state` entry after a snapshot binds the fold, in hexadecimal. */
  digest(): string;
  /** Its line of a snapshot. */
  line(): string;
  /** Restores a line into a new fold. Throws RangeError for an invalid line. */
  restore(members: SnapshotMembers): void;
}
