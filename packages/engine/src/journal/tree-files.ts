/**
 * The hashes of the Merkle tree beside a journal, in the layout of its tiles (C2SP tlog-tiles): `tree-<L>.hashes` holds, 32
 * bytes each and one after another, the roots of the perfect subtrees of 256^L entries. Tile N of level L is the 8,192 bytes
 * from 8,192 · N on, and a partial tile is a prefix of that, so each level is one append-only file.
 *
 *     entries durable ─▶ flush ─▶ … ─▶ sync before a segment ends, and with it before a snapshot of that place has its name
 *
 * The files are never ahead of the entries, contain nothing that the entries do not imply, and are rewritten by a recovery.
 * A proof from them is verified before it is returned.
 * @module
 */
import { HASH_BYTES, TILE_WIDTH } from "@calybris/kernel";
import { type Disk, type DiskFile, writeWhole } from "./disk.ts";

/** 256^6 entries exceed the range of a sequence, so the level above is empty. */
const LEVELS = 7;
const TILE_HEIGHT = 8;
/** During a recovery, hashes are written when this many are pending. */
const PENDING_MAX = 8_192;

/** Receives the hashes of perfect subtrees as they are completed. */
export interface TreeSink {
  /** Takes hashes of one level, one after another from `index` on; the caller may overwrite them afterwards. */
  readonly add: (level: number, index: number, hashes: Uint8Array) => void;
  /** Writes the added hashes. */
  flush(): void;
}

interface Row {
  file: DiskFile | undefined;
  /** Index of the first pending hash. */
  from: number;
  readonly pending: Uint8Array[];
  pendingBytes: number;
}

export class TreeFiles implements TreeSink {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #rows: readonly Row[] = Array.from({ length: LEVELS }, () => ({
    file: undefined,
    from: 0,
    pending: [],
    pendingBytes: 0,
  }));

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  readonly add = (level: number, index: number, hashes: Uint8Array): void => {
    if (level % TILE_HEIGHT !== 0) return;
    const row = this.#rows[level / TILE_HEIGHT] as Row;
    if (row.pending.length === 0) row.from = index;
    row.pending.push(hashes.slice());
    row.pendingBytes += hashes.byteLength;
  };

  /** Writes if many hashes are pending. */
  flushIfLong(): void {
    if ((this.#rows[0] as Row).pendingBytes >= PENDING_MAX * HASH_BYTES) this.flush();
  }

  flush(): void {
    for (const [level, row] of this.#rows.entries()) {
      if (row.pending.length === 0) return;
      const [only] = row.pending;
      const bytes = row.pending.length === 1 && only !== undefined ? only : Buffer.concat(row.pending);
      writeWhole(this.#open(level, row), bytes, row.from * HASH_BYTES);
      row.pending.length = 0;
      row.pendingBytes = 0;
    }
  }

  /** Makes the written hashes durable. */
  sync(): void {
    for (const { file } of this.#rows) file?.syncData();
  }

  /** Truncates the files to a tree: the rest belongs to entries that were cut. */
  cut(treeSize: number): void {
    for (const [level, row] of this.#rows.entries()) {
      const file = row.file ?? this.#disk.open(this.#directory, treeFileName(level), false);
      if (file === undefined) return;
      row.file = file;
      if (file.size() > bytesAt(level, treeSize)) file.truncate(bytesAt(level, treeSize));
    }
  }

  close(): void {
    for (const row of this.#rows) {
      row.file?.close();
      row.file = undefined;
    }
  }

  #open(level: number, row: Row): DiskFile {
    row.file ??= this.#disk.open(this.#directory, treeFileName(level), true);
    if (row.file === undefined) throw new Error(`${treeFileName(level)} cannot be created`);
    return row.file;
  }
}

export function treeFileName(level: number): string {
  return `tree-${level}.hashes`;
}

function bytesAt(level: number, treeSize: number): number {
  return Math.floor(treeSize / TILE_WIDTH ** level) * HASH_BYTES;
}

/** Whether the files have every hash of a tree, judged by their lengths. */
export function hasTreeFiles(disk: Disk, directory: string, treeSize: number): boolean {
  for (let level = 0; bytesAt(level, treeSize) > 0; level++) {
    const file = disk.open(directory, treeFileName(level), false);
    const size = file?.size() ?? 0;
    file?.close();
    if (size < bytesAt(level, treeSize)) return false;
  }
  return true;
}

/** `count` hashes of a level from one on; `undefined` if any is missing. */
export function readTreeFile(
  disk: Disk,
  directory: string,
  { level, from, count }: { readonly level: number; readonly from: number; readonly count: number },
): Uint8Array | undefined {
  const file = level < LEVELS ? disk.open(directory, treeFileName(level), false) : undefined;
  if (file === undefined) return undefined;
  try {
    const end = (from + count) * HASH_BYTES;
    if (file.size() < end) return undefined;
    const bytes = new Uint8Array(count * HASH_BYTES);
    let held = 0;
    while (held < bytes.byteLength) {
      const read = file.read(bytes.subarray(held), from * HASH_BYTES + held);
      if (read === 0) return undefined;
      held += read;
    }
    return bytes;
  } finally {
    file.close();
  }
}
