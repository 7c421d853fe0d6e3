/** Ed25519 of the platform, for tests. @module */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { Signer, VerifyEd25519 } from "../../src/index.ts";

const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const imported = new Map<string, KeyObject>();

export function signerOf(seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return { publicKey: new Uint8Array(spki.subarray(-32)), sign: (message) => new Uint8Array(sign(null, message, key)) };
}

export const verifyOfPlatform: VerifyEd25519 = (publicKey, message, signature) => {
  const name = Buffer.from(publicKey).toString("hex");
  const key =
    imported.get(name) ??
    createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: "der", type: "spki" });
  imported.set(name, key);
  return verify(null, message, key, signature);
};
