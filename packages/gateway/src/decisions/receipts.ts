/**
 * Receipts over HTTP, for decisions whose entry is on disk. They are signed with the key of the service's start, and include
 * the inclusion proof if the newest checkpoint covers the entry.
 * @module
 */
import type { Engine, FoundDecision } from "@calybris/engine";
import { nodeSha256 } from "@calybris/engine";
import {
  CalybrisError,
  claimsOfEntry,
  formatReceiptJson,
  fromHex,
  parseCheckpoint,
  parseNote,
  type ReceiptInclusion,
  type Signer,
  signReceipt,
} from "@calybris/kernel";

/** The signer of receipts. */
export interface ReceiptSigner {
  readonly signerId: string;
  readonly signer: Signer;
}

/** @throws CalybrisError `CAL_RECEIPT_KEY_MISSING` if the service signs no receipts. */
export function requireReceipts(by: ReceiptSigner | undefined): ReceiptSigner {
  if (by === undefined) throw new CalybrisError("CAL_RECEIPT_KEY_MISSING", {});
  return by;
}

/**
 * The receipt of a decision, as JSON text.
 *
 * @throws CalybrisError `CAL_RECEIPT_REFUSED` for an entry that is not durable; `CAL_PROOF_REJECTED` if the tree beside the
 * journal does not have the root of its newest checkpoint.
 */
export async function receiptJson(engine: Engine, found: FoundDecision, by: ReceiptSigner): Promise<string> {
  const { entry, policy, sequence } = found;
  if (sequence > engine.reading.head.sequence)
    throw new CalybrisError("CAL_RECEIPT_REFUSED", { sequence, problem: "it is not durable yet" });
  const entryHash = fromHex(found.entryHash) as Uint8Array;
  const claims = claimsOfEntry(policy.snapshot.policy, entry, { sequence, entryHash }, nodeSha256);
  const receipt = await signReceipt(claims, { ...by, signedAtMs: BigInt(Date.now()) }, nodeSha256);
  const inclusion = await inclusionOf(engine, sequence, entryHash);
  return formatReceiptJson(inclusion === undefined ? receipt : { ...receipt, inclusion });
}

/** `undefined` if no checkpoint covers the entry. */
async function inclusionOf(
  { checkpoints }: Engine,
  sequence: number,
  entryHash: Uint8Array,
): Promise<ReceiptInclusion | undefined> {
  const note = await checkpoints.note();
  if (note === undefined) return undefined;
  const checkpoint = parseCheckpoint(parseNote(note).text);
  if (checkpoint.treeSize < sequence) return undefined;
  const hashes = checkpoints.proofs.inclusion(sequence, entryHash, checkpoint);
  return { checkpoint: note, leafIndex: BigInt(sequence) - 1n, hashes };
}
