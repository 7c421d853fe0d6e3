/**
 * The newest checkpoint of the journal: a fold over `checkpoint` entries. No decision depends on it, so the state digest
 * excludes it.
 * @module
 */
import { type Checkpoint, checkpointIn, type EntryBody, invariant, type SnapshotMembers } from "@calybris/kernel";
import { jsonLine, type SnapshotLine } from "../snapshot/line.ts";
import type { Stage } from "./stage.ts";

/** A checkpoint with its entry. */
export interface BookedCheckpoint {
  /** Sequence of its entry. */
  readonly sequence: number;
  /** When its entry was ordered, microseconds since the Unix epoch. */
  readonly at: number;
  /** The signed note, as in the entry. */
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

export class CheckpointBook implements Stage {
  readonly parts: readonly string[] = ["checkpoint"];
  /** The newest checkpoint. */
  latest: BookedCheckpoint | undefined;
  /** Number of entries before this segment; a checkpoint in the segment covers at least as many. */
  segmentFrom = 0;

  check(sequence: number, _at: number, body: EntryBody): void {
    if (body.kind !== "checkpoint") return;
    const { treeSize } = checkpointIn(body);
    invariant(
      treeSize < BigInt(sequence) && treeSize >= BigInt(this.segmentFrom),
      "a checkpoint is of entries before it, and of all before its segment",
    );
  }

  apply(sequence: number, at: number, body: EntryBody): void {
    if (body.kind === "state") this.segmentFrom = sequence - 1;
    if (body.kind === "checkpoint") this.latest = { sequence, at, note: body.note, checkpoint: checkpointIn(body) };
  }

  *lines(): Generator<SnapshotLine> {
    if (this.latest === undefined) return;
    const { sequence, at, note } = this.latest;
    yield jsonLine({ part: "checkpoint", sequence, at, note });
  }

  restore(_part: string, members: SnapshotMembers): void {
    const note = members.text("note");
    const checkpoint = checkpointIn({ kind: "checkpoint", note });
    this.latest = { sequence: members.whole("sequence"), at: members.whole("at"), note, checkpoint };
  }
}
