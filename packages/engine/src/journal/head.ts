/**
 * The head: the latest durable sequence and hash, kept outside the journal's own files, so that a cleanly removed suffix
 * is noticed. It is written after a batch's sync and never runs ahead of the data.
 *
 * The file is the published anchor (docs/formats.md section 2), overwritten in place. A write of it may tear, so the white
 * space after the object carries a checksum: 32 characters of JSON white space, two bits each. Any JSON reader passes
 * over it; ours takes a head whose checksum is wrong for none.
 * @module
 */
import { nodeSha256 } from "./chain-hash.ts";
import { type Disk, type DiskFile, readWhole, writeWhole } from "./disk.ts";

export const HEAD_FILE = "head.json";
const HEAD_BYTES = 256;
const SCHEMA = "calybris.wal-anchor.v1";

export interface Head {
  readonly sequence: number;
  readonly hash: string;
  readonly keyed: boolean;
}

/** Overwrites the head in its file; the caller syncs it. */
export function writeHead(file: DiskFile, { sequence, hash, keyed }: Head): void {
  const text = `{"schema_version":"${SCHEMA}","sequence":${sequence},"last_hash":"${hash}","keyed":${keyed}}`;
  const padded = text.padEnd(HEAD_BYTES - CHECKSUM_CHARACTERS);
  writeWhole(file, Buffer.from(padded + checksum(padded), "latin1"), 0);
}

/** The head of a directory; `undefined` when there is none that is whole. */
export function readHead(disk: Disk, directory: string): Head | undefined {
  const file = disk.open(directory, HEAD_FILE, false);
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    const text = bytes.toString("latin1", 0, readWhole(file, bytes));
    const padded = text.slice(0, -CHECKSUM_CHARACTERS);
    return text.slice(-CHECKSUM_CHARACTERS) === checksum(padded) ? parseHead(padded) : undefined;
  } finally {
    file.close();
  }
}

const CHECKSUM_CHARACTERS = 32;
const WHITE_SPACE = " \t\n\r";

function checksum(text: string): string {
  let characters = "";
  for (const byte of nodeSha256(Buffer.from(text, "latin1")).subarray(0, CHECKSUM_CHARACTERS / 4)) {
    for (let shift = 6; shift >= 0; shift -= 2) characters += WHITE_SPACE[(byte >> shift) & 3];
  }
  return characters;
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
