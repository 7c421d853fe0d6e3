/**
 * The rows of proofs in the error table.
 * @module
 */
import { type ErrorRow, row } from "../error-row.ts";

/** The details of each code. */
export interface ProofErrorDetails {
  readonly CAL_PROOF_MALFORMED: { format: string; problem: string };
  readonly CAL_PROOF_REJECTED: { format: string; problem: string };
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
};
