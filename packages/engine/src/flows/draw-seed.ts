/**
 * The secret seed of the draws: kept beside the journal, made when the first policy that learns is activated, and promised by
 * its SHA-256 in that entry. Without it a journal can be read and verified, but not continued.
 * @module
 */
import { toHex } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { SEED_BYTES } from "../router/draws.ts";
import type { SeedStore, Storage } from "../storage/storage.ts";

/**
 * Makes a seed and keeps it, durably, before anything is promised about it. One that is there already and was not promised
 * is written over: its maker may have died before it was durable, or whole.
 */
export function makeSeed(store: SeedStore, randomBytes: (count: number) => Uint8Array): Uint8Array {
  const seed = randomBytes(SEED_BYTES);
  store.write(seed);
  return seed;
}

/** The seed that was promised. */
export function seedOf({ seed: store, name: directory }: Storage, digest: string): Uint8Array {
  const seed = store.read();
  if (seed === undefined)
    throw new EngineError("CAL_ENGINE_SEED", { directory, problem: "it is not there, or not whole" });
  if (seedDigest(seed) !== digest)
    throw new EngineError("CAL_ENGINE_SEED", { directory, problem: "it is not the one that was promised" });
  return seed;
}

export function seedDigest(seed: Uint8Array): string {
  return toHex(nodeSha256(seed));
}
