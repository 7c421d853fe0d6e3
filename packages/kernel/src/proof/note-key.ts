/**
 * Keys of signed notes (C2SP signed-note and tlog-cosignature), as text:
 *
 *     verifier   name+key ID in 8 hexadecimal digits+base64(type ‖ public key)
 *     signer     PRIVATE+KEY+name+key ID+base64(type ‖ seed)
 *
 * The key ID is the first four bytes of SHA-256(name ‖ newline ‖ type ‖ public key), so one key pair may sign in two ways.
 * @module
 */
import { ByteWriter, toHex, toUtf8 } from "../bytes.ts";
import { CalybrisError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { type Sha256, sha256 } from "../sha256.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { PUBLIC_KEY_BYTES } from "./ed25519.ts";
import { isKeyName } from "./signed-note.ts";

/** The type of a key: `ed25519` signs the text itself, `cosignature` signs it with a time, as a witness. */
export type NoteKeyType = "ed25519" | "cosignature";

const TYPE_CODES: Readonly<Record<NoteKeyType, number>> = Object.freeze({ ed25519: 1, cosignature: 4 });
const TYPES: ReadonlyMap<number | undefined, NoteKeyType> = new Map([
  [1, "ed25519"],
  [4, "cosignature"],
]);
const SIGNER_PREFIX = "PRIVATE+KEY+";
const NAME_BYTES_MAX = 1_024;

/** A public key that is trusted under a name. */
export interface VerifierKey {
  readonly name: string;
  readonly type: NoteKeyType;
  readonly keyId: number;
  readonly publicKey: Uint8Array;
}

/** A private key. Never log it. */
export interface SignerKey {
  readonly name: string;
  readonly type: NoteKeyType;
  /** As stated in the text; compare it with the ID of the public key. */
  readonly keyId: number;
  /** 32 bytes (RFC 8032, section 5.1.5). */
  readonly seed: Uint8Array;
}

/** A verifier key with its ID. */
export function verifierKey(
  name: string,
  type: NoteKeyType,
  publicKey: Uint8Array,
  hash: Sha256 = sha256,
): VerifierKey {
  invariant(isKeyName(name), "the name of a key has no space or plus");
  invariant(publicKey.byteLength === PUBLIC_KEY_BYTES, `a public key has ${PUBLIC_KEY_BYTES} bytes`);
  const named = toUtf8(`${name}\n`);
  const bytes = new ByteWriter(named.byteLength + 1 + PUBLIC_KEY_BYTES).raw(named).u8(TYPE_CODES[type]).raw(publicKey);
  const keyId = Number.parseInt(toHex(hash(bytes.finish()).subarray(0, 4)), 16);
  return { name, type, keyId, publicKey };
}

export function formatVerifierKey(key: VerifierKey): string {
  return `${key.name}+${hexOf(key.keyId)}+${toBase64(withType(key.type, key.publicKey))}`;
}

/**
 * @throws CalybrisError `CAL_PROOF_MALFORMED`, also if the ID does not match name, type and key.
 *
 * @example
 * ```ts
 * import { parseVerifierKey } from "@calybris/kernel";
 * const key = parseVerifierKey("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2");
 * key.name; // "remora.n621.de"
 * key.type; // "cosignature"
 * ```
 */
export function parseVerifierKey(text: string): VerifierKey {
  const { name, type, keyId, key: publicKey } = parseKey(text, "verifier key");
  const found = verifierKey(name, type, publicKey);
  if (found.keyId !== keyId) throw malformed("verifier key", "has an ID that is not of its name, type and public key");
  return found;
}

export function formatSignerKey(key: SignerKey): string {
  return `${SIGNER_PREFIX}${key.name}+${hexOf(key.keyId)}+${toBase64(withType(key.type, key.seed))}`;
}

/** @throws CalybrisError `CAL_PROOF_MALFORMED`; the error does not include the text. */
export function parseSignerKey(text: string): SignerKey {
  if (!text.startsWith(SIGNER_PREFIX)) throw malformed("signer key", `does not begin with ${SIGNER_PREFIX}`);
  const { name, type, keyId, key: seed } = parseKey(text.slice(SIGNER_PREFIX.length), "signer key");
  return { name, type, keyId, seed };
}

function parseKey(
  text: string,
  format: string,
): { readonly name: string; readonly type: NoteKeyType; readonly keyId: number; readonly key: Uint8Array } {
  // Base64 may hold a plus, a name may not.
  const [, name = "", id = "", encoded = ""] =
    /^([^+]{1,1024})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,100})$/.exec(text) ?? [];
  const bytes = fromBase64(encoded);
  if (!isKeyName(name) || name.length > NAME_BYTES_MAX || bytes === undefined)
    throw malformed(format, "is not of the form name+ID+base64");
  const type = TYPES.get(bytes[0]);
  if (type === undefined) throw malformed(format, "is of a type other than 01 (Ed25519) and 04 (cosignature)");
  if (bytes.byteLength !== 1 + PUBLIC_KEY_BYTES)
    throw malformed(format, `has not ${PUBLIC_KEY_BYTES} bytes after its type`);
  return { name, type, keyId: Number.parseInt(id, 16), key: bytes.subarray(1) };
}

function withType(type: NoteKeyType, key: Uint8Array): Uint8Array {
  return new ByteWriter(1 + key.byteLength).u8(TYPE_CODES[type]).raw(key).finish();
}

function hexOf(keyId: number): string {
  return keyId.toString(16).padStart(8, "0");
}

function malformed(format: string, problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_MALFORMED", { format, problem });
}
