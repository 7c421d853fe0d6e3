/**
 * Repairs the files of a journal before it is served: bytes that are not entries are kept aside and cut, entries that may
 * exist only in the page cache are written again, and the head is made durable.
 * @module
 */
import type { ChainHash } from "@calybris/kernel";
import { type Disk, type DiskFile, writeWhole } from "./disk.ts";
import { HEAD_BYTES, HEAD_FILE, type Head, writeHead } from "./head.ts";
import { HEAD_MAC_FILE, headMac } from "./head-mac.ts";
import type { Break } from "./losses.ts";
import { blank, listSegments, segmentName } from "./segment.ts";

/** Bytes that were not entries and were never acknowledged, moved to a file of their own. */
export interface SetAside {
  readonly file: string;
  readonly bytes: number;
  readonly fromSequence: number;
}

/** Makes the head durable before anything is served: from then on, a journal without a head was tampered with. */
export function keepHead(disk: Disk, directory: string, head: Head, chain: ChainHash): void {
  const file = disk.open(directory, HEAD_FILE, true);
  if (file === undefined) throw new Error(`${HEAD_FILE} cannot be created`);
  writeHead(file, head);
  if (file.size() > HEAD_BYTES) file.truncate(HEAD_BYTES);
  file.sync();
  file.close();
  disk.syncDirectory(directory);
  if (head.keyed) disk.replace(directory, HEAD_MAC_FILE, headMac(head, chain));
}

/** Copies everything from the break on into a file of its own, durably, before any of it is cut. */
export function keepAside(disk: Disk, directory: string, broken: Break, fromSequence: number): SetAside {
  const name = asideName(disk, directory, fromSequence);
  const aside = disk.open(directory, name, true);
  if (aside === undefined) throw new Error(`${name} cannot be created`);
  let bytes = 0;
  for (const segment of listSegments(disk, directory).filter((number) => number >= broken.segment)) {
    const file = disk.open(directory, segmentName(segment), false);
    if (file === undefined) continue;
    const from = segment === broken.segment ? broken.offset : 0;
    bytes = copyRange(file, from, contentEnd(file, from), aside, bytes);
    file.close();
  }
  aside.sync();
  aside.close();
  disk.syncDirectory(directory);
  return { file: name, bytes, fromSequence };
}

/** An unused name: a file that an earlier recovery set aside stays, even if that recovery was interrupted while it cut. */
function asideName(disk: Disk, directory: string, fromSequence: number): string {
  const taken = disk.list(directory);
  const name = `set-aside-${String(fromSequence).padStart(12, "0")}`;
  let free = `${name}.bin`;
  for (let next = 2; taken.includes(free); next++) free = `${name}-${next}.bin`;
  return free;
}

const COPY_BYTES = 1 << 20;

function copyRange(source: DiskFile, from: number, to: number, target: DiskFile, at: number): number {
  const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, Math.max(to - from, 0)));
  let written = at;
  for (let position = from; position < to; ) {
    const count = source.read(buffer.subarray(0, Math.min(buffer.byteLength, to - position)), position);
    if (count === 0) break;
    writeWhole(target, buffer.subarray(0, count), written);
    written += count;
    position += count;
  }
  return written;
}

/** The end of the last byte that is not a newline. */
function contentEnd(file: DiskFile, from: number): number {
  const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, Math.max(file.size() - from, 0) + 1));
  let end = from;
  for (let position = from; ; ) {
    const count = file.read(buffer, position);
    if (count === 0) return end;
    for (let index = count - 1; index >= 0; index--) {
      if (buffer[index] === 0x0a) continue;
      end = position + index + 1;
      break;
    }
    position += count;
  }
}

/** Rewrites the entries not proven durable, blanks everything after the last good entry, and syncs both. */
export function rewrite(
  disk: Disk,
  directory: string,
  from: { readonly segment: number; readonly offset: number },
  last: { readonly segment: number; readonly end: number },
): void {
  for (const segment of listSegments(disk, directory).filter((number) => number >= from.segment)) {
    const file = disk.open(directory, segmentName(segment), false);
    if (file === undefined) continue;
    const begin = segment === from.segment ? from.offset : 0;
    const end = segment < last.segment ? file.size() : segment === last.segment ? last.end : 0;
    if (end > begin) copyRange(file, begin, end, file, begin);
    if (segment >= last.segment) blank(file, end, contentEnd(file, end));
    file.sync();
    file.close();
  }
  if (listSegments(disk, directory).length > 0) disk.syncDirectory(directory);
}
