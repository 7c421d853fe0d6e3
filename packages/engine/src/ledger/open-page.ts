/**
 * A page of open reservations: columns by the sequence of the decision, and a bit per open row. The columns of a reservation
 * stay after it is closed, so that a page can keep the records that a snapshot holds.
 * @module
 */
import { OPEN_RECORDS, SNAPSHOT_PAGE_RECORDS } from "@calybris/kernel";
import { type SnapshotLine, taken } from "../snapshot/line.ts";
import { pageLine } from "../snapshot/pages.ts";
import type { Account } from "./account.ts";
import { levelsOf, type Part } from "./levels.ts";

/** Small, so that a page kept alive by a few open rows wastes little: 36 KB. */
export const PAGE_ROWS: number = SNAPSHOT_PAGE_RECORDS.open;
/** Bytes of a page's bits. */
export const LIVE_BYTES: number = PAGE_ROWS / 8;

/** Rows whose records a snapshot holds, and the digest of their line. */
interface Kept {
  readonly rows: Uint16Array;
  readonly digest: Uint8Array;
}

export interface OpenPage {
  readonly number: number;
  /** Number of open rows. */
  count: number;
  /** A bit for each open row. */
  readonly live: Uint8Array;
  readonly identities: Uint32Array;
  readonly amounts: BigInt64Array;
  readonly expiresAt: Float64Array;
  readonly tenants: (Account | undefined)[];
  readonly parts: (readonly Part[])[];
  /** `undefined` while the page is young: then a snapshot holds its open rows. */
  kept: Kept | undefined;
}

export function newOpenPage(number: number): OpenPage {
  return {
    number,
    count: 0,
    live: new Uint8Array(LIVE_BYTES),
    identities: new Uint32Array(PAGE_ROWS),
    amounts: new BigInt64Array(PAGE_ROWS),
    expiresAt: new Float64Array(PAGE_ROWS),
    tenants: new Array<Account | undefined>(PAGE_ROWS).fill(undefined),
    parts: new Array<readonly Part[]>(PAGE_ROWS).fill([]),
    kept: undefined,
  };
}

export function isLive(live: Uint8Array, row: number): boolean {
  return ((live[row >> 3] as number) & (1 << (row & 7))) !== 0;
}

/** Opens a closed row, or closes an open one. */
export function toggle({ live }: OpenPage, row: number): void {
  live[row >> 3] = (live[row >> 3] as number) ^ (1 << (row & 7));
}

/** The rows whose bits are set, ascending. */
export function rowsIn(live: Uint8Array): number[] {
  const rows: number[] = [];
  for (let row = 0; row < PAGE_ROWS; row++) if (isLive(live, row)) rows.push(row);
  return rows;
}

/** Fixes the rows whose records snapshots hold from now on. */
export function keepRows(page: OpenPage, rows: ArrayLike<number>): void {
  page.kept = { rows: Uint16Array.from(rows), digest: taken(lineOf(page, rows)).digest };
}

/** The page's line in a snapshot taken now. */
export function openLine(page: OpenPage): SnapshotLine {
  if (page.kept !== undefined) {
    const { rows, digest } = page.kept;
    return { digest, bytes: () => lineOf(page, rows) };
  }
  return taken(lineOf(page, rowsIn(page.live)));
}

/** Reuses one record for all rows. */
function lineOf({ number, tenants, parts, amounts, expiresAt }: OpenPage, rows: ArrayLike<number>): Buffer {
  const view = new DataView(new ArrayBuffer(rows.length * OPEN_RECORDS.byteLength));
  const record = { of: 0, tenant: -1, amountMicrocents: 0n, expiresAt: 0, level1: 0, level2: 0, level3: 0, level4: 0 };
  let levelled: readonly Part[] | undefined;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as number;
    const tenant = tenants[row] as Account;
    const taken = parts[row] as readonly Part[];
    record.of = number * PAGE_ROWS + row;
    record.amountMicrocents = amounts[row] as bigint;
    record.expiresAt = expiresAt[row] as number;
    if (record.tenant !== tenant.index || taken !== levelled) {
      record.tenant = tenant.index;
      Object.assign(record, levelsOf(tenant, taken));
      levelled = taken;
    }
    OPEN_RECORDS.write(view, index * OPEN_RECORDS.byteLength, record);
  }
  return pageLine("open", number, new Uint8Array(view.buffer));
}
