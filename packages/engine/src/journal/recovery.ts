/**
 * Recovery: prepares a journal's files before it is served again.
 *
 *     scan and verify the chain ─▶ torn tail or corruption? ─▶ set the tail aside ─▶ rewrite the unproven ─▶ serve
 *
 * A broken line is a torn tail only if no entry in it was acknowledged (`torn-tail.ts` of the kernel) and the head is not
 * ahead of the last good entry; otherwise it is corruption, and the journal is refused, unless an operator accepts the loss.
 * The cut bytes are kept in a file beside the segments. Bytes that a new process reads may exist only in the page cache, so
 * everything after the last entry that is proven durable is written again and synced. Every step may be interrupted and
 * repeated.
 * @module
 */
import { type CalybrisError, type ChainHash, type EntryHead, GENESIS_HASH } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { ChainCheck } from "./chain-check.ts";
import type { ChainFold } from "./chain-fold.ts";
import { type ChainStart, EMPTY_TREE } from "./chain-start.ts";
import { type Disk, withDisk } from "./disk.ts";
import { inspectHead } from "./head.ts";
import { HeadMacSearch, readHeadMac } from "./head-mac.ts";
import { JournalTree } from "./journal-tree.ts";
import { type Break, lossesAt, lossesByHead, refuseOtherHash, wrongMac } from "./losses.ts";
import { keepAside, keepHead, rewrite, type SetAside } from "./repair.ts";
import { scanJournal } from "./scan.ts";
import { listSegments, segmentName } from "./segment.ts";
import { TreeFiles } from "./tree-files.ts";
import type { WriterStart } from "./segment-writer.ts";

export type { SetAside } from "./repair.ts";

/** Interval, in entries read, at which entries proven meanwhile are forgotten. */
const UNPROVEN_CHECKED = 16_384;

/** A verified entry. */
export interface GoodEntry {
  readonly segment: number;
  readonly offset: number;
  readonly head: EntryHead;
  readonly data: string;
  /** The tree of the entries before it. Valid until the next entry. */
  readonly tree: Pick<ChainFold, "digest">;
}

export interface Recovered {
  readonly start: WriterStart;
  readonly entries: number;
  readonly setAside?: SetAside;
  /** The accepted loss. */
  readonly loss?: string;
}

/** The start of a scan: after a known, durable entry. */
export interface RecoveryStart extends ChainStart {
  /** The segment that begins with the next entry. */
  readonly segment: number;
}

const FROM_GENESIS: RecoveryStart = Object.freeze({ segment: 1, sequence: 0, hash: GENESIS_HASH, tree: EMPTY_TREE });

/**
 * Verifies a journal, passes every entry to `onEntry` in order, and prepares the files for appending.
 *
 * @param acceptLoss - continues if acknowledged entries are lost: with those before them, the rest set aside. Other
 *   damage is refused all the same: another key, another journal's head, a missing segment, no valid entry at all.
 * @param from - entries up to this one are neither read nor changed, and their segments need not exist.
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
  let last = { sequence: begin.sequence, hash: begin.hash, segment: begin.segment, end: 0 };
  let proven = begin.sequence;
  let unproven: { readonly sequence: number; readonly segment: number; readonly offset: number }[] = [];
  let checkedNext = UNPROVEN_CHECKED;
  let broken: Break | undefined;
  const check = new ChainCheck(chain, keyed, begin);
  const treeFiles = new TreeFiles(disk, directory);
  const tree = new JournalTree(begin.tree, treeFiles.add);

  if (begin.sequence > 0) mac?.note(begin.sequence, begin.hash);
  for (const line of scanJournal(disk, directory, begin.segment)) {
    if (broken !== undefined) {
      losses.push(...lossesAt(line, last, broken, chain));
      continue;
    }
    const taken = check.take(line.bytes, line.ended);
    if ("expected" in taken) {
      broken = { segment: line.segment, offset: line.offset, ...taken };
      losses.push(...lossesAt(line, last, broken, chain));
      continue;
    }
    const { head: dataHead, line: parsed } = taken;
    last = { ...check.last, segment: line.segment, end: line.offset + line.bytes.byteLength + 1 };
    refuseOtherHash(head, last, line);
    mac?.note(last.sequence, last.hash);
    proven = Math.max(proven, dataHead.durable);
    unproven.push({ sequence: parsed.sequence, segment: line.segment, offset: line.offset });
    if (unproven.length >= checkedNext) {
      unproven = unproven.filter((entry) => entry.sequence > proven);
      checkedNext = UNPROVEN_CHECKED + 2 * unproven.length;
    }
    onEntry({ segment: line.segment, offset: line.offset, head: dataHead, data: parsed.data, tree });
    tree.apply(parsed.sequence, parsed.entryHash);
    treeFiles.flushIfLong();
  }

  losses.push(...lossesByHead(headFile, last, proven, broken));
  if (mac?.isWrong === true && last.sequence > 0) losses.push(wrongMac(last.sequence));
  const [loss] = losses;
  if (loss !== undefined && !(acceptLoss && last.sequence > 0)) throw loss;
  if (head !== undefined && last.sequence > 0 && head.keyed !== keyed) {
    throw new EngineError("CAL_JOURNAL_KEY", {
      file: directory,
      problem: head.keyed ? "the journal is keyed and no key was given" : "the journal is not keyed",
    });
  }
  const setAside = broken === undefined ? undefined : keepAside(disk, directory, broken, last.sequence + 1);
  const from = unproven.find((entry) => entry.sequence > Math.max(proven, 0));
  rewrite(disk, directory, from ?? { segment: last.segment, offset: last.end }, last);
  if (last.sequence > 0) keepHead(disk, directory, { sequence: last.sequence, hash: last.hash, keyed }, chain);
  treeFiles.flush();
  treeFiles.cut(last.sequence);
  treeFiles.close();
  const { segment, end, sequence, hash } = last;
  const start = { directory, segment, end, sequence, hash, tree: tree.frontier() };
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
    throw new EngineError("CAL_JOURNAL_CORRUPT", {
      file,
      sequence: 0,
      byteOffset: 0,
      expected: `segment ${from + index}`,
      found: "no such file",
    });
  }
}
