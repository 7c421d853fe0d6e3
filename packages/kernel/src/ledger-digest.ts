/**
 * The canonical digest of a ledger (`calyldg1`, docs/formats.md section 1): every tenant's balances, and the last entry that
 * they include. Byte for byte that of the published Rust core.
 * @module
 */
import { ByteWriter, toUtf8 } from "./bytes.ts";
import { type Sha256, sha256 } from "./sha256.ts";

/** One tenant's balances in microcents; granted = remaining + reserved + settled. */
export interface TenantBalances {
  readonly tenant: string;
  readonly grantedMicrocents: bigint;
  readonly remainingMicrocents: bigint;
  readonly reservedMicrocents: bigint;
  readonly settledMicrocents: bigint;
}

export interface LedgerBalances {
  readonly tenants: readonly TenantBalances[];
  /** Number of open and held reservations. */
  readonly openCount: number;
  /** Sequence of the last entry that is included; absent for a ledger without a log. */
  readonly watermark?: number;
}

const LEDGER_VERSION = 1n;
const WATERMARK = "calybris.ledger.wal-watermark.v1\0";
const TAG_BYTES = 9;
const TENANT_BYTES = 4 + 4 * 8;

/** The bytes that {@link ledgerDigest} hashes: tenants in ascending order of the bytes of their IDs. */
function ledgerBytes(ledger: LedgerBalances): Uint8Array {
  const tenants = ledger.tenants
    .map((balances) => ({ balances, id: toUtf8(balances.tenant) }))
    .sort((a, b) => compareBytes(a.id, b.id));
  const idBytes = tenants.reduce((sum, { id }) => sum + id.byteLength, 0);
  const writer = new ByteWriter(TAG_BYTES + 3 * 8 + tenants.length * TENANT_BYTES + idBytes + WATERMARK.length + 8)
    .tag("calyldg1")
    .u64(LEDGER_VERSION)
    .u64(BigInt(tenants.length))
    .u64(BigInt(ledger.openCount));
  for (const { balances, id } of tenants) {
    const { grantedMicrocents, remainingMicrocents, reservedMicrocents, settledMicrocents } = balances;
    writer
      .u32(id.byteLength)
      .raw(id)
      .i64(grantedMicrocents)
      .i64(remainingMicrocents)
      .i64(reservedMicrocents)
      .i64(settledMicrocents);
  }
  if (ledger.watermark !== undefined) writer.raw(toUtf8(WATERMARK)).u64(BigInt(ledger.watermark));
  return writer.finish();
}

/** The `calyldg1` digest of a ledger: 32 bytes. */
export function ledgerDigest(ledger: LedgerBalances, hash: Sha256 = sha256): Uint8Array {
  return hash(ledgerBytes(ledger));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.byteLength, b.byteLength);
  for (let index = 0; index < length; index++) {
    const difference = (a[index] as number) - (b[index] as number);
    if (difference !== 0) return difference;
  }
  return a.byteLength - b.byteLength;
}
