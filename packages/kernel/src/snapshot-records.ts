/**
 * Fixed-width records of a state snapshot. Each part that can be long is a sequence of records of one table, little-endian
 * and without padding. The tables below define the format; docs/formats.md prints them.
 * @module
 */
import { fromHex, toHex } from "./bytes.ts";
import { invariant } from "./invariant.ts";

/** `u64` is a safe integer, read as a `number`; `i64` is money, read as a `bigint`. */
export type ColumnType = "u8" | "u16" | "u32" | "u64" | "i64" | "sha256";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

type ValueOf<Type extends ColumnType> = Type extends "i64" ? bigint : Type extends "sha256" ? string : number;
type RecordOf<Columns extends readonly Column[]> = {
  readonly [Each in Columns[number] as Each["name"]]: ValueOf<Each["type"]>;
};

const BYTES: Readonly<Record<ColumnType, number>> = Object.freeze({
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  i64: 8,
  sha256: 32,
});
const TWO_32 = 2 ** 32;

/** Reads and writes records of one table. */
export class RecordTable<const Columns extends readonly Column[]> {
  readonly columns: Columns;
  /** Bytes per record. */
  readonly byteLength: number;
  readonly #offsets: readonly number[];

  constructor(columns: Columns) {
    this.columns = columns;
    let end = 0;
    this.#offsets = columns.map(({ type }) => {
      const offset = end;
      end += BYTES[type];
      return offset;
    });
    this.byteLength = end;
  }

  write(view: DataView, at: number, record: RecordOf<Columns>): void {
    for (let index = 0; index < this.columns.length; index++) {
      const { name, type } = this.columns[index] as Column;
      const value = (record as Readonly<Record<string, number | bigint | string>>)[name];
      writeValue(view, at + (this.#offsets[index] as number), type, value as never);
    }
  }

  /** @param at - offset of the record. */
  read(view: DataView, at: number): RecordOf<Columns> {
    const record: Record<string, number | bigint | string> = {};
    for (let index = 0; index < this.columns.length; index++) {
      const { name, type } = this.columns[index] as Column;
      record[name] = readValue(view, at + (this.#offsets[index] as number), type);
    }
    return record as RecordOf<Columns>;
  }
}

function writeValue(view: DataView, at: number, type: ColumnType, value: number & bigint & string): void {
  switch (type) {
    case "u8":
      view.setUint8(at, value);
      break;
    case "u16":
      view.setUint16(at, value, true);
      break;
    case "u32":
      view.setUint32(at, value, true);
      break;
    case "u64":
      view.setUint32(at, value % TWO_32, true);
      view.setUint32(at + 4, Math.floor(value / TWO_32), true);
      break;
    case "i64":
      view.setBigInt64(at, value, true);
      break;
    case "sha256": {
      const bytes = fromHex(value);
      invariant(bytes?.byteLength === BYTES.sha256, "a digest has 64 hexadecimal digits");
      new Uint8Array(view.buffer, view.byteOffset + at, bytes.byteLength).set(bytes);
    }
  }
}

function readValue(view: DataView, at: number, type: ColumnType): number | bigint | string {
  switch (type) {
    case "u8":
      return view.getUint8(at);
    case "u16":
      return view.getUint16(at, true);
    case "u32":
      return view.getUint32(at, true);
    case "u64":
      return view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_32;
    case "i64":
      return view.getBigInt64(at, true);
    case "sha256":
      return toHex(new Uint8Array(view.buffer, view.byteOffset + at, BYTES.sha256));
  }
}

// `levelN` is for level N of a tenant's path, from the top: the number of ended periods plus 1; 0 if nothing was reserved.

const OPEN_COLUMNS = [
  { name: "of", type: "u64" },
  { name: "tenant", type: "u32" },
  { name: "amountMicrocents", type: "i64" },
  { name: "expiresAt", type: "u64" },
  { name: "level1", type: "u32" },
  { name: "level2", type: "u32" },
  { name: "level3", type: "u32" },
  { name: "level4", type: "u32" },
] as const;

/** Reservations as they were made, in the order of their decisions; some may be closed by now. */
export const OPEN_RECORDS: RecordTable<typeof OPEN_COLUMNS> = new RecordTable(OPEN_COLUMNS);

const HELD_COLUMNS = [
  { name: "of", type: "u64" },
  { name: "sequence", type: "u64" },
  { name: "cause", type: "u8" },
  { name: "knownMicrocents", type: "i64" },
  { name: "claimedMicrocents", type: "i64" },
  { name: "expiresAt", type: "u64" },
] as const;

/** Holds of reservations, in journal order; some of the reservations may be closed by now. */
export const HELD_RECORDS: RecordTable<typeof HELD_COLUMNS> = new RecordTable(HELD_COLUMNS);

const CLOSED_COLUMNS = [
  { name: "of", type: "u64" },
  { name: "tenant", type: "u32" },
  { name: "state", type: "u8" },
  { name: "sequence", type: "u64" },
  { name: "actualMicrocents", type: "i64" },
  { name: "level1", type: "u32" },
  { name: "level2", type: "u32" },
  { name: "level3", type: "u32" },
  { name: "level4", type: "u32" },
] as const;

/** Closed reservations, in the order of their last closing or correction. A record superseded by a correction is zeroed. */
export const CLOSED_RECORDS: RecordTable<typeof CLOSED_COLUMNS> = new RecordTable(CLOSED_COLUMNS);

const OUTCOME_COLUMNS = [
  { name: "of", type: "u64" },
  { name: "sequence", type: "u64" },
  { name: "disposition", type: "u8" },
  { name: "succeeded", type: "u8" },
  { name: "signals", type: "u8" },
  { name: "hasLatency", type: "u8" },
  { name: "latencyMs", type: "u32" },
  { name: "cost", type: "u8" },
  { name: "costMicrocents", type: "i64" },
  { name: "successBps", type: "u16" },
  { name: "rewardBps", type: "u16" },
  { name: "learned", type: "u8" },
  { name: "digest", type: "sha256" },
] as const;

/** The latest outcomes, in journal order. */
export const OUTCOME_RECORDS: RecordTable<typeof OUTCOME_COLUMNS> = new RecordTable(OUTCOME_COLUMNS);

const REQUEST_COLUMNS = [
  { name: "sequence", type: "u64" },
  { name: "high", type: "u32" },
  { name: "low", type: "u32" },
] as const;

/** Fingerprints of request IDs with their decisions, in the order of the decisions. */
export const REQUEST_RECORDS: RecordTable<typeof REQUEST_COLUMNS> = new RecordTable(REQUEST_COLUMNS);
