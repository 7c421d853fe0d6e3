/**
 * HMAC-SHA-256 (RFC 2104) of parts. Node's `createHmac` takes longer to begin than a short body takes to scan. Parts that fit
 * a buffer are therefore hashed by two calls of the one-shot SHA-256; longer ones stream through `createHmac`.
 * @module
 */
import { createHmac, hash, type Hmac, type KeyObject } from "node:crypto";
import { invariant } from "@calybris/kernel";

/** At most 64 secret bytes, or the same as a key object. */
export type DigestKey = Uint8Array | KeyObject;

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const SHORT_BYTES_MAX = 64 * 1024;
const [INNER, OUTER] = [0x36, 0x5c];

interface Pads {
  readonly inner: Uint8Array;
  readonly outer: Uint8Array;
}

/** One entry per key: a process has one. */
const PADS = new WeakMap<DigestKey, Pads>();
/** The inner pad, then the parts. */
const scratch = Buffer.allocUnsafeSlow(BLOCK_BYTES + SHORT_BYTES_MAX);
/** The outer pad, then the inner digest. */
const outside = Buffer.allocUnsafeSlow(BLOCK_BYTES + DIGEST_BYTES);
let isBusy = false;

/**
 * @param feed - calls its argument with each part, in order.
 * @returns 43 characters of base64url.
 *
 * @example
 * ```ts
 * const digest = keyedDigest(new Uint8Array(32), (add) => add(Buffer.from("a")));
 * digest.length; // 43
 * ```
 */
export function keyedDigest(key: DigestKey, feed: (add: (part: Uint8Array) => void) => void): string {
  invariant(!isBusy, "digests are computed one after another");
  const { inner, outer } = PADS.get(key) ?? padsOf(key);
  let end = BLOCK_BYTES;
  let long: Hmac | undefined;
  isBusy = true;
  try {
    feed((part) => {
      if (long !== undefined) long.update(part);
      else if (end + part.byteLength <= scratch.byteLength) {
        scratch.set(part, end);
        end += part.byteLength;
      } else long = createHmac("sha256", key).update(scratch.subarray(BLOCK_BYTES, end)).update(part);
    });
  } finally {
    isBusy = false;
  }
  if (long !== undefined) return (long as Hmac).digest("base64url");
  scratch.set(inner, 0);
  outside.set(outer, 0);
  outside.write(hash("sha256", scratch.subarray(0, end), "binary"), BLOCK_BYTES, "latin1");
  return hash("sha256", outside, "base64url");
}

function padsOf(key: DigestKey): Pads {
  const bytes = key instanceof Uint8Array ? key : key.export();
  invariant(bytes.byteLength <= BLOCK_BYTES, "a digest key has at most 64 bytes");
  const pad = (mask: number): Uint8Array =>
    Uint8Array.from({ length: BLOCK_BYTES }, (_none, at) => (bytes[at] ?? 0) ^ mask);
  const pads = { inner: pad(INNER), outer: pad(OUTER) };
  PADS.set(key, pads);
  return pads;
}
