/**
 * The hashes of the Merkle tree beside a journal, as its tiles (C2SP tlog-tiles) have them: `tree-<L>.hashes` holds, 32 bytes
 * each and one after another, the roots of the perfect subtrees of 256^L entries. Tile N of level L is the 8,192 bytes from
 * 8,192 · N on, and a partial tile the beginning of that, so each level is one file that only grows.
 *
 *     entries durable ─▶ flush ─▶ … ─▶ sync before a segment ends, and with it before a snapshot of that place has its name
 *
 * They are never ahead of the entries, hold nothing that the entries do not, and are written again by a recovery. A proof from
 * them is verified before it is given away.
 * @module
 */
import { HASH_BYTES, TILE_WIDTH } from "@calybris/kernel";
import { type Disk, type DiskFile, writeWhole } from "./disk.ts";

/** 256^6 entries are more than a sequence can count; the level above has none. */
const LEVELS = 7;
const TILE_HEIGHT = 8;
/** When so many hashes wait, a recovery writes them. */
const PENDING_MAX = 8_192;

/** Takes the hashes of perfect subtrees as they are completed. */
export interface TreeSink {
  /** Takes hashes of one level, one behind the other from `index` on; they may be written over when it returns. */
  readonly add: (level: number, index: number, hashes: Uint8Array) => void;
  /** Writes what was added. */
  flush(): void;
}

interface Row {
  file: DiskFile | undefined;
  /** Number of the first hash that waits. */
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

  /** Writes if much waits. */
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

  /** Makes durable what was written. */
  sync(): void {
    for (const { file } of this.#rows) file?.syncData();
  }

  /** Cuts what is beyond a tree: it belongs to entries that are gone. */
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

/** Whether the files have every hash of a tree, by their lengths. */
export function hasTreeFiles(disk: Disk, directory: string, treeSize: number): boolean {
  for (let level = 0; bytesAt(level, treeSize) > 0; level++) {
    const file = disk.open(directory, treeFileName(level), false);
    const size = file?.size() ?? 0;
    file?.close();
    if (size < bytesAt(level, treeSize)) return false;
  }
  return true;
}

/** So many hashes of a level from one on; `undefined` where not all of them are there. */
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
