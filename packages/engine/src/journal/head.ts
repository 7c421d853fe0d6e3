/**
 * The head: the latest durable sequence and hash, kept outside the segments, so that a cleanly removed suffix is detected.
 * It is written after a batch's sync and is never ahead of the data.
 *
 * The file is the published anchor (docs/formats.md section 2), overwritten in place. A write may be torn, so the white
 * space after the object carries a checksum: 32 characters of JSON white space, two bits each. Any JSON reader skips
 * it; ours ignores a head with a wrong checksum.
 * @module
 */
import { nodeSha256 } from "./chain-hash.ts";
import { type Disk, type DiskFile, readWhole, writeWhole } from "./disk.ts";

export const HEAD_FILE = "head.json";
export const HEAD_BYTES = 256;
const CHECKSUM_CHARACTERS = 32;
const CHECKED_BYTES = HEAD_BYTES - CHECKSUM_CHARACTERS;
const SPACE = 0x20;
const SCHEMA = "calybris.wal-anchor.v1";
const BEGINNING = `{"schema_version":"${SCHEMA}","sequence":`;

export interface Head {
  readonly sequence: number;
  readonly hash: string;
  readonly keyed: boolean;
}

/** Reused page: a head follows every batch. */
const page: Buffer = Buffer.alloc(HEAD_BYTES);

/** The bytes of a head's file; valid until the next call. */
export function headPage({ sequence, hash, keyed }: Head): Uint8Array {
  const text = `${BEGINNING}${sequence},"last_hash":"${hash}","keyed":${keyed}}`;
  page.fill(SPACE, page.write(text, "latin1"), CHECKED_BYTES);
  page.write(checksum(page.subarray(0, CHECKED_BYTES)), CHECKED_BYTES, "latin1");
  return page;
}

/** Overwrites the head in its file; the caller syncs it. */
export function writeHead(file: DiskFile, head: Head): void {
  writeWhole(file, headPage(head), 0);
}

/**
 * The state of a directory's head.
 *
 * - `whole`: it names an entry. An anchor that a person put there, without padding, counts.
 * - `torn`: the machine stopped during a write of the head, so it promises nothing.
 * - `none`: it is missing or invalid, in a way that our own writes never leave it.
 */
export type HeadFile =
  | { readonly state: "whole"; readonly head: Head }
  | { readonly state: "torn" }
  | { readonly state: "none"; readonly found: string };

export function inspectHead(disk: Disk, directory: string): HeadFile {
  const file = disk.open(directory, HEAD_FILE, false);
  if (file === undefined) return { state: "none", found: "no such file" };
  try {
    const bytes = Buffer.alloc(HEAD_BYTES + 1);
    return parseHeadFile(bytes.toString("latin1", 0, readWhole(file, bytes)));
  } finally {
    file.close();
  }
}

/** Parses the text of the file; one character per byte. */
export function parseHeadFile(text: string): HeadFile {
  const isPage = text.length === HEAD_BYTES;
  if (isPage && text.slice(CHECKED_BYTES) !== checksum(Buffer.from(text.slice(0, CHECKED_BYTES), "latin1")))
    // A torn write of our own keeps the beginning, which all heads share.
    return text.startsWith(BEGINNING) ? { state: "torn" } : { state: "none", found: "bytes that are no head" };
  const head = parseHead(text);
  if (head !== undefined) return { state: "whole", head };
  return { state: "none", found: text.trim() === "" ? "a blank file" : "bytes that are no head" };
}

/** The head of a directory; `undefined` if it cannot be read. */
export function readHead(disk: Disk, directory: string): Head | undefined {
  const file = inspectHead(disk, directory);
  return file.state === "whole" ? file.head : undefined;
}

const WHITE_SPACE = " \t\n\r";
/** Four characters per byte. */
const OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  [6, 4, 2, 0].map((shift) => WHITE_SPACE[(byte >> shift) & 3]).join(""),
);

function checksum(bytes: Uint8Array): string {
  const digest = nodeSha256(bytes);
  let characters = "";
  for (let index = 0; index < CHECKSUM_CHARACTERS / 4; index++) characters += OF_BYTE[digest[index] as number];
  return characters;
}

/** The head in a text; `undefined` if the text is not a head. */
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
