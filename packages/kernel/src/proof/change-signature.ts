/**
 * Signed policy changes (`calychg1`): the approval to stage, promote or roll back a policy, or to make it a canary.
 *
 *     message = "calychg1" NUL ‖ genesis entry hash, 32 bytes ‖ sequence of the policy change that it follows, u64
 *             ‖ action u8 (1 stage, 2 promote, 3 roll back, 4 canary) ‖ policy ID u32 ‖ policy digest, 32 bytes
 *             ‖ canary share in basis points, u16 (0 for other actions)
 *             ‖ signed at, milliseconds since the Unix epoch, u64 ‖ signer ID, UTF-8, up to the end
 *
 * Integers are little-endian, as in the other digests. The genesis hash binds a signature to one journal and the sequence to one
 * place in it, so that no signature can be used twice.
 * @module
 */
import { ByteWriter, fromHex, toHex, toUtf8 } from "../bytes.ts";
import { invariant } from "../invariant.ts";
import type { PolicyChange, PolicySignature } from "../policy-entry.ts";
import { BPS_MAX } from "../units.ts";
import { SIGNATURE_BYTES, type Signer } from "./ed25519.ts";
import { HASH_BYTES } from "./merkle.ts";
import { isSignerId, type TrustedSigner } from "./provenance.ts";

/** The change that one signature approves. */
export interface SignedChange {
  /** Hash of the journal's first entry, hexadecimal. */
  readonly genesisHash: string;
  /** Sequence of the last `genesis` or `policy` entry before it. */
  readonly follows: number;
  readonly change: PolicyChange;
  /** From 1, less than 2^32. */
  readonly policyId: number;
  /** `calypol1`, hexadecimal. */
  readonly policyDigest: string;
  /** The share of a canary, 0 to 10,000; 0 for every other change. */
  readonly shareBps: number;
}

const ACTIONS: Readonly<Record<PolicyChange, number>> = Object.freeze({
  staged: 1,
  promoted: 2,
  "rolled-back": 3,
  canary: 4,
});
const MESSAGE_HEAD_BYTES = 9 + HASH_BYTES + 8 + 1 + 4 + HASH_BYTES + 2 + 8;

/**
 * The bytes that are signed.
 *
 * @example
 * ```ts
 * import { changeMessage } from "@calybris/kernel";
 * const digest = "ab".repeat(32);
 * const change = { genesisHash: digest, follows: 7, change: "canary", policyId: 2, policyDigest: digest, shareBps: 500 } as const;
 * changeMessage(change, 1_800_000_000_000, "ana").byteLength; // 99
 * ```
 */
export function changeMessage(change: SignedChange, signedAtMs: number, signerId: string): Uint8Array {
  const { genesisHash, follows, policyId, policyDigest, shareBps } = change;
  invariant(Number.isSafeInteger(follows) && follows >= 1, `a sequence is an integer from 1, got ${follows}`);
  invariant(Number.isSafeInteger(signedAtMs) && signedAtMs >= 0, `milliseconds are whole, got ${signedAtMs}`);
  invariant(isPolicyId(policyId), `the ID of a policy is from 1 to 2^32 - 1, got ${policyId}`);
  invariant(Number.isInteger(shareBps) && shareBps >= 0 && shareBps <= BPS_MAX, `bps lie in 0..${BPS_MAX}`);
  invariant(change.change === "canary" || shareBps === 0, "only a canary has a share");
  const id = toUtf8(signerId);
  return new ByteWriter(MESSAGE_HEAD_BYTES + id.byteLength)
    .tag("calychg1")
    .raw(digestOf(genesisHash))
    .u64(BigInt(follows))
    .u8(ACTIONS[change.change])
    .u32(policyId)
    .raw(digestOf(policyDigest))
    .u16(shareBps)
    .u64(BigInt(signedAtMs))
    .raw(id)
    .finish();
}

/** Signs a change; returns the signature in the form of the change's entry. */
export async function signChange(
  change: SignedChange,
  by: { readonly signerId: string; readonly signedAtMs: number; readonly signer: Signer },
): Promise<PolicySignature> {
  const { signerId, signedAtMs, signer } = by;
  invariant(isSignerId(signerId), "a signer ID has 1 to 255 bytes without control characters");
  const bytes = await signer.sign(changeMessage(change, signedAtMs, signerId));
  invariant(bytes.byteLength === SIGNATURE_BYTES, `a signature has ${SIGNATURE_BYTES} bytes, got ${bytes.byteLength}`);
  return { signer: signerId, signedAtMs, value: toHex(bytes) };
}

/** The keys that may approve changes, and the verifier of their signatures. */
export interface ChangeKeys {
  readonly signers: readonly TrustedSigner[];
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
}

/**
 * The fault in the signature of a change: no trusted key has the signer's ID (`signer`); no key with that ID made the
 * signature over this change (`value`); the key was not valid when it signed or when the change was made (`date`).
 * `undefined` if the signature is valid.
 *
 * @param atMs - when the change is made, milliseconds since the Unix epoch.
 */
export function changeSignatureFault(
  change: SignedChange,
  { signer: signerId, signedAtMs, value }: PolicySignature,
  atMs: number,
  { signers, verify }: ChangeKeys,
): "signer" | "value" | "date" | undefined {
  const named = signers.filter(({ id }) => id === signerId);
  if (named.length === 0) return "signer";
  // No message can be built from these values, so no signature can be valid.
  if (!isPolicyId(change.policyId) || !Number.isSafeInteger(signedAtMs) || signedAtMs < 0) return "value";
  const message = changeMessage(change, signedAtMs, signerId);
  const bytes = typeof value === "string" ? fromHex(value) : undefined;
  if (bytes?.byteLength !== SIGNATURE_BYTES) return "value";
  const signing = named.filter(({ publicKey }) => verify(publicKey, message, bytes));
  if (signing.length === 0) return "value";
  return signing.some((key) => isValidAt(key, signedAtMs) && isValidAt(key, atMs)) ? undefined : "date";
}

function isPolicyId(id: number): boolean {
  return id >= 1 && id >>> 0 === id;
}

function isValidAt({ validFromMs, validUntilMs }: TrustedSigner, atMs: number): boolean {
  return (
    (validFromMs === undefined || atMs >= Number(validFromMs)) &&
    (validUntilMs === undefined || atMs < Number(validUntilMs))
  );
}

function digestOf(hex: string): Uint8Array {
  const digest = fromHex(hex);
  invariant(digest?.byteLength === HASH_BYTES, `a digest has ${2 * HASH_BYTES} hexadecimal digits`);
  return digest;
}
