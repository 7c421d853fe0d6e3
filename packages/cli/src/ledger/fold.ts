/**
 * The money of a journal, folded from its entries alone without asking anybody who may have it open. What is read is
 * taken as it is, as long as each entry follows on the one before, and from its data where its key is given; `ledger
 * prove` and `verify` check the rest.
 * @module
 */
import { createFold, type Finding, type Fold, type Place } from "@calybris/audit";
import { nodeSha256 } from "@calybris/engine";
import { type CalybrisError, type ChainHash, GENESIS_HASH } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { type ReadEntry, readEntries } from "../journal/entries.ts";
import { logFiles } from "../journal/log-lines.ts";
import { startProgress } from "../terminal/progress.ts";

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

/**
 * @param chain - the journal's own hash; `undefined` when its key is not given.
 * @throws CalybrisError `CAL_JOURNAL_CORRUPT` where an entry does not follow on the one before, or from its data.
 */
export function foldMoney(directory: string, chain?: ChainHash): FoldedMoney {
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
        if (entry.sequence !== sequence + 1 || entry.previousHash !== hash) {
          const found = `entry ${entry.sequence} after ${entry.previousHash}`;
          throw corrupt(entry, sequence + 1, `entry ${sequence + 1} after ${hash}`, found);
        }
        const followed = chain?.(entry.previousHash, Buffer.from(entry.data));
        if (followed !== undefined && followed !== entry.entryHash)
          throw corrupt(entry, entry.sequence, followed, entry.entryHash);
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

function corrupt({ file, byteOffset }: ReadEntry, sequence: number, expected: string, found: string): CalybrisError {
  return new EngineError("CAL_JOURNAL_CORRUPT", { file, sequence, byteOffset, expected, found });
}
