/**
 * The tenants that a canary decides for. A keyed hash gives each tenant a point from 0 to 9,999. The key is the staged
 * policy and the entry that staged it, so that another staging selects other tenants. A larger share keeps every tenant of a
 * smaller one.
 * @module
 */
import { ByteWriter, toUtf8 } from "./bytes.ts";
import { type Sha256, sha256 as portableSha256 } from "./sha256.ts";
import { BPS_MAX } from "./units.ts";

/** The key of the hash that gives tenants their points. */
export interface CanaryKey {
  /** `calypol1` of the staged policy, 32 bytes. */
  readonly policyDigest: Uint8Array;
  /** Sequence of the entry that staged it. */
  readonly stagedAt: number;
}

/**
 * The point of a tenant, from 0 to 9,999 (`calycan1`, docs/formats.md): the first 32 bits of the digest, big-endian, times 10,000,
 * over 2^32, rounded down.
 *
 * @example
 * isInCanary(canaryPoint({ policyDigest, stagedAt: 7 }, "acme"), 500); // true for about 5 % of tenants
 */
export function canaryPoint(
  { policyDigest, stagedAt }: CanaryKey,
  tenant: string,
  sha256: Sha256 = portableSha256,
): number {
  const name = toUtf8(tenant);
  const bytes = new ByteWriter(TAG_BYTES + DIGEST_BYTES + U64_BYTES + name.byteLength)
    .tag("calycan1")
    .raw(policyDigest)
    .u64(BigInt(stagedAt))
    .raw(name)
    .finish();
  const digest = sha256(bytes);
  const word = new DataView(digest.buffer, digest.byteOffset, digest.byteLength).getUint32(0);
  return Math.floor((word * BPS_MAX) / 2 ** 32);
}

/** Whether the canary decides for a tenant with that point. `shareBps` is the share of the tenants, 0 to 10,000. */
export function isInCanary(point: number, shareBps: number): boolean {
  return point < shareBps;
}

const TAG_BYTES = 9;
const DIGEST_BYTES = 32;
const U64_BYTES = 8;
