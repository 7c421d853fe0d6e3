/**
 * The money of a journal, folded from its entries alone without asking anybody who may have it open. What is read is
 * taken as it stands, as long as each entry follows on the one before; `ledger prove` and `verify` check the rest.
 * @module
 */
import { createFold, type Finding, type Fold, type Place } from "@calybris/audit";
import { nodeSha256 } from "@calybris/engine";
import { CalybrisError, GENESIS_HASH } from "@calybris/kernel";
import { readEntries } from "./journal-entries.ts";
import { logFiles } from "./log-lines.ts";
import { startProgress } from "./progress.ts";

export type MoneyFinding = Omit<Finding, keyof Place>;

export interface FoldedMoney {
  readonly fold: Fold;
  /** Where the money contradicts itself; the first few. */
  readonly findings: readonly MoneyFinding[];
}

const FINDINGS_KEPT_MAX = 10;
/** Less is read before a bar could be seen. */
const PROGRESS_BYTES_MIN = 16 * 1024 * 1024;
const PROGRESS = "reading {bar} {percentage}% | {eta_formatted} left";

/** @throws CalybrisError `CAL_JOURNAL_CORRUPT` where an entry does not follow on the one before. */
export function foldMoney(directory: string): FoldedMoney {
  const findings: MoneyFinding[] = [];
  const onFinding = (finding: MoneyFinding): void => {
    if (findings.length < FINDINGS_KEPT_MAX) findings.push(finding);
  };
  const fold = createFold({ sha256: nodeSha256, onFinding });
  const log = logFiles(directory);
  const progress = startProgress(log.bytes < PROGRESS_BYTES_MIN ? undefined : log.bytes, PROGRESS);
  let sequence = 0;
  let hash = GENESIS_HASH;
  let done = 0;
  try {
    for (const file of log.files) {
      let end = 0;
      for (const entry of readEntries(file)) {
        if (entry.sequence !== sequence + 1 || entry.previousHash !== hash)
          throw new CalybrisError("CAL_JOURNAL_CORRUPT", {
            file,
            sequence: sequence + 1,
            byteOffset: entry.byteOffset,
            expected: `entry ${sequence + 1} after ${hash}`,
            found: `entry ${entry.sequence} after ${entry.previousHash}`,
          });
        fold.apply(entry.data);
        sequence = entry.sequence;
        hash = entry.entryHash;
        end = entry.byteEnd;
        progress.update(done + end);
      }
      done += end;
    }
  } finally {
    progress.stop();
  }
  return { fold, findings };
}
