/**
 * The secret seed of the draws: stored beside the journal, generated when the first policy that learns is activated, and
 * committed to by its SHA-256 in that entry. Without it a journal can be read and verified, but not continued.
 * @module
 */
import { toHex } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { SEED_BYTES } from "../router/draws.ts";
import type { SeedStore, Storage } from "../storage/storage.ts";

/**
 * Generates a seed and stores it durably, before an entry commits to it. An existing seed without a commitment is
 * overwritten: the process that wrote it may have ended before the seed was complete or durable.
 */
export function makeSeed(store: SeedStore, randomBytes: (count: number) => Uint8Array): Uint8Array {
  const seed = randomBytes(SEED_BYTES);
  store.write(seed);
  return seed;
}

/** The seed that the digest commits to. */
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
