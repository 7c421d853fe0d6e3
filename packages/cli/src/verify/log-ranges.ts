/**
 * Ranges of a journal that can be audited at the same time: whole segments, and every range but the first begins behind a state
 * snapshot. A segment without one belongs to the range before.
 * @module
 */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { DirectorySnapshots, nodeDisk, segmentNumber } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import type { LogFiles } from "../journal/log-lines.ts";

export interface LogRange {
  readonly files: readonly string[];
  /** The sequence of the snapshot that it begins behind; `undefined` for the first. */
  readonly snapshot: number | undefined;
}

interface Piece extends LogRange {
  readonly bytes: number;
}

/**
 * At most so many ranges of a journal's directory, of which the longest is as short as can be.
 *
 * @param countMax - from 1 on.
 */
export function logRanges(directory: string, log: LogFiles, countMax: number): readonly LogRange[] {
  const pieces = piecesOf(directory, log);
  const limits = pieces.flatMap((_, from) =>
    pieces.slice(from).map((_, at) => bytesOf(pieces.slice(from, from + at + 1))),
  );
  for (const limit of limits.sort((a, b) => a - b)) {
    const ranges = within(pieces, limit);
    if (ranges !== undefined && ranges.length <= countMax) return ranges;
  }
  return [{ files: log.files, snapshot: undefined }];
}

/** The shortest ranges that there could be. */
function piecesOf(directory: string, { files }: LogFiles): readonly Piece[] {
  const starts = startsOf(directory);
  const pieces: Piece[] = [];
  for (const file of files) {
    const snapshot = pieces.length === 0 ? undefined : starts.get(segmentNumber(basename(file)) ?? 0);
    const before = pieces.at(-1);
    const bytes = statSync(file).size;
    if (before === undefined || snapshot !== undefined) pieces.push({ files: [file], snapshot, bytes });
    else pieces[pieces.length - 1] = { ...before, files: [...before.files, file], bytes: before.bytes + bytes };
  }
  return pieces;
}

/** Sequences of snapshots, by the number of the segment that begins behind each. */
function startsOf(directory: string): ReadonlyMap<number, number> {
  const starts = new Map<number, number>();
  try {
    const snapshots = new DirectorySnapshots(nodeDisk, directory);
    for (const sequence of snapshots.sequences()) {
      const next = snapshots.next(sequence);
      if (next !== undefined) starts.set(next.segment, sequence);
    }
  } catch (error) {
    // What cannot be read is found by the audit that needs no snapshot.
    if (!(error instanceof CalybrisError)) throw error;
    starts.clear();
  }
  return starts;
}

/** `undefined` where one piece is longer than the limit. */
function within(pieces: readonly Piece[], limit: number): readonly LogRange[] | undefined {
  const ranges: Piece[] = [];
  for (const piece of pieces) {
    const before = ranges.at(-1);
    if (piece.bytes > limit) return undefined;
    if (before === undefined || before.bytes + piece.bytes > limit) ranges.push(piece);
    else
      ranges[ranges.length - 1] = {
        ...before,
        files: [...before.files, ...piece.files],
        bytes: before.bytes + piece.bytes,
      };
  }
  return ranges;
}

function bytesOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes, 0);
}
