/**
 * A stage: one part of the engine's state. The state is an ordered list of stages, over which it iterates for each entry,
 * for its digest and for its snapshot.
 * @module
 */
import type { EntryBody, Sha256, SnapshotMembers } from "@calybris/kernel";
import type { SnapshotLine } from "../snapshot/line.ts";

export interface Stage {
  /** The stage's own parts of a state snapshot. */
  readonly parts: readonly string[];
  /**
   * Throws for an entry that cannot follow the present state. Changes only what {@link apply} of the same entry needs.
   * Omitted if every entry may follow.
   */
  check?(sequence: number, at: number, body: EntryBody): void;
  /** Applies a checked entry. Throws nothing; only the first stage of a list may, before it changes anything. */
  apply(sequence: number, at: number, body: EntryBody): void;
  /**
   * The stage's members of the canonical state, in pieces, each member preceded by a comma. Omitted if the digest does not
   * cover the stage.
   *
   * @param sequence - of the last entry applied.
   */
  stateTexts?(sequence: number, sha256: Sha256): Iterable<string>;
  /** The stage's lines of a state snapshot. Parts unchanged since the last snapshot are not visited again. */
  lines(): Iterable<SnapshotLine>;
  /** Lines that are known once every entry is durable; the snapshot's digest does not cover them. */
  lateLines?(): Iterable<() => Uint8Array>;
  /**
   * Restores a line of a snapshot into a new stage; lines of earlier stages came before it. Throws RangeError for an invalid
   * line.
   *
   * @param part - one of {@link parts}.
   * @param sequence - of the last entry that the snapshot covers.
   */
  restore(part: string, members: SnapshotMembers, sequence: number): void;
}
