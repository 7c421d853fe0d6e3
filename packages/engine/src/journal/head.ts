/**
 * The head: the latest durable sequence and hash, kept outside the journal's own files, so that a cleanly removed suffix
 * is noticed. It is written after a batch's sync and never runs ahead of the data. The file is one padded sector, so
 * that it is replaced whole; one that cannot be read counts as none.
 * @module
 */
import { type Disk, type DiskFile, writeWhole } from "./disk.ts";

export const HEAD_FILE = "head.json";
const HEAD_BYTES = 256;
const SCHEMA = "calybris.wal-anchor.v1";

export interface Head {
  readonly sequence: number;
  readonly hash: string;
  readonly keyed: boolean;
}

export function writeHead(file: DiskFile, head: Head): void {
  const text = JSON.stringify({
    schema_version: SCHEMA,
    sequence: head.sequence,
    last_hash: head.hash,
    keyed: head.keyed,
  });
  writeWhole(file, new TextEncoder().encode(`${text.padEnd(HEAD_BYTES - 1)}\n`), 0);
}

export function readHead(disk: Disk, directory: string): Head | undefined {
  const file = disk.open(directory, HEAD_FILE, false);
  if (file === undefined) return undefined;
  try {
    const bytes = new Uint8Array(HEAD_BYTES);
    const count = file.read(bytes, 0);
    return parseHead(new TextDecoder().decode(bytes.subarray(0, count)));
  } finally {
    file.close();
  }
}

/** The head in a text; `undefined` when it is not one. */
export function parseHead(text: string): Head | undefined {
  try {
    const anchor = JSON.parse(text) as {
      schema_version?: unknown;
      sequence?: unknown;
      last_hash?: unknown;
      keyed?: unknown;
    };
    const { schema_version, sequence, last_hash, keyed } = anchor;
    if (schema_version !== SCHEMA || !Number.isSafeInteger(sequence) || typeof last_hash !== "string") return undefined;
    return { sequence: sequence as number, hash: last_hash, keyed: keyed === true };
  } catch {
    return undefined;
  }
}
