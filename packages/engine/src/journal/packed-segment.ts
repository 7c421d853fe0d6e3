/**
 * Packed archives of segments: Zstandard in frames of one MiB, followed by a seek table in a skippable frame (the seekable
 * format of the Zstandard project, `contrib/seekable_format`). `zstdcat` and DuckDB read the file like any other; a reader at
 * a position decompresses one frame.
 *
 *     frame, frame, …, magic 0x184D2A5E, length, (packed length, unpacked length)*, frame count, flags, magic 0x8F92EAB1
 *
 * Numbers are 32 bits, little-endian. A frame carries its own checksum, so damage is detected when it is read.
 * @module
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { CalybrisError } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";

/** Suffix of a packed segment's name. */
export const PACKED_ENDING = ".zst";

const FRAME_BYTES = 1024 * 1024;
const FRAME_MAGIC = 0xfd2f_b528;
const TABLE_MAGIC = 0x184d_2a5e;
const FOOTER_MAGIC = 0x8f92_eab1;
const HEADER_BYTES = 8;
const ROW_BYTES = 8;
const FOOTER_BYTES = 9;
/** Number of decompressed frames cached. */
const KEPT_FRAMES = 2;
/** A file from another program may lack a table; it is decompressed as a whole, up to this size. */
const WHOLE_BYTES_MAX = 512 * 1024 * 1024;

const PACKING = {
  params: { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_compressionLevel]: 9 },
};

/** Reads at a position into a buffer; returns the count, 0 at the end. */
type Read = (bytes: Uint8Array, position: number) => number;

/** Packs the chunks of a plain file, in constant memory. */
export function* packed(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  const rows: (readonly [packedBytes: number, bytes: number])[] = [];
  let held = Buffer.alloc(0);
  const frameOf = (bytes: Uint8Array): Uint8Array => {
    const frame = zstdCompressSync(bytes, PACKING);
    rows.push([frame.byteLength, bytes.byteLength]);
    return frame;
  };
  for (const piece of pieces) {
    held = Buffer.concat([held, piece]);
    for (; held.byteLength >= FRAME_BYTES; held = held.subarray(FRAME_BYTES))
      yield frameOf(held.subarray(0, FRAME_BYTES));
  }
  if (held.byteLength > 0 || rows.length === 0) yield frameOf(held);
  yield tableOf(rows);
}

/** Whether a file starts like a packed one. */
export function isPacked(read: Read): boolean {
  const bytes = Buffer.alloc(4);
  return read(bytes, 0) === 4 && bytes.readUInt32LE() === FRAME_MAGIC;
}

/** A packed file, read by positions in its unpacked content. */
export class PackedSegment {
  readonly #read: Read;
  readonly #name: string;
  /** Packed and unpacked offset of each frame, and of the end. */
  readonly #starts: readonly (readonly [packedAt: number, at: number])[];
  readonly #kept = new Map<number, Uint8Array>();

  /**
   * @param name - for errors.
   * @throws CalybrisError `CAL_JOURNAL_UNREADABLE` for an incomplete file.
   */
  constructor(name: string, size: number, read: Read) {
    this.#read = read;
    this.#name = name;
    this.#starts = this.#table(size) ?? this.#whole(size);
  }

  /** Unpacked size in bytes. */
  get size(): number {
    return this.#starts.at(-1)?.[1] ?? 0;
  }

  /** Reads at a position, at most up to the end of a frame; returns the count, 0 at the end. */
  read(bytes: Uint8Array, position: number): number {
    const index = this.#frameAt(position);
    if (index === undefined) return 0;
    const from = position - (this.#starts[index]?.[1] ?? 0);
    const part = this.#frame(index).subarray(from, from + bytes.byteLength);
    bytes.set(part);
    return part.byteLength;
  }

  #frameAt(position: number): number | undefined {
    if (position >= this.size) return undefined;
    let [low, high] = [0, this.#starts.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle]?.[1] ?? 0) <= position) low = middle;
      else high = middle;
    }
    return low;
  }

