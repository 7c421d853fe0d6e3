/**
 * A verifier's input besides the log: checkpoints kept elsewhere, trusted keys, and the secret seed of the draws.
 * @module
 */
import type { LogKeys, TreeAnchor } from "@calybris/audit";
import { nodeVerifyEd25519 } from "@calybris/engine/internal";
import {
  CalybrisError,
  type ChangeKeys,
  type CheckpointTrust,
  openCheckpoint,
  toHex,
  type TrustedSigner,
} from "@calybris/kernel";
import { readSecret } from "../journal/key-file.ts";
import { proofText } from "../proof/proof-file.ts";

const SEED_BYTES = 32;

/** @throws CalybrisError `CAL_PROOF_REJECTED` for a checkpoint without the required signatures. */
export async function treesOf(
  checkpoint: readonly string[],
  trust: CheckpointTrust | undefined,
): Promise<readonly TreeAnchor[]> {
  if (trust === undefined) return [];
  const opened = checkpoint.map((file) => openCheckpoint(proofText(file), trust, nodeVerifyEd25519));
  return (await Promise.all(opened)).map(({ checkpoint: { treeSize, root } }) => ({
    treeSize: Number(treeSize),
    root: toHex(root),
  }));
}

/** The keys that verify the checkpoints in a journal; `undefined` if no log is trusted. */
export function logKeysOf(trust: CheckpointTrust | undefined): LogKeys | undefined {
  if (trust === undefined || trust.logs.length === 0) return undefined;
  const verify: LogKeys["verify"] = (key, message, signature) => nodeVerifyEd25519(key, message, signature) === true;
  return { keys: trust.logs.map(({ key }) => key), verify };
}

/** The keys that verify signed policy changes; `undefined` without signers. */
export function changeKeysOf(signers: readonly TrustedSigner[] = []): ChangeKeys | undefined {
  if (signers.length === 0) return undefined;
  return { signers, verify: (key, message, signature) => nodeVerifyEd25519(key, message, signature) === true };
}

/** @throws CalybrisError `CAL_INPUT_MALFORMED` for a file that is not a seed, or that other users can read. */
export function readSeed(file: string): Uint8Array {
  const refused = (path: string, problem: string): CalybrisError =>
    new CalybrisError("CAL_INPUT_MALFORMED", { file: path, problem });
  const seed = readSecret(file, refused);
  if (seed.byteLength !== SEED_BYTES) throw refused(file, `is not a seed of ${SEED_BYTES} bytes`);
  return seed;
}
