/**
 * A disk as a power loss sees it: what every file and the directory hold now, what of it is durable, and every version a
 * sector, a size or a name has had since. Operations change it one by one; {@link images.ts} says which disks may
 * be found after the power is gone.
 *
 * What it takes for granted: after a sync returns, what was synced stays. Before that, each sector of 512 bytes, each size
 * and each name is on its own: it may be as it was, as it is, or as it was at any moment between. A sync that fails leaves
 * its sectors so for good, because the system takes them for clean: only writing them again puts that right.
 * @module
 */

export const SECTOR_BYTES = 512;

/** What a process does to its disk, and (as marks) what it has acknowledged. */
export type Operation =
  | { readonly kind: "create"; readonly name: string }
  | { readonly kind: "write"; readonly inode: number; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly inode: number; readonly length: number }
  | { readonly kind: "syncData" | "sync" | "failedSync"; readonly inode: number }
  | { readonly kind: "syncDirectory" }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "remove"; readonly name: string }
  /** At once and durably: that is the port's promise. */
  | { readonly kind: "replace"; readonly name: string; readonly bytes: Buffer }
  /** Every entry up to the sequence was acknowledged; with a seal, the head must be durable too. */
  | { readonly kind: "acknowledged"; readonly sequence: number; readonly isSealed: boolean };

/** A sector that is not durable as it is now. */
export interface DirtySector {
  /** Its contents since it was last durable, oldest first; without the durable one. */
  readonly versions: Buffer[];
  /** The range of bytes in it that was written. */
  from: number;
  to: number;
  /** A sync failed since it was written: no later sync will write it. */
  isForgotten: boolean;
}

export class FileModel {
  /** What a reader sees; zeros beyond the size. */
  live: Buffer = Buffer.alloc(4_096);
  size = 0;
  durable: Buffer = Buffer.alloc(0);
  /** Sizes since the size was last durable, oldest first; without the durable one. */
  sizes: number[] = [];
  readonly dirty: Map<number, DirtySector> = new Map();

  clone(): FileModel {
    const copy = new FileModel();
    copy.live = Buffer.from(this.live);
    copy.size = this.size;
    copy.durable = this.durable;
    copy.sizes = [...this.sizes];
    for (const [sector, dirty] of this.dirty) copy.dirty.set(sector, { ...dirty, versions: [...dirty.versions] });
    return copy;
  }

  write(position: number, bytes: Uint8Array): void {
    const end = position + bytes.byteLength;
    if (end > this.live.byteLength) {
      const grown = Buffer.alloc(Math.max(end, this.live.byteLength * 2));
      this.live.copy(grown);
      this.live = grown;
    }
    this.live.set(bytes, position);
    if (end > this.size) this.#resize(end);
    this.#touch(position, end);
  }

  truncate(length: number): void {
    const before = this.size;
    if (length === before) return;
    if (length < before) this.live.fill(0, length, before);
    this.#resize(length);
    this.#touch(Math.min(length, before), Math.max(length, before));
  }

  /** Data only: a size that shrank need not be durable, because no data is found by it. */
  syncData(): void {
    const { durable } = this;
    this.sync();
    if (this.size >= durable.byteLength) return;
    this.durable = Buffer.concat([this.durable, durable.subarray(this.size)]);
    this.sizes = [this.size];
  }

  sync(): void {
    const durable = Buffer.from(this.live.subarray(0, this.size));
    for (const [sector, { isForgotten }] of this.dirty) {
      if (isForgotten) sectorOf(this.durable, sector).copy(durable, sector * SECTOR_BYTES);
      else this.dirty.delete(sector);
    }
    this.durable = durable;
    this.sizes = [];
  }

  /** The system could not write, said so, and takes everything for clean. */
  failSync(): void {
    for (const dirty of this.dirty.values()) dirty.isForgotten = true;
  }

