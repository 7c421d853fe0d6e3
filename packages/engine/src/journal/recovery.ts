/**
 * Recovery: what happens to a journal's files before it is served again.
 *
 *     scan and verify the chain ─▶ torn tail or corruption? ─▶ set the tail aside ─▶ rewrite the unproven ─▶ serve
 *
 * A broken line is a torn tail only if nothing in it was ever promised (`torn-tail.ts` of the kernel) and the head is not
 * beyond the last good entry; else it is corruption, and the journal is refused, unless an operator accepts the loss. What
 * is cut is kept in a file beside the segments. Bytes that a new process reads may only be in the page cache, so everything after the last entry that is
 * proven durable is written again and synced. Each step may be interrupted and repeated.
 * @module
 */
import {
  CalybrisError,
  type ChainHash,
  contradictionOfTear,
  type EntryHead,
  type EntryLine,
  GENESIS_HASH,
  parseChainedLine,
  parseEntryHead,
} from "@calybris/kernel";
import { type Disk, type DiskFile, withDisk, writeWhole } from "./disk.ts";
import { HEAD_BYTES, HEAD_FILE, type Head, type HeadFile, inspectHead, writeHead } from "./head.ts";
import { HEAD_MAC_FILE, HeadMacSearch, headMac, readHeadMac } from "./head-mac.ts";
import { NextLine } from "./next-line.ts";
import { type ScannedLine, scanJournal } from "./scan.ts";
import { blank, listSegments, segmentName } from "./segment.ts";
import type { WriterStart } from "./writer.ts";

/** When so many entries were read, those that were proven meanwhile are forgotten. */
const UNPROVEN_CHECKED = 16_384;

/** An entry that follows from all before it. */
export interface GoodEntry {
  readonly segment: number;
  readonly offset: number;
  readonly head: EntryHead;
  readonly data: string;
}

/** Bytes that were not entries and were never promised, moved to a file of their own. */
export interface SetAside {
  readonly file: string;
  readonly bytes: number;
  readonly fromSequence: number;
}

export interface Recovered {
  readonly start: WriterStart;
  readonly entries: number;
  readonly setAside?: SetAside;
  /** The loss that was accepted. */
  readonly loss?: string;
}

/** Where a scan begins: behind an entry that is known, and durable. */
export interface RecoveryStart {
  /** The segment that begins with the next entry. */
  readonly segment: number;
  readonly sequence: number;
  readonly hash: string;
}

const FROM_GENESIS: RecoveryStart = Object.freeze({ segment: 1, sequence: 0, hash: GENESIS_HASH });

interface Break {
  readonly segment: number;
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
}

/**
 * Verifies a journal, hands every entry to `onEntry` in order, and leaves the files ready to be appended to.
 *
 * @param acceptLoss - goes on where entries were promised and are gone: with those before them, the rest set aside. Other
 *   damage is refused all the same: another key, another journal's head, a missing segment, nothing good at all.
 * @param from - entries up to this one are neither read nor changed, and their segments need not be there.
 * @throws CalybrisError `CAL_JOURNAL_CORRUPT` naming entry, file and byte offset; `CAL_JOURNAL_UNREADABLE` when the disk
 *   refuses a call.
 */
export function recover(
  disk: Disk,
  directory: string,
  chain: ChainHash,
  keyed: boolean,
  onEntry: (entry: GoodEntry) => void,
  acceptLoss = false,
  from: RecoveryStart = FROM_GENESIS,
): Recovered {
  return withDisk(directory, () => verifyAndRepair(disk, directory, chain, keyed, onEntry, acceptLoss, from));
}

