/**
 * The compact form of a receipt, for a header, a log line or a QR code:
 *
 *     calyrcp1.<claims>.<signature block>[.<inclusion>]
 *
 * in base64url without padding. Each receipt has exactly one compact form.
 *
 *     claims            the canonical bytes that the signature covers
 *     signature block   signed at u64 ‖ public key 32 ‖ signature 64 ‖ signer ID, UTF-8, up to the end
 *     inclusion         leaf index u64 ‖ number of hashes u8 ‖ hashes 32 each ‖ checkpoint note, UTF-8, up to the end
 * @module
 */
import { ByteWriter, toUtf8 } from "../bytes.ts";
import { CalybrisError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { fromBase64Url, toBase64Url } from "./base64.ts";
import { ByteReader } from "./byte-reader.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from "./ed25519.ts";
import { HASH_BYTES } from "./merkle.ts";
import { isSignerId, type Signature } from "./provenance.ts";
import type { Receipt, ReceiptInclusion } from "./receipt.ts";
import { claimsBytes, readClaims } from "./receipt-claims.ts";
import { parseNote } from "./signed-note.ts";

const PREFIX = "calyrcp1";
/** The height of a tree of 2^64 leaves. */
export const INCLUSION_HASHES_MAX = 64;
const RECEIPT_CHARACTERS_MAX = 2_000_000;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param options - `withoutInclusion` makes it short enough for a QR code. */
export function formatCompactReceipt(receipt: Receipt, options: { readonly withoutInclusion?: boolean } = {}): string {
  const { claims, signature, inclusion } = receipt;
  const parts = [claimsBytes(claims), signatureBlock(signature)];
  if (inclusion !== undefined && options.withoutInclusion !== true) parts.push(inclusionBytes(inclusion));
  return [PREFIX, ...parts.map(toBase64Url)].join(".");
}

/** @throws CalybrisError `CAL_PROOF_MALFORMED` for anything that {@link formatCompactReceipt} does not produce. */
export function parseCompactReceipt(text: string): Receipt {
  if (text.length > RECEIPT_CHARACTERS_MAX) throw malformed(`has more than ${RECEIPT_CHARACTERS_MAX} characters`);
  const [prefix, ...encoded] = text.split(".");
  if (prefix !== PREFIX || encoded.length < 2 || encoded.length > 3)
    throw malformed(`is not of the form ${PREFIX}.claims.signature[.inclusion]`);
  const [claims, signature, inclusion] = encoded.map((part, at) => {
    const bytes = fromBase64Url(part);
    if (bytes === undefined) throw malformed(`has a part ${at + 1} that is not base64url`);
    return bytes;
  }) as [Uint8Array, Uint8Array, Uint8Array?];
  return {
    claims: readClaims(claims),
    signature: readSignatureBlock(signature),
    ...(inclusion && { inclusion: readInclusion(inclusion) }),
  };
}

function signatureBlock(signature: Signature): Uint8Array {
  const id = toUtf8(signature.signerId);
  return new ByteWriter(8 + PUBLIC_KEY_BYTES + SIGNATURE_BYTES + id.byteLength)
    .u64(signature.signedAtMs)
    .raw(signature.publicKey)
    .raw(signature.bytes)
    .raw(id)
    .finish();
}

function readSignatureBlock(bytes: Uint8Array): Signature {
  const reader = new ByteReader(bytes, "receipt");
  const [signedAtMs, publicKey, signature] = [reader.u64(), reader.raw(PUBLIC_KEY_BYTES), reader.raw(SIGNATURE_BYTES)];
  const signerId = decoded(reader.rest(), "signer ID");
  if (!isSignerId(signerId)) throw malformed("has a malformed signer ID");
  return { signerId, signedAtMs, publicKey, bytes: signature };
}

function inclusionBytes(inclusion: ReceiptInclusion): Uint8Array {
  const { leafIndex, hashes } = inclusion;
  invariant(hashes.length <= INCLUSION_HASHES_MAX, `a path has at most ${INCLUSION_HASHES_MAX} hashes`);
  const checkpoint = toUtf8(inclusion.checkpoint);
  const writer = new ByteWriter(9 + hashes.length * HASH_BYTES + checkpoint.byteLength)
    .u64(leafIndex)
    .u8(hashes.length);
  for (const hash of hashes) writer.raw(hash);
  return writer.raw(checkpoint).finish();
}

function readInclusion(bytes: Uint8Array): ReceiptInclusion {
  const reader = new ByteReader(bytes, "receipt");
  const [leafIndex, count] = [reader.u64(), reader.u8()];
  if (count > INCLUSION_HASHES_MAX) throw malformed(`has more than ${INCLUSION_HASHES_MAX} hashes`);
  const hashes = Array.from({ length: count }, () => reader.raw(HASH_BYTES));
  return { leafIndex, hashes, checkpoint: checkpointNote(decoded(reader.rest(), "checkpoint")) };
}

/** Checks that a text is a well-formed note of a checkpoint. */
export function checkpointNote(text: string): string {
  parseCheckpoint(parseNote(text).text);
  return text;
}

function decoded(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed(`has a ${what} that is not UTF-8`);
  }
}

function malformed(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_MALFORMED", { format: "receipt", problem });
}
