/**
 * The secret seed of the draws: a file beside the journal, made when the first policy that learns is activated, and
 * promised by its SHA-256 in that entry. Without it a journal can be read and verified, but not continued.
 * @module
 */
import { CalybrisError, toHex } from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { type Disk, readWhole, withDisk, writeWhole } from "../journal/disk.ts";
import { SEED_BYTES } from "../router/draws.ts";

export const SEED_FILE = "draw-seed";

/**
 * Makes a seed and keeps it, durably, before anything is promised about it. One that is there already and was not promised
 * is written over: its maker may have died before it was durable, or whole.
 */
export function makeSeed(disk: Disk, directory: string, randomBytes: (count: number) => Uint8Array): Uint8Array {
  const seed = randomBytes(SEED_BYTES);
  withDisk(directory, () => {
    const file = disk.open(directory, SEED_FILE, true);
    if (file === undefined) throw new CalybrisError("CAL_ENGINE_SEED", { directory, problem: "it cannot be written" });
    try {
      writeWhole(file, seed, 0);
      file.sync();
    } finally {
      file.close();
    }
    disk.syncDirectory(directory);
  });
  return seed;
}

/** The seed that was promised. */
export function seedOf(disk: Disk, directory: string, digest: string): Uint8Array {
  const seed = withDisk(directory, () => readSeed(disk, directory));
  if (seed === undefined)
    throw new CalybrisError("CAL_ENGINE_SEED", { directory, problem: "it is not there, or not whole" });
  if (seedDigest(seed) !== digest)
    throw new CalybrisError("CAL_ENGINE_SEED", { directory, problem: "it is not the one that was promised" });
  return seed;
}

export function seedDigest(seed: Uint8Array): string {
  return toHex(nodeSha256(seed));
}

function readSeed(disk: Disk, directory: string): Uint8Array | undefined {
  const file = disk.open(directory, SEED_FILE, false);
  if (file === undefined) return undefined;
  try {
    const seed = new Uint8Array(SEED_BYTES);
    return readWhole(file, seed) === SEED_BYTES ? seed : undefined;
  } finally {
    file.close();
  }
}
