/**
 * The rows of proofs in the error table.
 * @module
 */
import { type ErrorRow, row } from "../error-row.ts";

/** The details of each code. */
export interface ProofErrorDetails {
  readonly CAL_PROOF_MALFORMED: { format: string; problem: string };
  readonly CAL_PROOF_REJECTED: { format: string; problem: string };
  readonly CAL_RECEIPT_KEY_MISSING: Record<string, never>;
  readonly CAL_RECEIPT_REFUSED: { sequence: number; problem: string };
}

export const PROOF_ERRORS: { readonly [Code in keyof ProofErrorDetails]: ErrorRow<ProofErrorDetails[Code]> } = {
  CAL_PROOF_MALFORMED: row(
    400,
    (d) => `the ${d.format} ${d.problem}`,
    "Use the bytes exactly as they were issued: every proof has one form, and any other is refused.",
  ),
  CAL_PROOF_REJECTED: row(
    403,
    (d) => `the ${d.format} ${d.problem}`,
    "Do not rely on it. If the key is missing from your list, get the issuer's public key from a source that you trust.",
  ),
  CAL_RECEIPT_KEY_MISSING: row(
    409,
    () => "no key that signs receipts is configured",
    "Set `receipts.keyFile` of the service to a key of `calybris checkpoint keygen`, or leave `receipt` out of the request.",
  ),
  CAL_RECEIPT_REFUSED: row(
    409,
    (d) => `no receipt is issued of entry ${d.sequence}: ${d.problem}`,
    "Run `calybris verify`; a receipt is issued of a durable decision that follows from its policy.",
  ),
};
