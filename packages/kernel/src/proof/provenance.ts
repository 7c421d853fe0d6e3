/**
 * Ed25519 signatures of a person or a service: of receipts (`calyrcs1`) and policies (`calysig1`).
 *
 *     message = tag ‖ digest, 32 bytes ‖ signed at, milliseconds since the Unix epoch, u64 little-endian ‖ signer ID, UTF-8
 *
 * Tag, time and ID are signed, so that a signature cannot be used for anything else. The time is the signer's claim.
 * @module
 */
import { ByteWriter, equalBytes, toUtf8 } from "../bytes.ts";
import { CalybrisError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { SIGNATURE_BYTES, type Signer, type VerifyEd25519 } from "./ed25519.ts";
import { HASH_BYTES } from "./merkle.ts";

/** The signed object: the digest of receipt claims, or of a policy. */
export type SignedKind = "receipt" | "policy";

const TAGS: Readonly<Record<SignedKind, string>> = Object.freeze({ receipt: "calyrcs1", policy: "calysig1" });
const MESSAGE_HEAD_BYTES = 9 + HASH_BYTES + 8;
const SIGNER_ID_BYTES_MAX = 255;

/** A signature with the values that are signed with the digest. */
export interface Signature {
  readonly signerId: string;
  readonly signedAtMs: bigint;
  readonly publicKey: Uint8Array;
  readonly bytes: Uint8Array;
}

/** A signer whose key came from a trusted source. */
export interface TrustedSigner {
  readonly id: string;
  readonly publicKey: Uint8Array;
  /** Signatures dated before this are rejected. */
  readonly validFromMs?: bigint;
  /** The time of rotation or revocation; signatures dated at or after it are rejected. */
  readonly validUntilMs?: bigint;
}

/** The message that is signed. */
export function signatureMessage(
  kind: SignedKind,
  digest: Uint8Array,
  signedAtMs: bigint,
  signerId: string,
): Uint8Array {
  invariant(digest.byteLength === HASH_BYTES, `a digest has ${HASH_BYTES} bytes, got ${digest.byteLength}`);
  const id = toUtf8(signerId);
  return new ByteWriter(MESSAGE_HEAD_BYTES + id.byteLength)
    .tag(TAGS[kind])
    .raw(digest)
    .u64(signedAtMs)
    .raw(id)
    .finish();
}

/** Whether a signer may have this ID: 1 to 255 bytes of UTF-8 without control characters. */
export function isSignerId(id: string): boolean {
  return id !== "" && id.isWellFormed() && !/\p{Cc}/u.test(id) && toUtf8(id).byteLength <= SIGNER_ID_BYTES_MAX;
}

export async function signDigest(
  kind: SignedKind,
  digest: Uint8Array,
  by: { readonly signerId: string; readonly signedAtMs: bigint; readonly signer: Signer },
): Promise<Signature> {
  const { signerId, signedAtMs, signer } = by;
  invariant(isSignerId(signerId), `a signer ID has 1 to ${SIGNER_ID_BYTES_MAX} bytes without control characters`);
  const bytes = await signer.sign(signatureMessage(kind, digest, signedAtMs, signerId));
  invariant(bytes.byteLength === SIGNATURE_BYTES, `a signature has ${SIGNATURE_BYTES} bytes, got ${bytes.byteLength}`);
  return { signerId, signedAtMs, publicKey: signer.publicKey, bytes };
}

/**
 * Verifies a signature by a trusted key. The key in the signature is only compared with the trusted one.
 *
 * @throws CalybrisError `CAL_PROOF_REJECTED`.
 */
export async function verifyDigest(
  kind: SignedKind,
  digest: Uint8Array,
  signature: Signature,
  signers: readonly TrustedSigner[],
  verify: VerifyEd25519,
): Promise<TrustedSigner> {
  const rejected = (problem: string): CalybrisError =>
    new CalybrisError("CAL_PROOF_REJECTED", { format: kind, problem });
  const { signerId, signedAtMs, publicKey, bytes } = signature;
  const signer = signers.find(({ id, publicKey: trusted }) => id === signerId && equalBytes(trusted, publicKey));
  if (signer === undefined) throw rejected("is signed by a key that is not trusted");
  const message = signatureMessage(kind, digest, signedAtMs, signerId);
  if (!(await verify(signer.publicKey, message, bytes))) throw rejected("has a wrong signature");
  const { validFromMs, validUntilMs } = signer;
  if (validFromMs !== undefined && signedAtMs < validFromMs) throw rejected("is dated before its key was valid");
  if (validUntilMs !== undefined && signedAtMs >= validUntilMs) throw rejected("is dated after its key was valid");
  return signer;
}
