/**
 * `--trust`: the keys that a verifier accepts.
 * @module
 */
import { parseTrustFile, type TrustFile } from "@calybris/gateway";
import { proofText } from "./proof-file.ts";

/** @throws CalybrisError `CAL_INPUT_MALFORMED` naming the member, `CAL_PROOF_MALFORMED` for a key, `CAL_INPUT_UNREADABLE`. */
export function readTrustFile(file: string): TrustFile {
  return parseTrustFile(proofText(file), file);
}