function verifyAndRepair(
  disk: Disk,
  directory: string,
  chain: ChainHash,
  keyed: boolean,
  onEntry: (entry: GoodEntry) => void,
  acceptLoss: boolean,
  begin: RecoveryStart,
): Recovered {
  refuseMissingSegments(disk, directory, begin.segment);
  const headFile = inspectHead(disk, directory);
  const head = headFile.state === "whole" ? headFile.head : undefined;
  const macText = keyed ? readHeadMac(disk, directory) : undefined;
  const mac = macText === undefined ? undefined : new HeadMacSearch(macText, chain, head);
  const losses: CalybrisError[] = [];
  let last = { ...begin, end: 0 };
  let proven = begin.sequence;
  let unproven: { readonly sequence: number; readonly segment: number; readonly offset: number }[] = [];
  let checkedNext = UNPROVEN_CHECKED;
  let broken: Break | undefined;
  const nextLine = new NextLine(keyed ? chain : undefined);

  if (begin.sequence > 0) mac?.note(begin.sequence, begin.hash);
  for (const line of scanJournal(disk, directory, begin.segment)) {
    if (broken !== undefined) {
      losses.push(...lossesAt(line, last, broken, chain));
      continue;
    }
    const expected = line.ended ? nextLine.read(line.bytes, last) : undefined;
    const parsed = expected ?? (line.ended ? entryLineOf(line.bytes) : undefined);
    const dataHead = parsed === undefined ? undefined : parseEntryHead(parsed.data);
    const fault = isNext(expected, dataHead) ? undefined : faultOf(parsed, dataHead, last, chain);
    if (fault !== undefined || parsed === undefined || dataHead === undefined) {
      broken = { segment: line.segment, offset: line.offset, ...(fault ?? { expected: "an entry", found: "none" }) };
      losses.push(...lossesAt(line, last, broken, chain));
      continue;
    }
    last = {
      sequence: parsed.sequence,
      hash: parsed.entryHash,
      segment: line.segment,
      end: line.offset + line.bytes.byteLength + 1,
    };
    refuseOtherHash(head, last, line);
    mac?.note(last.sequence, last.hash);
    proven = Math.max(proven, dataHead.durable);
    unproven.push({ sequence: parsed.sequence, segment: line.segment, offset: line.offset });
    if (unproven.length >= checkedNext) {
      unproven = unproven.filter((entry) => entry.sequence > proven);
      checkedNext = UNPROVEN_CHECKED + 2 * unproven.length;
    }
    onEntry({ segment: line.segment, offset: line.offset, head: dataHead, data: parsed.data });
  }

  losses.push(...lossesByHead(headFile, last, proven, broken));
  if (mac?.isWrong === true && last.sequence > 0) losses.push(wrongMac(last.sequence));
  const [loss] = losses;
  if (loss !== undefined && !(acceptLoss && last.sequence > 0)) throw loss;
  if (head !== undefined && last.sequence > 0 && head.keyed !== keyed) {
    throw new CalybrisError("CAL_JOURNAL_KEY", {
      file: directory,
      problem: head.keyed ? "the journal is keyed and no key was given" : "the journal is not keyed",
    });
  }
  const setAside = broken === undefined ? undefined : keepAside(disk, directory, broken, last.sequence + 1);
  const from = unproven.find((entry) => entry.sequence > Math.max(proven, 0));
  rewrite(disk, directory, from ?? { segment: last.segment, offset: last.end }, last);
  if (last.sequence > 0) keepHead(disk, directory, { sequence: last.sequence, hash: last.hash, keyed }, chain);
  const start = { directory, segment: last.segment, end: last.end, sequence: last.sequence, hash: last.hash };
  return {
    start,
    entries: last.sequence,
    ...(setAside !== undefined && { setAside }),
    ...(loss !== undefined && { loss: loss.message }),
  };
}

function refuseMissingSegments(disk: Disk, directory: string, from: number): void {
  const numbers = listSegments(disk, directory).filter((number) => number >= from);
  for (const [index, number] of numbers.entries()) {
    if (number === from + index) continue;
    const file = segmentName(from + index);
    throw new CalybrisError("CAL_JOURNAL_CORRUPT", {
      file,
      sequence: 0,
      byteOffset: 0,
      expected: `segment ${from + index}`,
      found: "no such file",
    });
  }
}

/** Whether a line that follows from the one before says the same of itself in its data. */
function isNext(line: EntryLine | undefined, head: EntryHead | undefined): boolean {
  return line !== undefined && head?.sequence === line.sequence && head.durable < line.sequence;
}

