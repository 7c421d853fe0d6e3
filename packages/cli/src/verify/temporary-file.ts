/**
 * A temporary file without a name, read and written by position.
 * @module
 */
import { mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "../cli-errors.ts";

/**
 * Opens a temporary file and returns its descriptor. Its name is removed before the first write, so no file remains, however
 * the process ends.
 *
 * @throws CalybrisError `CAL_TEMPORARY_FILE`, like the other functions here.
 */
export function openTemporary(): number {
  return coded(() => {
    const directory = mkdtempSync(join(tmpdir(), "calybris-"));
    try {
      return openSync(join(directory, "request-ids"), "wx+", 0o600);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

/** Writes all bytes at a position. */
export function writeTemporary(descriptor: number, bytes: Uint8Array, position: number): void {
  coded(() => {
    for (let done = 0; done < bytes.byteLength; )
      done += writeSync(descriptor, bytes, done, bytes.byteLength - done, position + done);
  });
}

/** Fills `bytes` from a position. */
export function readTemporary(descriptor: number, bytes: Uint8Array, position: number): void {
  coded(() => {
    for (let done = 0; done < bytes.byteLength; ) {
      const read = readSync(descriptor, bytes, done, bytes.byteLength - done, position + done);
      if (read === 0) throw new Error("it is shorter than it was");
      done += read;
    }
  });
}

function coded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("CAL_TEMPORARY_FILE", { directory: tmpdir(), problem }, { cause });
  }
}
