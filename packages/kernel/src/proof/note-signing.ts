/**
 * Signing and verification of notes.
 *
 * A key of type Ed25519 signs the text. A witness's key signs the text with a time (C2SP tlog-cosignature v1):
 *
 *     cosignature/v1
 *     time <seconds since the Unix epoch>
 *     <text>
 *
 * and its signature is the time as u64, big-endian, before the 64 bytes.
 * @module
 */
import { toUtf8 } from "../bytes.ts";
import { CalybrisError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { I64_MAX } from "../units.ts";
import { SIGNATURE_BYTES, type Signer, type VerifyEd25519 } from "./ed25519.ts";
import { type VerifierKey, verifierKey } from "./note-key.ts";
import { type NoteSignature, parseNote, type SignedNote } from "./signed-note.ts";

const TIME_BYTES = 8;

/** A signature verified with a known key. */
export interface VerifiedSignature {
  readonly key: VerifierKey;
  readonly signature: NoteSignature;
  /** Time of a cosignature: seconds since the Unix epoch, by the witness's clock. */
  readonly timeSeconds?: bigint;
}

export interface OpenedNote {
  readonly note: SignedNote;
  /** At least one. */
  readonly verified: readonly VerifiedSignature[];
}

/** Signs a text as the log. */
export async function signNote(text: string, name: string, signer: Signer): Promise<NoteSignature> {
  const { keyId } = verifierKey(name, "ed25519", signer.publicKey);
  return { name, keyId, bytes: await signatureOf(toUtf8(text), signer) };
}

/** Signs a checkpoint as a witness that saw it at `timeSeconds`. */
export async function cosignNote(
  text: string,
  name: string,
  timeSeconds: bigint,
  signer: Signer,
): Promise<NoteSignature> {
  const { keyId } = verifierKey(name, "cosignature", signer.publicKey);
  const bytes = new Uint8Array(TIME_BYTES + SIGNATURE_BYTES);
  bytes.set(await signatureOf(cosignatureMessage(text, timeSeconds), signer), TIME_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, timeSeconds);
  return { name, keyId, bytes };
}

/** The message that a witness's key signs. */
export function cosignatureMessage(text: string, timeSeconds: bigint): Uint8Array {
  invariant(timeSeconds >= 0n && timeSeconds <= I64_MAX, `a time fits 63 bits, got ${timeSeconds}`);
  return toUtf8(`cosignature/v1\ntime ${timeSeconds}\n${text}`);
}

/**
 * Parses a note and verifies it. Signatures of unknown keys are ignored. The note is rejected if a signature of a known key
 * does not verify, or if no known key signed.
 *
 * @throws CalybrisError `CAL_PROOF_MALFORMED`, `CAL_PROOF_REJECTED`.
 */
export async function openNote(
  note: Uint8Array | string,
  keys: readonly VerifierKey[],
  verify: VerifyEd25519,
): Promise<OpenedNote> {
  const parsed = parseNote(note);
  const verified: VerifiedSignature[] = [];
  for (const signature of parsed.signatures) {
    const key = keys.find(({ name, keyId }) => name === signature.name && keyId === signature.keyId);
    if (key === undefined) continue;
    const found = await verifySignature(parsed.text, key, signature, verify);
    if (found === undefined) throw rejected(`has a wrong signature of ${key.name}`);
    verified.push(found);
  }
  if (verified.length === 0) throw rejected("has no signature of a known key");
  return { note: parsed, verified };
}

/** `undefined` if the key did not make the signature. */
export async function verifySignature(
  text: string,
  key: VerifierKey,
  signature: NoteSignature,
  verify: VerifyEd25519,
): Promise<VerifiedSignature | undefined> {
  const { bytes } = signature;
  if (key.type === "ed25519") {
    const isMade = bytes.byteLength === SIGNATURE_BYTES && (await verify(key.publicKey, toUtf8(text), bytes));
    return isMade ? { key, signature } : undefined;
  }
  if (bytes.byteLength !== TIME_BYTES + SIGNATURE_BYTES) return undefined;
  const timeSeconds = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  if (timeSeconds > I64_MAX) return undefined;
  const isMade = await verify(key.publicKey, cosignatureMessage(text, timeSeconds), bytes.subarray(TIME_BYTES));
  return isMade ? { key, signature, timeSeconds } : undefined;
}

/** The number of different keys of a list that signed, to compare with a quorum. */
export function signerCount(opened: OpenedNote, keys: readonly VerifierKey[]): number {
  const signed = (key: VerifierKey): boolean =>
    opened.verified.some(({ key: by }) => by.name === key.name && by.keyId === key.keyId);
  return new Set(keys.filter(signed).map(({ name, keyId }) => `${name}+${keyId}`)).size;
}

async function signatureOf(message: Uint8Array, signer: Signer): Promise<Uint8Array> {
  const bytes = await signer.sign(message);
  invariant(bytes.byteLength === SIGNATURE_BYTES, `a signature has ${SIGNATURE_BYTES} bytes, got ${bytes.byteLength}`);
  return bytes;
}

function rejected(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "note", problem });
}
