/**
 * Ranges of a journal that can be audited in parallel. They consist of whole segments, and every range but the first begins
 * after a state snapshot. A segment without one belongs to the previous range.
 * @module
 */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { DirectorySnapshots, nodeDisk, segmentNumber } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import type { LogFiles } from "../journal/log-lines.ts";

export interface LogRange {
  readonly files: readonly string[];
  /** Sequence of the snapshot before it; `undefined` for the first range. */
  readonly snapshot: number | undefined;
}

interface Piece extends LogRange {
  readonly bytes: number;
}

/**
 * Divides a journal into at most `countMax` ranges, so that the longest is as short as possible.
 *
 * @param countMax - at least 1.
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

/** The shortest possible ranges. */
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

/** Sequences of snapshots, by the number of the segment that begins after each. */
function startsOf(directory: string): ReadonlyMap<number, number> {
  const starts = new Map<number, number>();
  try {
    const snapshots = new DirectorySnapshots(nodeDisk, directory);
    for (const sequence of snapshots.sequences()) {
      const next = snapshots.next(sequence);
      if (next !== undefined) starts.set(next.segment, sequence);
    }
  } catch (error) {
    // The audit of the whole log, which needs no snapshot, reports unreadable files.
    if (!(error instanceof CalybrisError)) throw error;
    starts.clear();
  }
  return starts;
}

/** Combines pieces into ranges up to a limit; `undefined` if a piece exceeds it. */
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
