/**
 * The newest state snapshot of a journal, and the segments after it.
 * @module
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import {
  DirectorySnapshots,
  listSegments,
  nodeDisk,
  segmentName,
  snapshotName,
  unreadable,
} from "@calybris/engine/internal";
import type { CalybrisError } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import type { LogFiles } from "../journal/log-lines.ts";

/** @throws CalybrisError `CAL_JOURNAL_UNREADABLE` if there is no snapshot, or no segment begins after it. */
export function newestSnapshot(directory: string): LogFiles & { readonly lines: readonly string[] } {
  try {
    const snapshots = new DirectorySnapshots(nodeDisk, directory);
    const [sequence] = snapshots.sequences();
    if (sequence === undefined) throw absent(directory, "it has no state snapshot");
    const next = snapshots.next(sequence);
    if (next === undefined) throw absent(directory, `no segment begins behind ${snapshotName(sequence)}`);
    const segments = listSegments(nodeDisk, directory).filter((segment) => segment >= next.segment);
    const files = segments.map((segment) => join(directory, segmentName(segment)));
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    const lines = Array.from(snapshots.lines(sequence), (line) => line.toString("utf8"));
    return { isDirectory: true, files, bytes, lines };
  } catch (cause) {
    throw unreadable(directory, cause);
  }
}

function absent(path: string, problem: string): CalybrisError {
  return new EngineError("CAL_JOURNAL_UNREADABLE", { path, problem });
}
