/**
 * The key of a log, and a check on its signer: the signer may be another program or a remote service, so it may fail, hang,
 * or return something else.
 * @module
 */
import { createPrivateKey, sign } from "node:crypto";
import {
  type Checkpoint,
  formatCheckpoint,
  formatNote,
  type Signer,
  signNote,
  toUtf8,
  type VerifierKey,
} from "@calybris/kernel";
import { nodeSigner, nodeVerifyEd25519, seedKeyDer } from "../ed25519.ts";

/** The origin and key of a log, and the holder of the private key. */
export interface LogSigner {
  /** The name of this key is the origin. */
  readonly key: VerifierKey;
  readonly signer: Signer;
}

/** Signs with a 32-byte seed on Node's thread pool, so that the caller's thread is not blocked. */
export function pooledSigner(seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: seedKeyDer(seed), format: "der", type: "pkcs8" });
  return {
    publicKey: nodeSigner(seed).publicKey,
    sign: (message) =>
      new Promise((resolve, reject) => {
        sign(null, message, key, (error, signature) => {
          if (error === null) resolve(new Uint8Array(signature));
          else reject(error);
        });
      }),
  };
}

/**
 * The signed note of a checkpoint. The signature is verified.
 *
 * @param checkpoint - its origin is the name of the key.
 * @throws Error if the signature is not by the key; errors of the signer are passed on.
 */
export async function signedCheckpoint(
  { key, signer }: LogSigner,
  checkpoint: Omit<Checkpoint, "origin">,
): Promise<string> {
  const text = formatCheckpoint({ ...checkpoint, origin: key.name });
  const signature = await signNote(text, key.name, signer);
  if (!(await nodeVerifyEd25519(key.publicKey, toUtf8(text), signature.bytes)))
    throw new Error("the signer returned no signature by the key of the log");
  return formatNote({ text, signatures: [signature] });
}
