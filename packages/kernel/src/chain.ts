/**
 * The hash chain of the journal: each entry's hash covers the hash before it and the exact bytes of its data.
 *
 *     entry_hash = hex(SHA-256(previous_hash as text ‖ data bytes))      or HMAC-SHA-256 under a secret key
 *
 * The first entry's previous hash is the word `genesis`. Format: docs/formats.md section 2.
 * @module
 */
import { toHex, toUtf8 } from "./bytes.ts";
import { hmacSha256, type Sha256, sha256 } from "./sha256.ts";

/** The previous hash of the first entry. */
export const GENESIS_HASH = "genesis";

/** Computes the hash of an entry, in lower-case hexadecimal, from the previous hash and its data. */
export type ChainHash = (previousHash: string, data: Uint8Array) => string;

/**
 * The unkeyed chain: anyone can verify it, and anyone who can write the files can rewrite it.
 *
 * @example
 * ```ts
 * import { GENESIS_HASH, plainChain } from "@calybris/kernel";
 * const data = new TextEncoder().encode('{"k":1,"v":"alpha"}');
 * plainChain()(GENESIS_HASH, data).slice(0, 16); // "a7acef39aa56cd6e"
 * ```
 */
export function plainChain(hash: Sha256 = sha256): ChainHash {
  return (previousHash, data) => toHex(hash(join(previousHash, data)));
}

/** The keyed chain: only holders of the key can extend or verify it. */
export function keyedChain(key: Uint8Array, hash: Sha256 = sha256): ChainHash {
  return (previousHash, data) => toHex(hmacSha256(key, join(previousHash, data), hash));
}

function join(previousHash: string, data: Uint8Array): Uint8Array {
  const previous = toUtf8(previousHash);
  const joined = new Uint8Array(previous.byteLength + data.byteLength);
  joined.set(previous);
  joined.set(data, previous.byteLength);
  return joined;
}
