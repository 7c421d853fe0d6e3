/**
 * Receipts: signed claims about one decision, and the proof that its entry is in the log, which is not part of the
 * signature.
 *
 * A receipt is issued after its entry is durable. The inclusion is added once a checkpoint covers the entry: it can be left
 * out, added or renewed, and the signature remains valid.
 * @module
 */
import { CalybrisError } from "../errors.ts";
import { type Sha256, sha256 } from "../sha256.ts";
import { type Checkpoint, parseCheckpoint } from "./checkpoint.ts";
import type { Signer, VerifyEd25519 } from "./ed25519.ts";
import { leafHash } from "./merkle.ts";
import { isIncluded } from "./merkle-check.ts";
import type { VerifierKey } from "./note-key.ts";
import { openNote } from "./note-signing.ts";
import { type Signature, signDigest, type TrustedSigner, verifyDigest } from "./provenance.ts";
import { claimsDigest, type ReceiptClaims } from "./receipt-claims.ts";
import { parseNote } from "./signed-note.ts";

export interface Receipt {
  readonly claims: ReceiptClaims;
  readonly signature: Signature;
  readonly inclusion?: ReceiptInclusion;
}

/** The inclusion proof of the claims' entry in the tree of a checkpoint. */
export interface ReceiptInclusion {
  /** The signed note. */
  readonly checkpoint: string;
  /** From 0. */
  readonly leafIndex: bigint;
  readonly hashes: readonly Uint8Array[];
}

/** The keys and checks for verifying receipts. */
export interface ReceiptTrust {
  readonly signers: readonly TrustedSigner[];
  /** Keys of the logs, and of witnesses. */
  readonly logKeys: readonly VerifierKey[];
  readonly verify: VerifyEd25519;
  readonly hash?: Sha256;
}

/** The result of a verification. */
export interface ReceiptFindings {
  readonly signer: TrustedSigner;
  /** `proven`; `none` if the receipt has no inclusion; `unknown_log` if no known key signed its checkpoint. */
  readonly inclusion: "proven" | "none" | "unknown_log";
  /** The checkpoint of a proven inclusion. */
  readonly checkpoint?: Checkpoint;
}

export async function signReceipt(
  claims: ReceiptClaims,
  by: { readonly signerId: string; readonly signedAtMs: bigint; readonly signer: Signer },
  hash: Sha256 = sha256,
): Promise<Receipt> {
  return { claims, signature: await signDigest("receipt", claimsDigest(claims, hash), by) };
}

/**
 * Verifies signature, claims and inclusion. It establishes that the signer makes these claims and, if the inclusion is
 * proven, that the entry is in the log. To establish that the digests are those of a disclosed request, compare the claims
 * with `claimsOf` the disclosed decision.
 *
 * @throws CalybrisError `CAL_PROOF_REJECTED` if any part is invalid, `CAL_PROOF_MALFORMED`.
 */
export async function verifyReceipt(receipt: Receipt, trust: ReceiptTrust): Promise<ReceiptFindings> {
  const { claims, signature, inclusion } = receipt;
  const { hash = sha256 } = trust;
  const signer = await verifyDigest("receipt", claimsDigest(claims, hash), signature, trust.signers, trust.verify);
  if (!claims.isReplayValid) throw rejected("claims that the decision does not follow from its policy");
  if (inclusion === undefined) return { signer, inclusion: "none" };
  if (claims.log === undefined) throw rejected("has an inclusion and claims no entry");
  if (inclusion.leafIndex !== claims.log.sequence - 1n) throw rejected("has the inclusion of another entry");
  const { signatures } = parseNote(inclusion.checkpoint);
  const isKnown = signatures.some((made) =>
    trust.logKeys.some(({ name, keyId }) => name === made.name && keyId === made.keyId),
  );
  if (!isKnown) return { signer, inclusion: "unknown_log" };
  const { note } = await openNote(inclusion.checkpoint, trust.logKeys, trust.verify);
  const checkpoint = parseCheckpoint(note.text);
  const claim = {
    leafIndex: inclusion.leafIndex,
    treeSize: checkpoint.treeSize,
    leaf: leafHash(claims.log.entryHash, hash),
    root: checkpoint.root,
    proof: inclusion.hashes,
  };
  if (!isIncluded(claim, hash)) throw rejected("has an inclusion that does not lead to the root of its checkpoint");
  return { signer, inclusion: "proven", checkpoint };
}

function rejected(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "receipt", problem });
}
