/**
 * The files of a log, given to an audit line by line: to a whole one, or to one in parts on several threads.
 * @module
 */
import { availableParallelism } from "node:os";
import type { Audit, AuditReport } from "@calybris/audit";
import { type LogFiles, type LogLine, readLog } from "../journal/log-lines.ts";
import { startProgress } from "../terminal/progress.ts";
import type { PartThreadData } from "./part-thread.ts";
import { PartThreads } from "./part-threads.ts";

/** Less is verified before a bar could be read. */
const PROGRESS_BYTES_MIN = 16 * 1024 * 1024;
const PROGRESS = "verifying {bar} {percentage}% | {eta_formatted} left";
/** A log that is checked before threads have started needs none. */
const PARALLEL_BYTES_MIN = 16 * 1024 * 1024;
/** The thread that reads is busy for about as long as two others. */
const THREADS_MAX = 4;

/** Threads beside the one that reads; 0 for one whole audit. */
export function threadCountFor(asked: number | undefined, bytes: number): number {
  if (asked !== undefined) return Math.min(asked - 1, THREADS_MAX);
  const cores = availableParallelism();
  return cores === 1 || bytes < PARALLEL_BYTES_MIN ? 0 : Math.min(cores, THREADS_MAX);
}

/** Gives a whole audit every line. */
export function readInto(log: LogFiles, audit: Audit): void {
  const progress = startProgress(log.bytes < PROGRESS_BYTES_MIN ? undefined : log.bytes, PROGRESS);
  for (const { line, doneBytes } of linesOf(log)) {
    if (line.hasNewline) audit.line(line.bytes, line);
    else audit.unterminated(line.bytes, line);
    progress.update(doneBytes);
  }
  progress.stop();
}

/** `undefined` unless the log is intact. */
export async function auditInParts(
  log: LogFiles,
  audit: Audit,
  threadCount: number,
  given: PartThreadData,
): Promise<AuditReport | undefined> {
  const progress = startProgress(log.bytes < PROGRESS_BYTES_MIN ? undefined : log.bytes, PROGRESS);
  const threads = new PartThreads(threadCount, given);
  try {
    let { policyId } = audit.state();
    for (const { line, doneBytes } of linesOf(log)) {
      if (!line.hasNewline) return undefined;
      const room = threads.add(line.bytes);
      if (room !== undefined) {
        await room;
        progress.update(doneBytes);
        if (!threads.isGood || !audit.isClean()) return undefined;
      }
      audit.line(line.bytes, line);
      if (audit.state().policyId === policyId) continue;
      ({ policyId } = audit.state());
      threads.policy(line.bytes);
    }
    if (!audit.isClean() || !(await threads.finish())) return undefined;
    const report = audit.finish();
    return report.status === "intact" ? report : undefined;
  } finally {
    progress.stop();
    await threads.close();
  }
}

function* linesOf(log: LogFiles): Generator<{ readonly line: LogLine; readonly doneBytes: number }> {
  let done = 0;
  for (const file of log.files) {
    let seen = 0;
    for (const line of readLog(file)) {
      seen = line.byteOffset + line.bytes.byteLength;
      yield { line, doneBytes: done + seen };
    }
    done += seen;
  }
}
