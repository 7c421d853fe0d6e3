/**
 * The key of a log, and bounds on what signs with it: a signer may be another program or a service far away, so it may fail,
 * hang, or answer with something else.
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

/** The origin and key of a log, and what holds the private key. */
export interface LogSigner {
  /** Its name is the origin. */
  readonly key: VerifierKey;
  readonly signer: Signer;
}

/** Signs with a seed of 32 bytes on a thread of Node's pool, so that the caller's thread does not compute. */
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
 * The signed note of a checkpoint. What the signer answers is verified.
 *
 * @param checkpoint - its origin is the name of the key.
 * @throws Error for a signature that is not by the key, and what the signer throws.
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
