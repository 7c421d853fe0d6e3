/**
 * Moves a file to another disk; at least one complete copy exists at any time.
 * @module
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join, relative } from "node:path";
import { HEAD_FILE, openForReading, packed } from "@calybris/engine/internal";
import { CliError } from "../cli-errors.ts";

const CHUNK_BYTES = 4 * 1024 * 1024;
export const MANIFEST_FILE = "archive.jsonl";

/** Whether a directory is an archive, not a journal: it has a manifest and no head. */
export function isArchive(directory: string): boolean {
  return existsSync(join(directory, MANIFEST_FILE)) && !existsSync(join(directory, HEAD_FILE));
}

/** The format of a copy: compressed with Zstandard, or unchanged. */
export type Packing = "zstd" | "none";

/**
 * Copies, syncs, reads the copy back and compares. An existing copy with the same contents is kept.
 *
 * @returns the SHA-256 of the uncompressed contents.
 */
export function copyVerified(source: string, copy: string, packing: Packing): string {
  const wanted = digestOf(source);
  if (statSync(copy, { throwIfNoEntry: false }) !== undefined) {
    if (digestOf(copy) === wanted) return wanted;
    throw new CliError("CAL_ARCHIVE_REFUSED", {
      path: copy,
      problem: "a file of that name is there, and is another",
    });
  }
  const partial = `${copy}.partial`;
  rmSync(partial, { force: true });
  try {
    copyBytes(source, partial, packing);
    if (digestOf(partial) !== wanted) throw new Error("the bytes read back differ from those written");
  } catch (cause) {
    rmSync(partial, { force: true });
    throw new CliError("CAL_ARCHIVE_REFUSED", { path: copy, problem: (cause as Error).message }, { cause });
  }
  renameSync(partial, copy);
  syncDirectory(dirname(copy));
  return wanted;
}

/** Replaces a file by a link atomically, so that the path always resolves. */
export function replaceByLink(file: string, target: string): void {
  const link = `${file}.link`;
  rmSync(link, { force: true });
  symlinkSync(relative(realpathSync(dirname(file)), realpathSync(target)), link);
  renameSync(link, file);
  syncDirectory(dirname(file));
}

/** Appends one line per segment; a repeated line is identical. */
export function noteInManifest(directory: string, archived: object): void {
  const descriptor = openSync(join(directory, MANIFEST_FILE), "a", 0o600);
  try {
    writeAll(descriptor, Buffer.from(`${JSON.stringify(archived)}\n`));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncDirectory(directory);
}

function copyBytes(source: string, target: string, packing: Packing): void {
  const to = openSync(target, "wx", statSync(source).mode & 0o777);
  try {
    const chunks = chunksOf(source);
    for (const chunk of packing === "zstd" ? packed(chunks) : chunks) writeAll(to, chunk);
    fsyncSync(to);
  } finally {
    closeSync(to);
  }
}

function digestOf(file: string): string {
  const hash = createHash("sha256");
  for (const chunk of chunksOf(file)) hash.update(chunk);
  return hash.digest("hex");
}

/** The uncompressed contents of a file. */
function* chunksOf(file: string): Generator<Buffer> {
  const source = openForReading(file);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let position = 0; ; ) {
      const count = source.read(buffer, position);
      if (count === 0) return;
      yield buffer.subarray(0, count);
      position += count;
    }
  } finally {
    source.close();
  }
}

/** Throws on a short write, which a full disk may cause without an error. */
function writeAll(descriptor: number, bytes: Uint8Array): void {
  const taken = writeSync(descriptor, bytes);
  if (taken !== bytes.byteLength) throw new Error(`the disk took ${taken} of ${bytes.byteLength} bytes`);
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