  #resize(size: number): void {
    this.size = size;
    this.sizes.push(size);
  }

  /** Notes a new version of each sector that a range touches, where it is one. */
  #touch(from: number, to: number): void {
    for (let sector = Math.floor(from / SECTOR_BYTES); sector * SECTOR_BYTES < to; sector++) {
      const start = sector * SECTOR_BYTES;
      const now = Buffer.alloc(SECTOR_BYTES);
      this.live.copy(now, 0, start, start + SECTOR_BYTES);
      const dirty = this.dirty.get(sector);
      const before = dirty?.versions.at(-1) ?? sectorOf(this.durable, sector);
      const written = { from: Math.max(from - start, 0), to: Math.min(to - start, SECTOR_BYTES) };
      if (dirty !== undefined) {
        dirty.from = Math.min(dirty.from, written.from);
        dirty.to = Math.max(dirty.to, written.to);
        dirty.isForgotten = false;
        if (!before.equals(now)) dirty.versions.push(now);
      } else if (!before.equals(now)) this.dirty.set(sector, { versions: [now], ...written, isForgotten: false });
    }
  }
}

/** A sector's content in a file; zeros beyond its end. */
export function sectorOf(bytes: Buffer, sector: number): Buffer {
  const content = Buffer.alloc(SECTOR_BYTES);
  bytes.copy(content, 0, Math.min(sector * SECTOR_BYTES, bytes.byteLength), (sector + 1) * SECTOR_BYTES);
  return content;
}

/** One directory and its files. */
export class DiskModel {
  readonly files: FileModel[] = [];
  /** Names as a reader sees them, with their files. */
  readonly names: Map<string, number> = new Map();
  /** Names that a power loss may take away. */
  readonly unsyncedNames: Set<string> = new Set();
  /** Names that were removed, or given up for others, and that a power loss may bring back. */
  readonly goneNames: Map<string, number> = new Map();

  /** A disk on which everything is durable. */
  static of(contents: ReadonlyMap<string, Buffer>): DiskModel {
    const model = new DiskModel();
    for (const [name, bytes] of contents) {
      const file = new FileModel();
      file.write(0, bytes);
      file.sync();
      model.names.set(name, model.files.push(file) - 1);
    }
    return model;
  }

  clone(): DiskModel {
    const copy = new DiskModel();
    for (const file of this.files) copy.files.push(file.clone());
    for (const [name, inode] of this.names) copy.names.set(name, inode);
    for (const name of this.unsyncedNames) copy.unsyncedNames.add(name);
    for (const [name, inode] of this.goneNames) copy.goneNames.set(name, inode);
    return copy;
  }

  file(inode: number): FileModel {
    return this.files[inode] as FileModel;
  }

  apply(operation: Operation): void {
    switch (operation.kind) {
      case "create":
        this.names.set(operation.name, this.files.push(new FileModel()) - 1);
        this.unsyncedNames.add(operation.name);
        break;
      case "write":
        this.file(operation.inode).write(operation.position, operation.bytes);
        break;
      case "truncate":
        this.file(operation.inode).truncate(operation.length);
        break;
      case "syncData":
        this.file(operation.inode).syncData();
        break;
      case "sync":
        this.file(operation.inode).sync();
        break;
      case "failedSync":
        this.file(operation.inode).failSync();
        break;
      case "syncDirectory":
        this.unsyncedNames.clear();
        this.goneNames.clear();
        break;
      case "rename": {
        const inode = this.names.get(operation.from) as number;
        this.#give(operation.from);
        this.names.set(operation.to, inode);
        this.unsyncedNames.add(operation.to);
        break;
      }
      case "remove":
        this.#give(operation.name);
        break;
      case "replace": {
        const file = new FileModel();
        file.write(0, operation.bytes);
        file.sync();
        this.names.set(operation.name, this.files.push(file) - 1);
        this.unsyncedNames.delete(operation.name);
        break;
      }
      case "acknowledged":
        break;
    }
  }

  /** The file that a name leads to, or led to. */
  inodeOf(name: string): number {
    return this.names.get(name) ?? (this.goneNames.get(name) as number);
  }

  #give(name: string): void {
    const inode = this.names.get(name);
    if (inode !== undefined) this.goneNames.set(name, inode);
    this.names.delete(name);
    this.unsyncedNames.delete(name);
  }

  /** The files as a reader sees them: what a process that starts now finds. */
  contents(): Map<string, Buffer> {
    const contents = new Map<string, Buffer>();
    for (const [name, inode] of this.names) {
      const file = this.file(inode);
      contents.set(name, Buffer.from(file.live.subarray(0, file.size)));
    }
    return contents;
  }
}
