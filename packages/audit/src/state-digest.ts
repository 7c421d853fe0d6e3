/**
 * The digest of the state (`calystt1`, docs/formats.md section 5) from a journal alone.
 * @module
 */
import { JOURNAL_FORMAT, type Sha256, stateDigest, toHex, toUtf8, writeExact } from "@calybris/kernel";
import { moneyStateJson } from "./conservation.ts";
import type { AuditState } from "./audit-state.ts";
import type { LearningFold } from "./learning/learning-fold.ts";
import type { MoneyFold } from "./money.ts";

/**
 * In hexadecimal.
 *
 * @param policyDigests - `calypol1` of every policy of the journal, by id.
 * @param keys - sequences of the active keys, ascending.
 */
export function stateDigestOf(
  state: AuditState,
  policyDigests: readonly string[],
  keys: readonly number[],
  money: MoneyFold,
  learning: LearningFold,
  sha256: Sha256,
): string {
  const { sequence, at, decisionSequence, policyId, stagedId, canaryBps } = state;
  const json = writeExact({
    format: JOURNAL_FORMAT,
    at,
    decisions: decisionSequence,
    ...(money.isEmpty ? {} : { ledger: moneyStateJson(money, sequence, sha256) }),
    policy: policyId,
    policies: policyDigests,
    ...(stagedId === 0 ? {} : { staged: stagedId }),
    ...(canaryBps === 0 ? {} : { canary: canaryBps }),
    ...(keys.length === 0 ? {} : { keys }),
    ...(learning.learning === undefined ? {} : { learning: learning.toJson() }),
  });
  return toHex(stateDigest(BigInt(sequence), toUtf8(json), sha256));
}
