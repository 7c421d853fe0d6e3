/**
 * Shows that a single flipped bit of a journal cannot hide.
 * @module
 */
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AuditReport } from "@calybris/audit";
import { segmentNumber } from "@calybris/engine/internal";
import { verifyLog } from "../../packages/cli/src/verify/verify.ts";

export interface Flip {
  /** Name of the file within the directory. */
  readonly file: string;
  readonly byteOffset: number;
  readonly before: string;
  readonly after: string;
  readonly report: AuditReport;
}

/** Flips the lowest bit of one digit of a cost in the middle of a copy, and verifies the copy. */
export async function flipOneBit(directory: string, copy: string): Promise<Flip> {
  await rm(copy, { recursive: true, force: true });
  await cp(directory, copy, { recursive: true, filter: (path) => !path.endsWith(".sock") });
  const file = (await readdir(copy)).filter((name) => segmentNumber(name) !== undefined).sort()[0] ?? "";
  const bytes = await readFile(join(copy, file));
  const label = '"costMicrocents":';
  const end = bytes.lastIndexOf("}");
  const byteOffset = bytes.indexOf(label, Math.floor(end / 2)) + label.length;
  const before = String.fromCharCode(bytes[byteOffset] ?? 0);
  bytes[byteOffset] = (bytes[byteOffset] ?? 0) ^ 1;
  await writeFile(join(copy, file), bytes);
  const after = String.fromCharCode(bytes[byteOffset] ?? 0);
  return { file, byteOffset, before, after, report: await verifyLog(copy) };
}
