/**
 * Proves a journal from its bytes alone, then shows that a single flipped bit cannot hide.
 * @module
 */
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AuditReport, createAudit } from "@calybris/audit";
import { HEAD_FILE, nodeSha256, parseHead, segmentNumber } from "@calybris/engine";

const NEWLINE = 0x0a;

/** Chain, digests, and every decision decided again; the head that was kept beside the segments is held against them. */
export async function auditJournal(directory: string): Promise<AuditReport> {
  const head = parseHead(await readFile(join(directory, HEAD_FILE), "latin1"));
  const heads = head === undefined ? [] : [{ sequence: head.sequence, lastHash: head.hash }];
  const audit = createAudit({ sha256: nodeSha256, heads });
  for (const file of await segments(directory)) {
    const bytes = await readFile(join(directory, file));
    let byteOffset = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, byteOffset)) {
      audit.line(bytes.subarray(byteOffset, end), { file, byteOffset });
      byteOffset = end + 1;
    }
    if (byteOffset < bytes.byteLength) audit.unterminated(bytes.subarray(byteOffset), { file, byteOffset });
  }
  return audit.finish();
}

export interface Flip {
  readonly file: string;
  readonly byteOffset: number;
  readonly before: string;
  readonly after: string;
  readonly report: AuditReport;
}

/** Flips the lowest bit of one digit of a cost in the middle of a copy, and audits the copy. */
export async function flipOneBit(directory: string, copy: string): Promise<Flip> {
  await rm(copy, { recursive: true, force: true });
  await cp(directory, copy, { recursive: true, filter: (path) => !/\.(sock|lock)$/.test(path) });
  const [file = ""] = await segments(copy);
  const bytes = await readFile(join(copy, file));
  const label = '"costMicrocents":';
  const end = bytes.lastIndexOf("}");
  const byteOffset = bytes.indexOf(label, Math.floor(end / 2)) + label.length;
  const before = String.fromCharCode(bytes[byteOffset] ?? 0);
  bytes[byteOffset] = (bytes[byteOffset] ?? 0) ^ 1;
  await writeFile(join(copy, file), bytes);
  const after = String.fromCharCode(bytes[byteOffset] ?? 0);
  return { file, byteOffset, before, after, report: await auditJournal(copy) };
}

async function segments(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  return names.filter((name) => segmentNumber(name) !== undefined).sort();
}
