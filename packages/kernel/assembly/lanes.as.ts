/**
 * SHA-256 (FIPS 180-4) of many short messages of one length, four at a time: each lane of a vector holds the same word of
 * another message. A module of its own, with its own memory. What fills a group of four hashes the last message again.
 */

/** The cube roots of the first 64 primes (4.2.2). */
const ROUND: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
/** The square roots of the first eight primes (5.3.3). */
const INITIAL: StaticArray<u32> = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/** Padded messages of one group. A message is copied by 16 bytes, so a slot is longer than two blocks. */
const SLOT_BYTES: usize = 144;
const SLOTS: usize = memory.data(576, 16);
const SCHEDULE: usize = memory.data(1024, 16);
const STATE: usize = memory.data(128, 16);
const DIGEST_BYTES: usize = 32;

/** Where the host lays messages and finds digests, from here on. */
export function freeAddress(): usize {
  return __heap_base;
}

/**
 * Hashes `count` messages of `bytes` bytes each, `stride` apart from `at` on, behind the byte `tag` unless it is negative.
 * With the tag a message has at most 119 bytes; 15 more behind the last one are read. Digests lie one behind the other.
 */
export function digests(at: usize, stride: usize, bytes: usize, tag: i32, count: u32, out: usize): void {
  const begin: usize = tag < 0 ? 0 : 1;
  const end = begin + bytes;
  const blocksBytes: usize = end <= 55 ? 64 : 128;
  memory.fill(SLOTS, 0, 4 * SLOT_BYTES);
  for (let first: u32 = 0; first < count; first += 4) {
    for (let lane: u32 = 0; lane < 4; lane++) {
      const slot = SLOTS + lane * SLOT_BYTES;
      const from = at + min(first + lane, count - 1) * stride;
      if (tag >= 0) store<u8>(slot, tag);
      for (let place: usize = 0; place < bytes; place += 16) v128.store(slot + begin + place, v128.load(from + place));
      v128.store(slot + end, v128.splat<u32>(0));
      store<u8>(slot + end, 0x80);
      store<u32>(slot + blocksBytes - 4, bswap(<u32>end << 3));
    }
    for (let word: usize = 0; word < 8; word++)
      v128.store(STATE + word * 16, v128.splat<u32>(load<u32>(changetype<usize>(INITIAL) + word * 4)));
    for (let block: usize = 0; block < blocksBytes; block += 64) compress(SLOTS + block);
    const valid = min(4, count - first);
    for (let lane: u32 = 0; lane < valid; lane++)
      for (let word: usize = 0; word < 8; word++)
        store<u32>(out + (first + lane) * DIGEST_BYTES + word * 4, bswap(load<u32>(STATE + word * 16 + lane * 4)));
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function rotated(v: v128, bits: i32): v128 {
  return v128.or(v128.shr<u32>(v, bits), v128.shl<u32>(v, 32 - bits));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function sum(a: v128, b: v128): v128 {
  return v128.add<u32>(a, b);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function xor3(a: v128, b: v128, c: v128): v128 {
  return v128.xor(v128.xor(a, b), c);
}

/** Four words of a message, from big-endian. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function words(at: usize): v128 {
  const v = v128.load(at);
  return v128.shuffle<u8>(v, v, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/** The first temporary word of a round (6.2.2, step 3). */
// @ts-ignore: a decorator of AssemblyScript
@inline
function first(e: v128, f: v128, g: v128, h: v128, round: usize): v128 {
  const chosen = v128.xor(g, v128.and(e, v128.xor(f, g)));
  const constant = v128.load_splat<u32>(changetype<usize>(ROUND) + round * 4);
  const scheduled = v128.load(SCHEDULE + round * 16);
  return sum(sum(sum(h, xor3(rotated(e, 6), rotated(e, 11), rotated(e, 25))), chosen), sum(constant, scheduled));
}

/** The second one. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function second(a: v128, b: v128, c: v128): v128 {
  const majority = v128.xor(v128.and(a, v128.xor(b, c)), v128.and(b, c));
  return sum(xor3(rotated(a, 2), rotated(a, 13), rotated(a, 22)), majority);
}

/** One block of each of four messages. */
function compress(at: usize): void {
  for (let quarter: usize = 0; quarter < 4; quarter++) {
    const from = at + quarter * 16;
    const to = SCHEDULE + quarter * 64;
    const a = words(from);
    const b = words(from + SLOT_BYTES);
    const c = words(from + 2 * SLOT_BYTES);
    const d = words(from + 3 * SLOT_BYTES);
    const abLow = v128.shuffle<u32>(a, b, 0, 4, 1, 5);
    const abHigh = v128.shuffle<u32>(a, b, 2, 6, 3, 7);
    const cdLow = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
    const cdHigh = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<u32>(abLow, cdLow, 0, 1, 4, 5));
    v128.store(to, v128.shuffle<u32>(abLow, cdLow, 2, 3, 6, 7), 16);
    v128.store(to, v128.shuffle<u32>(abHigh, cdHigh, 0, 1, 4, 5), 32);
    v128.store(to, v128.shuffle<u32>(abHigh, cdHigh, 2, 3, 6, 7), 48);
  }
  for (let word = SCHEDULE + 256; word < SCHEDULE + 1024; word += 16) {
    const a = v128.load(word - 240);
    const b = v128.load(word - 32);
    const s0 = xor3(rotated(a, 7), rotated(a, 18), v128.shr<u32>(a, 3));
    const s1 = xor3(rotated(b, 17), rotated(b, 19), v128.shr<u32>(b, 10));
    v128.store(word, sum(sum(v128.load(word - 256), s0), sum(v128.load(word - 112), s1)));
  }
  let a = v128.load(STATE);
  let b = v128.load(STATE, 16);
  let c = v128.load(STATE, 32);
  let d = v128.load(STATE, 48);
  let e = v128.load(STATE, 64);
  let f = v128.load(STATE, 80);
  let g = v128.load(STATE, 96);
  let h = v128.load(STATE, 112);
  for (let round: usize = 0; round < 64; round++) {
    const t1 = first(e, f, g, h, round);
    const t2 = second(a, b, c);
    h = g;
    g = f;
    f = e;
    e = sum(d, t1);
    d = c;
    c = b;
    b = a;
    a = sum(t1, t2);
  }
  v128.store(STATE, sum(v128.load(STATE), a));
  v128.store(STATE, sum(v128.load(STATE, 16), b), 16);
  v128.store(STATE, sum(v128.load(STATE, 32), c), 32);
  v128.store(STATE, sum(v128.load(STATE, 48), d), 48);
  v128.store(STATE, sum(v128.load(STATE, 64), e), 64);
  v128.store(STATE, sum(v128.load(STATE, 80), f), 80);
  v128.store(STATE, sum(v128.load(STATE, 96), g), 96);
  v128.store(STATE, sum(v128.load(STATE, 112), h), 112);
}
