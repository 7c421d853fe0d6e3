/**
 * Folds the money of a journal from its entries alone, without locking it. Only the chain is checked: each entry must
 * continue the one before and, if the key is given, match its data. `ledger prove` and `verify` check the rest.
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
  /** The first few contradictions. */
  readonly findings: readonly MoneyFinding[];
}

const FINDINGS_KEPT_MAX = 10;
/** A smaller journal is read too fast for a progress bar. */
const PROGRESS_BYTES_MIN = 16 * 1024 * 1024;
const PROGRESS = "reading {bar} {percentage}% | {eta_formatted} left";

/**
 * @param chain - the journal's chain hash; `undefined` if its key was not given.
 * @throws CalybrisError `CAL_JOURNAL_CORRUPT` if an entry does not continue the one before or does not match its data.
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