function faultOf(
  line: EntryLine | undefined,
  head: EntryHead | undefined,
  last: { readonly sequence: number; readonly hash: string },
  chain: ChainHash,
): { expected: string; found: string } | undefined {
  const next = last.sequence + 1;
  if (line === undefined || head === undefined) return { expected: `entry ${next}`, found: "bytes that are no entry" };
  if (line.sequence !== next) return { expected: `sequence ${next}`, found: `${line.sequence}` };
  if (head.sequence !== next) return { expected: `sequence ${next} in the data`, found: `${head.sequence}` };
  if (line.previousHash !== last.hash) return { expected: `previous hash ${last.hash}`, found: line.previousHash };
  if (head.durable > last.sequence) return { expected: `durable at most ${last.sequence}`, found: `${head.durable}` };
  const hash = chain(last.hash, Buffer.from(line.data));
  return hash === line.entryHash ? undefined : { expected: `entry hash ${hash}`, found: line.entryHash };
}

/** What a line from the break on shows to be lost; nothing when it may be part of a torn tail. */
function lossesAt(
  line: ScannedLine,
  last: { readonly sequence: number },
  broken: Break,
  chain: ChainHash,
): readonly CalybrisError[] {
  const found = contradictionOfTear(line.bytes, line.ended, last, chain);
  return found === undefined ? [] : [corrupt(broken, last.sequence + 1)];
}

function refuseOtherHash(
  head: Head | undefined,
  last: { readonly sequence: number; readonly hash: string },
  line: ScannedLine,
): void {
  if (head === undefined || head.sequence !== last.sequence || head.hash === last.hash) return;
  throw corrupt(
    { segment: line.segment, offset: line.offset, expected: `the head's hash ${head.hash}`, found: last.hash },
    last.sequence,
  );
}

/** What the head shows to be lost: entries that it names, or itself. */
function lossesByHead(
  file: HeadFile,
  last: { readonly sequence: number; readonly segment: number; readonly end: number },
  proven: number,
  broken: Break | undefined,
): readonly CalybrisError[] {
  if (file.state === "torn") return [];
  if (file.state === "none") {
    const { found } = file;
    // The head is durable before the second batch is written, and entries of that one say that the first is durable.
    const expected = "a head that names the last entry";
    const details = { file: HEAD_FILE, sequence: last.sequence, byteOffset: 0, expected, found };
    return proven === 0 ? [] : [new CalybrisError("CAL_JOURNAL_CORRUPT", details)];
  }
  const { sequence } = file.head;
  if (sequence <= last.sequence) return [];
  const expected = `entries up to ${sequence}, which the head names`;
  return [
    corrupt(broken ?? { segment: last.segment, offset: last.end, expected, found: "the end" }, last.sequence + 1),
  ];
}

function wrongMac(sequence: number): CalybrisError {
  const expected = "the MAC of the head of an entry of this journal";
  const details = { file: HEAD_MAC_FILE, sequence, byteOffset: 0, expected, found: "another" };
  return new CalybrisError("CAL_JOURNAL_CORRUPT", details);
}

/** Before anything is served the head is durable: from then on a journal without one was tampered with. */
function keepHead(disk: Disk, directory: string, head: Head, chain: ChainHash): void {
  const file = disk.open(directory, HEAD_FILE, true);
  if (file === undefined) throw new Error(`${HEAD_FILE} cannot be created`);
  writeHead(file, head);
  if (file.size() > HEAD_BYTES) file.truncate(HEAD_BYTES);
  file.sync();
  file.close();
  disk.syncDirectory(directory);
  if (head.keyed) disk.replace(directory, HEAD_MAC_FILE, headMac(head, chain));
}

function corrupt(broken: Break, sequence: number): CalybrisError {
  return new CalybrisError("CAL_JOURNAL_CORRUPT", {
    file: segmentName(broken.segment),
    sequence,
    byteOffset: broken.offset,
    expected: broken.expected,
    found: broken.found,
  });
}

/** Copies everything from the break on into a file of its own, durably, before anything of it is cut. */
function keepAside(disk: Disk, directory: string, broken: Break, fromSequence: number): SetAside {
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

/** A name that no file has: what an earlier recovery set aside stays, also when that one was interrupted while it cut. */
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

/** Where the last byte that is no newline ends. */
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

/** Writes again what is not proven durable, blanks what follows the last good entry, and syncs both. */
function rewrite(
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

function entryLineOf(bytes: Uint8Array): EntryLine | undefined {
  const line = parseChainedLine(bytes);
  return line === undefined ? undefined : { ...line, data: line.dataText };
}
