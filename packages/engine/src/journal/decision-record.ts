/**
 * A decision as one flat record: written once by the ordering thread, and the source of its digests, its line in the journal
 * and its answer. Fields have fixed offsets and their own width, little-endian; request and decision are the kernel's own
 * records. Parts of variable length follow: the features, then the head, which is the entry's text before its request.
 *
 * A record has memory of its own (`record-shelf.ts`). The writer gets a copy through the ring; the proof that it adds is
 * returned with the entry's hash.
 * @module
 */
import { ACTION_CODES, REASON_CODES } from "@calybris/kernel";

/**
 * The offset of each field, in bytes; a multiple of its width, with records at multiples of 8. Literals, because every
 * access to a computed table is a lookup.
 */
export const AT = {
  /** Length of the whole record; a multiple of 8. */
  bytes: 0,
  /** Bits of {@link HAS}. */
  has: 4,
  /** Time of the entry, microseconds; known when it is ordered. */
  time: 8,
  /** The kernel's request record (80 bytes) and decision record (48). */
  request: 16,
  decision: 96,
  policyEpoch: 144,
  catalogEpoch: 152,
  policyDigest: 160,
  /** The journal's answer: sequence and hash of the entry, and the three digests of the decision, 32 bytes each. */
  sequence: 192,
  entryHash: 200,
  requestDigest: 232,
  decisionDigest: 264,
  identity: 296,
  policyId: 328,
  baseId: 332,
  /** The bounds at which budget and providers are omitted from the entry. */
  boundBudget: 336,
  boundProviders: 344,
  headroomMicrocents: 352,
  askedBudget: 360,
  textScore: 368,
  score: 376,
  belief: 384,
  propensity: 392,
  floorBps: 400,
  draw: 404,
  regime: 408,
  /** Signed; −1 for none. */
  tier: 409,
  /** Position among `FLOOR_SOURCES`. */
  source: 410,
  /** Bits by position among `DEFAULTED`. */
  defaulted: 411,
  armCount: 412,
  /** Length of `expected`; 0 unless the policy learns by offsets. Next to `armCount`: both are cleared as one word. */
  expectedCount: 413,
  featureCount: 414,
  /** Offsets and lengths of the head and of three of its texts, as written in JSON; relative to the record. */
  headAt: 416,
  headBytes: 420,
  requestIdAt: 424,
  requestIdBytes: 428,
  useCaseAt: 432,
  useCaseBytes: 436,
  tenantAt: 440,
  tenantBytes: 444,
  /** For each tier that could be drawn: propensity, candidate, tier; 16 bytes. */
  arms: 448,
  /** For each tier of the policy, the expected success in bps; i32. */
  expected: 576,
  /** The staged policy's decision: the selected candidate, 0 for none, and the code of the action. */
  shadowId: 608,
  shadowAction: 612,
  features: 616,
} as const;
export const ARM_BYTES = 16;
export const DIGEST_BYTES = 32;

/** Size of the proof: entry hash to identity, as the writer returns it. */
export const PROOF_BYTES: number = 4 * DIGEST_BYTES;

export const HAS = {
  requestId: 1,
  tenant: 2,
  headroom: 4,
  learning: 8,
  textScore: 16,
  anomalous: 32,
  holdout: 64,
  explored: 128,
  boundary: 256,
  shadow: 512,
} as const;

/** Views of one memory by element width. */
export interface Pages {
  readonly buffer: Buffer;
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly u64: BigUint64Array;
  readonly i64: BigInt64Array;
}

export function pagesOf(memory: ArrayBufferLike, from = 0, bytes: number = memory.byteLength - from): Pages {
  return {
    buffer: Buffer.from(memory, from, bytes),
    u8: new Uint8Array(memory, from, bytes),
    i8: new Int8Array(memory, from, bytes),
    u16: new Uint16Array(memory, from, bytes >>> 1),
    u32: new Uint32Array(memory, from, bytes >>> 2),
    i32: new Int32Array(memory, from, bytes >>> 2),
    f64: new Float64Array(memory, from, bytes >>> 3),
    u64: new BigUint64Array(memory, from, bytes >>> 3),
    i64: new BigInt64Array(memory, from, bytes >>> 3),
  };
}

/** A written record. */
export interface DecisionRecord {
  readonly pages: Pages;
  readonly at: number;
}

export function recordBytes({ pages, at }: DecisionRecord): number {
  return pages.u32[at >>> 2] as number;
}

/** Names by their code in a record. */
export const ACTIONS: readonly (keyof typeof ACTION_CODES)[] = byCode(ACTION_CODES);
export const REASONS: readonly (keyof typeof REASON_CODES)[] = byCode(REASON_CODES);

function byCode<Name extends string>(codes: Readonly<Record<Name, number>>): readonly Name[] {
  const names: Name[] = [];
  for (const [name, code] of Object.entries(codes)) names[code as number] = name as Name;
  return names;
}
