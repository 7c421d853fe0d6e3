/**
 * The newest state snapshot of a journal, and the segments behind it.
 * @module
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { segmentNumber, snapshotName, snapshotSequence, unreadable } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { firstEntry } from "../journal/entries.ts";
import type { LogFiles } from "../journal/log-lines.ts";

/** @throws CalybrisError `CAL_JOURNAL_UNREADABLE` when there is no snapshot, or no segment that begins behind it. */
export function newestSnapshot(directory: string): LogFiles & { readonly lines: readonly string[] } {
  try {
    const names = readdirSync(directory);
    const sequence = Math.max(0, ...names.map((name) => snapshotSequence(name) ?? 0));
    if (sequence === 0) throw absent(directory, "it has no state snapshot");
    const files: string[] = [];
    for (const name of names
      .filter((each) => segmentNumber(each) !== undefined)
      .sort()
      .toReversed()) {
      const file = join(directory, name);
      files.unshift(file);
      const first = firstEntry(file)?.sequence;
      if (first === undefined || first > sequence + 1) continue;
      if (first <= sequence) break;
      const lines = readFileSync(join(directory, snapshotName(sequence)), "utf8")
        .trimEnd()
        .split("\n");
      const bytes = files.reduce((sum, each) => sum + statSync(each).size, 0);
      return { isDirectory: true, files, bytes, lines };
    }
    throw absent(directory, `no segment begins behind ${snapshotName(sequence)}`);
  } catch (cause) {
    throw unreadable(directory, cause);
  }
}

function absent(path: string, problem: string): CalybrisError {
  return new CalybrisError("CAL_JOURNAL_UNREADABLE", { path, problem });
}
