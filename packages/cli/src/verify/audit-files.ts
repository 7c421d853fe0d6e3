/**
 * Reads the files of a log line by line into one audit of the whole log.
 * @module
 */
import { availableParallelism } from "node:os";
import type { Audit } from "@calybris/audit";
import { type LogFiles, readLog } from "../journal/log-lines.ts";
import { boundMemory } from "./bound-memory.ts";
import { type Progress, startProgress } from "../terminal/progress.ts";

/** Smaller logs are verified before a progress bar could be read. */
const PROGRESS_BYTES_MIN = 16 * 1024 * 1024;
/** Smaller logs are verified before threads could start. */
const PARALLEL_BYTES_MIN = 48 * 1024 * 1024;

/** Bytes between two checks of the memory limit. */
const STEP_BYTES = 1024 * 1024;
/** The number of ranges to audit in parallel, if the log has that many. */
export function rangeCountFor(asked: number | undefined, bytes: number): number {
  return asked ?? (bytes < PARALLEL_BYTES_MIN ? 1 : availableParallelism());
}

export function progressOf({ bytes }: LogFiles): Progress {
  return startProgress(
    bytes < PROGRESS_BYTES_MIN ? undefined : bytes,
    "verifying {bar} {percentage}% | {eta_formatted} left",
  );
}

/** Adds every line of the log to an audit. */
export function readInto(log: LogFiles, audit: Audit): void {
  const progress = progressOf(log);
  let [done, looked] = [0, 0];
  boundMemory();
  for (const file of log.files) {
    let seen = 0;
    for (const line of readLog(file)) {
      if (line.hasNewline) audit.line(line.bytes, line);
      else audit.unterminated(line.bytes, line);
      seen = line.byteOffset + line.bytes.byteLength;
      progress.update(done + seen);
      if (done + seen - looked < STEP_BYTES) continue;
      looked = done + seen;
      boundMemory();
    }
    done += seen;
  }
  progress.stop();
}
