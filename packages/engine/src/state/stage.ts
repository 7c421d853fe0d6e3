/**
 * A stage: one part of the engine's state. The state is an ordered list of stages and goes through them in loops, for each
 * entry, for its digest and for its snapshot.
 * @module
 */
import type { EntryBody, Sha256, SnapshotMembers } from "@calybris/kernel";
import type { SnapshotLine } from "../snapshot/line.ts";

export interface Stage {
  /** Parts of a state snapshot that are its own. */
  readonly parts: readonly string[];
  /**
   * Throws for an entry that cannot follow on the state as it is. Changes nothing but what {@link apply} of the same entry
   * needs. Left out where every entry may follow.
   */
  check?(sequence: number, at: number, body: EntryBody): void;
  /** Applies an entry that was checked. Throws nothing; only the first stage of a list may, before it changes anything. */
  apply(sequence: number, at: number, body: EntryBody): void;
  /**
   * Its members of the canonical state, in pieces, each member with a comma before it. Left out where nothing of it is in
   * the digest.
   *
   * @param sequence - of the last entry applied.
   */
  stateTexts?(sequence: number, sha256: Sha256): Iterable<string>;
  /** Its lines of a state snapshot. What did not change since the last is not gone through again. */
  lines(): Iterable<SnapshotLine>;
  /** Lines that are known once every entry is durable; the snapshot's digest does not cover them. */
  lateLines?(): Iterable<() => Uint8Array>;
  /**
   * Takes a line of a snapshot back, into a stage that is new; lines of earlier stages came before it. Throws RangeError for
   * one that cannot be.
   *
   * @param part - one of {@link parts}.
   * @param sequence - of the last entry that the snapshot holds.
   */
  restore(part: string, members: SnapshotMembers, sequence: number): void;
}
