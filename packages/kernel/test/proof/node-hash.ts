/** SHA-256 of the platform, for tests that hash a million times, and trees by the words of RFC 9162. @module */
import { hash } from "node:crypto";

export function platformSha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash("sha256", bytes, "buffer"));
}

/** MTH, recursively as section 2.1.1 has it; quadratic, and nothing of ours. */
export function treeHash(data: readonly Uint8Array[]): Uint8Array {
  if (data.length === 0) return platformSha256(new Uint8Array());
  if (data.length === 1) return platformSha256(Buffer.concat([Buffer.from([0]), data[0] as Uint8Array]));
  const split = splitBelow(data.length);
  return platformSha256(Buffer.concat([Buffer.from([1]), treeHash(data.slice(0, split)), treeHash(data.slice(split))]));
}

/** The largest power of two below `count`. */
export function splitBelow(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** The hash of entry `sequence`: any 32 bytes, different for each. */
export function entryHashOf(sequence: number): Uint8Array {
  return platformSha256(Buffer.from(`entry ${sequence}`));
}