  #frame(index: number): Uint8Array {
    const known = this.#kept.get(index);
    if (known !== undefined) return known;
    const [from, at] = this.#starts[index] ?? [0, 0];
    const [to, next] = this.#starts[index + 1] ?? [from, at];
    const frame = this.#unpacked(this.#bytes(from, to - from), next - at);
    for (const oldest of [...this.#kept.keys()].slice(0, Math.max(0, this.#kept.size - KEPT_FRAMES + 1)))
      this.#kept.delete(oldest);
    this.#kept.set(index, frame);
    return frame;
  }

  #unpacked(bytes: Uint8Array, length: number): Uint8Array {
    try {
      const frame = zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) });
      if (frame.byteLength === length) return frame;
    } catch {
      // The bytes are not the ones written.
    }
    throw this.#refused("a frame of it is damaged");
  }

  /** The seek table; `undefined` for a file without one. */
  #table(size: number): (readonly [number, number])[] | undefined {
    if (size < HEADER_BYTES + FOOTER_BYTES) return undefined;
    const footer = this.#bytes(size - FOOTER_BYTES, FOOTER_BYTES);
    if (footer.readUInt32LE(5) !== FOOTER_MAGIC || footer.readUInt8(4) !== 0) return undefined;
    const count = footer.readUInt32LE();
    const tableAt = size - FOOTER_BYTES - count * ROW_BYTES - HEADER_BYTES;
    if (tableAt < 0) throw this.#refused("its seek table is damaged");
    const table = this.#bytes(tableAt, HEADER_BYTES + count * ROW_BYTES);
    if (table.readUInt32LE() !== TABLE_MAGIC || table.readUInt32LE(4) !== count * ROW_BYTES + FOOTER_BYTES)
      throw this.#refused("its seek table is damaged");
    const starts: (readonly [number, number])[] = [[0, 0]];
    for (let row = HEADER_BYTES; row < table.byteLength; row += ROW_BYTES) {
      const [packedAt, at] = starts.at(-1) ?? [0, 0];
      starts.push([packedAt + table.readUInt32LE(row), at + table.readUInt32LE(row + 4)]);
    }
    if (starts.at(-1)?.[0] !== tableAt) throw this.#refused("its seek table does not fit its frames");
    return starts;
  }

  #whole(size: number): (readonly [number, number])[] {
    let bytes: Uint8Array;
    try {
      bytes = zstdDecompressSync(this.#bytes(0, size), { maxOutputLength: WHOLE_BYTES_MAX });
    } catch {
      throw this.#refused(`it is damaged, or holds more than ${WHOLE_BYTES_MAX} bytes without a seek table`);
    }
    this.#kept.set(0, bytes);
    return [
      [0, 0],
      [size, bytes.byteLength],
    ];
  }

  #bytes(from: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let held = 0; held < length; ) {
      const count = this.#read(bytes.subarray(held), from + held);
      if (count === 0) throw this.#refused("it ends too early");
      held += count;
    }
    return bytes;
  }

  #refused(problem: string): CalybrisError {
    return new EngineError("CAL_JOURNAL_UNREADABLE", { path: this.#name, problem });
  }
}

/** A file for reading, packed or not, by positions in its unpacked content. */
export interface ReadFile {
  readonly size: number;
  readonly read: Read;
  readonly close: () => void;
}

/** Opens a file for reading; a packed one is decompressed as it is read. Throws the system's errors. */
export function openForReading(file: string): ReadFile {
  const descriptor = openSync(file, "r");
  try {
    const read: Read = (bytes, position) => readSync(descriptor, bytes, 0, bytes.byteLength, position);
    const close = (): void => closeSync(descriptor);
    const { size } = fstatSync(descriptor);
    if (!isPacked(read)) return { size, read, close };
    const segment = new PackedSegment(file, size, read);
    return { size: segment.size, read: (bytes, position) => segment.read(bytes, position), close };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function tableOf(rows: readonly (readonly [packedBytes: number, bytes: number])[]): Uint8Array {
  const table = Buffer.alloc(HEADER_BYTES + rows.length * ROW_BYTES + FOOTER_BYTES);
  table.writeUInt32LE(TABLE_MAGIC);
  table.writeUInt32LE(table.byteLength - HEADER_BYTES, 4);
  for (const [index, [packedBytes, bytes]] of rows.entries()) {
    table.writeUInt32LE(packedBytes, HEADER_BYTES + index * ROW_BYTES);
    table.writeUInt32LE(bytes, HEADER_BYTES + index * ROW_BYTES + 4);
  }
  const footerAt = table.byteLength - FOOTER_BYTES;
  table.writeUInt32LE(rows.length, footerAt);
  table.writeUInt32LE(FOOTER_MAGIC, footerAt + 5);
  return table;
}
