/**
 * The files of a log, given to one audit of the whole, line by line.
 * @module
 */
import { availableParallelism } from "node:os";
import type { Audit } from "@calybris/audit";
import { type LogFiles, readLog } from "../journal/log-lines.ts";
import { boundMemory } from "./bound-memory.ts";
import { type Progress, startProgress } from "../terminal/progress.ts";

/** Less is verified before a bar could be read. */
const PROGRESS_BYTES_MIN = 16 * 1024 * 1024;
/** A log that is checked before threads have started needs none. */
const PARALLEL_BYTES_MIN = 48 * 1024 * 1024;

/** Bytes between two looks at the memory. */
const STEP_BYTES = 1024 * 1024;
/** How many ranges are audited at the same time, as far as the log has them. */
export function rangeCountFor(asked: number | undefined, bytes: number): number {
  return asked ?? (bytes < PARALLEL_BYTES_MIN ? 1 : availableParallelism());
}

export function progressOf({ bytes }: LogFiles): Progress {
  return startProgress(
    bytes < PROGRESS_BYTES_MIN ? undefined : bytes,
    "verifying {bar} {percentage}% | {eta_formatted} left",
  );
}

/** Gives a whole audit every line. */
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
