/**
 * A chain fold: what the hashes of a journal's entries add up to. State is folded from what entries say, on the thread that
 * orders them; a chain fold needs the hash of each entry, which only the thread that chains them knows.
 *
 *     entry ─▶ ordering thread: state folds ─▶ writer's thread: chain ─▶ chain folds
 *
 * Both kinds are in a state snapshot at one sequence. The state digest cannot cover a chain fold, because the ordering thread
 * would have to wait for the writer: the writer lays what binds the fold into the `state` entry itself.
 * @module
 */
import type { SnapshotMembers } from "@calybris/kernel";

export interface ChainFold {
  /** Its part of a state snapshot. */
  readonly part: string;
  /**
   * Takes the next entry.
   *
   * @param entryHash - in hexadecimal.
   */
  apply(sequence: number, entryHash: string): void;
  /** What the `state` entry after a snapshot binds it by, in hexadecimal. */
  digest(): string;
  /** Its line of a snapshot. */
  line(): string;
  /** Takes such a line back, into a fold that is new. Throws RangeError for what is none. */
  restore(members: SnapshotMembers): void;
}
