/**
 * Receipts over HTTP: of a decision whose entry is on the disk, signed by the key that the service was started with.
 * @module
 */
import type { FoundDecision } from "@calybris/engine";
import { nodeSha256 } from "@calybris/engine";
import { CalybrisError, claimsOfEntry, formatReceiptJson, fromHex, type Signer, signReceipt } from "@calybris/kernel";

/** Who signs receipts. */
export interface ReceiptSigner {
  readonly signerId: string;
  readonly signer: Signer;
}

/**
 * The receipt of a decision, as JSON text.
 *
 * @param durable - sequence of the last durable entry.
 * @throws CalybrisError `CAL_RECEIPT_KEY_MISSING` without a signer, `CAL_RECEIPT_REFUSED` for an entry that is not durable.
 */
export async function receiptJson(
  { entry, policy, sequence, entryHash }: FoundDecision,
  by: ReceiptSigner | undefined,
  durable: number,
): Promise<string> {
  if (by === undefined) throw new CalybrisError("CAL_RECEIPT_KEY_MISSING", {});
  if (sequence > durable)
    throw new CalybrisError("CAL_RECEIPT_REFUSED", { sequence, problem: "it is not durable yet" });
  const log = { sequence, entryHash: fromHex(entryHash) as Uint8Array };
  const claims = claimsOfEntry(policy.snapshot.policy, entry, log, nodeSha256);
  return formatReceiptJson(await signReceipt(claims, { ...by, signedAtMs: BigInt(Date.now()) }, nodeSha256));
}
