/**
 * Names of snapshot files, by the last sequence that a snapshot holds.
 * @module
 */
import type { Disk } from "../journal/disk.ts";

/** The name of a snapshot while it is written; no reader opens it. */
export const UNFINISHED_SNAPSHOT = "snapshot.next";

export function snapshotName(sequence: number): string {
  return `snapshot-${String(sequence).padStart(12, "0")}.jsonl`;
}

/** The sequence in the name of a snapshot; `undefined` for any other name. */
export function snapshotSequence(name: string): number | undefined {
  const match = /^snapshot-([0-9]{12,16})\.jsonl$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** The sequences of the snapshots in a directory, the newest first. */
export function listSnapshots(disk: Disk, directory: string): readonly number[] {
  return disk
    .list(directory)
    .map(snapshotSequence)
    .filter((sequence) => sequence !== undefined)
    .sort((a, b) => b - a);
}
