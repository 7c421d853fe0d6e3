/**
 * Ed25519 by Node's `crypto`, for the kernel's ports.
 * @module
 */
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type Signer, type VerifyEd25519 } from "@calybris/kernel";

/** The prefixes of a 32-byte key in PKCS#8 and SPKI (RFC 8410). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

export const nodeVerifyEd25519: VerifyEd25519 = (publicKey, message, signature) => {
  if (publicKey.byteLength !== PUBLIC_KEY_BYTES || signature.byteLength !== SIGNATURE_BYTES) return false;
  const der = Buffer.concat([SPKI_PREFIX, publicKey]);
  return verify(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
};

/** A private key as PKCS#8, from its 32-byte seed. */
export function seedKeyDer(seed: Uint8Array): Buffer {
  return Buffer.concat([PKCS8_PREFIX, seed]);
}

/** A signer that holds a 32-byte seed (RFC 8032, section 5.1.5). */
export function nodeSigner(seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: seedKeyDer(seed), format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: new Uint8Array(spki.subarray(-PUBLIC_KEY_BYTES)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}
