/**
 * Losses and damage that a journal's files show: acknowledged entries that are missing, another journal's head, a missing
 * head.
 * @module
 */
import { type CalybrisError, type ChainHash, contradictionOfTear } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { HEAD_FILE, type Head, type HeadFile } from "./head.ts";
import { HEAD_MAC_FILE } from "./head-mac.ts";
import type { ScannedLine } from "./scan.ts";
import { segmentName } from "./segment.ts";

/** The first line that is not the next entry. */
export interface Break {
  readonly segment: number;
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
}

/** The losses that a line after the break shows; none if it may be part of a torn tail. */
export function lossesAt(
  line: ScannedLine,
  last: { readonly sequence: number },
  broken: Break,
  chain: ChainHash,
): readonly CalybrisError[] {
  const found = contradictionOfTear(line.bytes, line.ended, last, chain);
  return found === undefined ? [] : [corrupt(broken, last.sequence + 1)];
}

export function refuseOtherHash(
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

/** The losses that the head shows: entries that it names, or the head itself. */
export function lossesByHead(
  file: HeadFile,
  last: { readonly sequence: number; readonly segment: number; readonly end: number },
  proven: number,
  broken: Break | undefined,
): readonly CalybrisError[] {
  if (file.state === "torn") return [];
  if (file.state === "none") {
    const { found } = file;
    // The head is durable before the second batch is written, and entries of that batch state that the first is durable.
    const expected = "a head that names the last entry";
    const details = { file: HEAD_FILE, sequence: last.sequence, byteOffset: 0, expected, found };
    return proven === 0 ? [] : [new EngineError("CAL_JOURNAL_CORRUPT", details)];
  }
  const { sequence } = file.head;
  if (sequence <= last.sequence) return [];
  const expected = `entries up to ${sequence}, which the head names`;
  return [
    corrupt(broken ?? { segment: last.segment, offset: last.end, expected, found: "the end" }, last.sequence + 1),
  ];
}

export function wrongMac(sequence: number): CalybrisError {
  const expected = "the MAC of the head of an entry of this journal";
  const details = { file: HEAD_MAC_FILE, sequence, byteOffset: 0, expected, found: "another" };
  return new EngineError("CAL_JOURNAL_CORRUPT", details);
}

function corrupt(broken: Break, sequence: number): CalybrisError {
  return new EngineError("CAL_JOURNAL_CORRUPT", {
    file: segmentName(broken.segment),
    sequence,
    byteOffset: broken.offset,
    expected: broken.expected,
    found: broken.found,
  });
}
