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
const CHECKSUM_CHARACTERS = 32;
const CHECKED_BYTES = HEAD_BYTES - CHECKSUM_CHARACTERS;
const SPACE = 0x20;
const SCHEMA = "calybris.wal-anchor.v1";

export interface Head {
  readonly sequence: number;
  readonly hash: string;
  readonly keyed: boolean;
}

/** What is written, laid out anew each time: a head follows every batch. */
const page: Buffer = Buffer.alloc(HEAD_BYTES);

/** Overwrites the head in its file; the caller syncs it. */
export function writeHead(file: DiskFile, { sequence, hash, keyed }: Head): void {
  const text = `{"schema_version":"${SCHEMA}","sequence":${sequence},"last_hash":"${hash}","keyed":${keyed}}`;
  page.fill(SPACE, page.write(text, "latin1"), CHECKED_BYTES);
  page.write(checksum(page.subarray(0, CHECKED_BYTES)), CHECKED_BYTES, "latin1");
  writeWhole(file, page, 0);
}

/** The head of a directory; `undefined` when there is none that is whole. */
export function readHead(disk: Disk, directory: string): Head | undefined {
  const file = disk.open(directory, HEAD_FILE, false);
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    const text = bytes.toString("latin1", 0, readWhole(file, bytes));
    const padded = text.slice(0, -CHECKSUM_CHARACTERS);
    const expected = checksum(Buffer.from(padded, "latin1"));
    return text.slice(-CHECKSUM_CHARACTERS) === expected ? parseHead(padded) : undefined;
  } finally {
    file.close();
  }
}

const WHITE_SPACE = " \t\n\r";
/** Four characters for each byte. */
const OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  [6, 4, 2, 0].map((shift) => WHITE_SPACE[(byte >> shift) & 3]).join(""),
);

function checksum(bytes: Uint8Array): string {
  const digest = nodeSha256(bytes);
  let characters = "";
  for (let index = 0; index < CHECKSUM_CHARACTERS / 4; index++) characters += OF_BYTE[digest[index] as number];
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
