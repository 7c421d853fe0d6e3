/**
 * SHA-256 (FIPS 180-4) and HMAC (RFC 2104) in portable, synchronous TypeScript, so that a proof can be checked wherever the
 * kernel runs. Every function that hashes takes a {@link Sha256}, so that a faster platform implementation can be passed.
 * @module
 */

/**
 * Hashes bytes to 32 bytes. To avoid an allocation, an implementation may write the digest to `out`, 32 bytes that the
 * caller lends, and return it; it may also ignore `out`. Callers use the returned bytes. `bytes` must not share memory with
 * `out`.
 */
export type Sha256 = (bytes: Uint8Array, out?: Uint8Array) => Uint8Array;

const BLOCK_BYTES = 64;

/** The first 32 bits of the fractional parts of the square roots of the first eight primes (FIPS 180-4, 5.3.3). */
const INITIAL = fractionalParts(8, 2);
/** The same of the cube roots of the first 64 primes (4.2.2). */
const ROUND = fractionalParts(64, 3);

/**
 * @example
 * ```ts
 * import { sha256, toHex } from "@calybris/kernel";
 * toHex(sha256(new TextEncoder().encode("abc"))).slice(0, 16); // "ba7816bf8f01cfea"
 * ```
 */
export function sha256(bytes: Uint8Array, digest: Uint8Array = new Uint8Array(32)): Uint8Array {
  const padded = pad(bytes);
  const state = Int32Array.from(INITIAL);
  const schedule = new Int32Array(64);
  for (let block = 0; block < padded.byteLength; block += BLOCK_BYTES) compress(state, schedule, padded, block);
  const out = new DataView(digest.buffer, digest.byteOffset);
  for (const [index, word] of state.entries()) out.setInt32(index * 4, word);
  return digest;
}

/** HMAC over any {@link Sha256}. */
export function hmacSha256(key: Uint8Array, message: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key.byteLength > BLOCK_BYTES ? hash(key) : key);
  const inner = new Uint8Array(BLOCK_BYTES + message.byteLength);
  inner.set(block.map((byte) => byte ^ 0x36));
  inner.set(message, BLOCK_BYTES);
  const outer = new Uint8Array(BLOCK_BYTES + 32);
  outer.set(block.map((byte) => byte ^ 0x5c));
  outer.set(hash(inner), BLOCK_BYTES);
  return hash(outer);
}

function pad(bytes: Uint8Array): DataView {
  const blocks = Math.ceil((bytes.byteLength + 9) / BLOCK_BYTES);
  const padded = new Uint8Array(blocks * BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.byteLength] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.byteLength - 8, BigInt(bytes.byteLength) * 8n);
  return view;
}

function compress(state: Int32Array, schedule: Int32Array, padded: DataView, block: number): void {
  const word = (index: number): number => schedule[index] as number;
  for (let t = 0; t < 16; t++) schedule[t] = padded.getInt32(block + t * 4);
  for (let t = 16; t < 64; t++) {
    const s0 = rotate(word(t - 15), 7) ^ rotate(word(t - 15), 18) ^ (word(t - 15) >>> 3);
    const s1 = rotate(word(t - 2), 17) ^ rotate(word(t - 2), 19) ^ (word(t - 2) >>> 10);
    schedule[t] = (word(t - 16) + s0 + word(t - 7) + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let t = 0; t < 64; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (ROUND[t] as number) + word(t)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  for (const [index, value] of [a, b, c, d, e, f, g, h].entries())
    state[index] = ((state[index] as number) + value) | 0;
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** floor(frac(prime^(1/root)) · 2^32) for the first primes, in exact integers: floor(root of prime · 2^(32·root)) mod 2^32. */
function fractionalParts(count: number, root: 2 | 3): Int32Array {
  const parts = new Int32Array(count);
  let found = 0;
  for (let n = 2; found < count; n++) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= n; divisor++) prime &&= n % divisor !== 0;
    if (prime) parts[found++] = Number(BigInt.asIntN(32, integerRoot(BigInt(n) << BigInt(32 * root), BigInt(root))));
  }
  return parts;
}

function integerRoot(value: bigint, root: bigint): bigint {
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** root <= value) low = middle;
    else high = middle;
  }
  return low;
}
