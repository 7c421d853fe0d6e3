/**
 * The rows of the error table for proofs.
 * @module
 */
import { type ErrorRow, row } from "../error-row.ts";

/** The details of each code. */
export interface ProofErrorDetails {
  readonly CAL_PROOF_MALFORMED: { format: string; problem: string };
  readonly CAL_PROOF_REJECTED: { format: string; problem: string };
  readonly CAL_PROOF_UNCOVERED: { needed: number | bigint; treeSize: number | bigint | undefined };
  readonly CAL_CHECKPOINT_UNSIGNED: { problem: string };
  readonly CAL_RECEIPT_KEY_MISSING: Record<string, never>;
  readonly CAL_RECEIPT_REFUSED: { sequence: number; problem: string };
}

export const PROOF_ERRORS: { readonly [Code in keyof ProofErrorDetails]: ErrorRow<ProofErrorDetails[Code]> } = {
  CAL_PROOF_MALFORMED: row(
    400,
    (d) => `the ${d.format} ${d.problem}`,
    "Use the bytes exactly as they were issued: each proof has exactly one valid encoding.",
  ),
  CAL_PROOF_REJECTED: row(
    403,
    (d) => `the ${d.format} ${d.problem}`,
    "Do not rely on it. If the key is missing from your list, get the issuer's public key from a source that you trust.",
  ),
  CAL_PROOF_UNCOVERED: row(
    409,
    (d) =>
      d.treeSize === undefined
        ? "the journal has no checkpoint yet"
        : `the checkpoint covers ${d.treeSize} entries, but the proof needs ${d.needed}`,
    "Retry after the next checkpoint, or create one with `calybris checkpoint create`. The service creates them itself when `checkpoint` is configured.",
  ),
  CAL_CHECKPOINT_UNSIGNED: row(
    409,
    (d) => `the checkpoint was not signed: ${d.problem}`,
    "Fix the signer, then sign again. The service's signer is `checkpoint.signerFile` or `checkpoint.signerCommand`.",
  ),
  CAL_RECEIPT_KEY_MISSING: row(
    409,
    () => "no signing key for receipts is configured",
    "Set the service's `receipts.keyFile` to a key from `calybris checkpoint keygen`, or omit `receipt` from the request.",
  ),
  CAL_RECEIPT_REFUSED: row(
    409,
    (d) => `entry ${d.sequence} cannot get a receipt: ${d.problem}`,
    "Run `calybris verify`; only a durable decision that follows from its policy gets a receipt.",
  ),
};
