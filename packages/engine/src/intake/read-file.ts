/**
 * Reads bytes from a file, or from standard input as `-`; gzip and Zstandard are detected by their first bytes and
 * decompressed. Every failure is a coded error that names the file.
 * @module
 */
import { createReadStream } from "node:fs";
import { Readable, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { CalybrisError } from "@calybris/kernel";
import { brokenLink } from "../journal/broken-link.ts";

/** The file name that means standard input. */
export const STANDARD_INPUT = "-";

/** Largest policy, catalog or single request, which are read whole. Rows are streamed and have no such limit. */
export const WHOLE_FILE_MAX_BYTES: number = 64 * 1024 * 1024;

/**
 * Streams the decompressed bytes of a file.
 * @param onRead - called with the number of file bytes read so far, before decompression: for a progress bar.
 */
export async function* streamFile(file: string, onRead?: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const source = file === STANDARD_INPUT ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 });
  const chunks = chunksOf(source, file, onRead);
  try {
    const first = await firstBytes(chunks);
    const packing = PACKINGS.find(({ magic }) => magic.every((byte, at) => first[at] === byte));
    const named = PACKINGS.find(({ ending }) => file.endsWith(ending));
    if (packing !== undefined) yield* unpacked(rejoined(first, chunks), file, packing);
    else if (named !== undefined) throw malformed(file, `is not a whole ${named.name} file (it does not begin as one)`);
    else yield* rejoined(first, chunks);
  } finally {
    source.destroy();
  }
}

interface Packing {
  readonly name: string;
  readonly ending: string;
  readonly magic: readonly number[];
  readonly unpacking: () => Transform;
}

const PACKINGS: readonly Packing[] = [
  { name: "gzip", ending: ".gz", magic: [0x1f, 0x8b], unpacking: createGunzip },
  { name: "zstd", ending: ".zst", magic: [0x28, 0xb5, 0x2f, 0xfd], unpacking: createZstdDecompress },
];
const MAGIC_BYTES_MAX = 4;

async function* chunksOf(
  source: AsyncIterable<Uint8Array>,
  file: string,
  onRead: (bytes: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of source) {
      bytes += chunk.byteLength;
      onRead(bytes);
      yield chunk;
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Collects enough bytes to detect the format; a pipe may deliver a single byte at first. */
async function firstBytes(chunks: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  let first = new Uint8Array(0);
  while (first.byteLength < MAGIC_BYTES_MAX) {
    const next = await chunks.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  return first;
}

async function* rejoined(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.byteLength > 0) yield first;
  yield* rest;
}

async function* unpacked(
  packed: AsyncGenerator<Uint8Array>,
  file: string,
  packing: Packing,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(packed);
  const unpacking = packing.unpacking();
  let failure: Error | undefined;
  source.on("error", (cause) => {
    failure = cause;
    unpacking.destroy(cause);
  });
  try {
    yield* source.pipe(unpacking) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw failure ?? malformed(file, `is not a whole ${packing.name} file (${wordOf(cause)})`, cause);
  } finally {
    source.destroy();
    unpacking.destroy();
  }
}

/** @throws {@link CalybrisError} `CAL_INPUT_UNREADABLE`, or `CAL_INPUT_MALFORMED` for broken gzip. */
export async function readFileBytes(file: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of streamFile(file)) {
    bytes += chunk.byteLength;
    if (bytes > WHOLE_FILE_MAX_BYTES)
      throw new CalybrisError("CAL_INPUT_UNREADABLE", {
        file,
        problem: `it holds more than ${WHOLE_FILE_MAX_BYTES} bytes`,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EISDIR: "it is a directory",
  EACCES: "this user may not read it",
  EPERM: "this user may not read it",
  ENOTDIR: "a part of its path is not a directory",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "its name is too long",
};

/** The error for a file that cannot be read; an error that already has a code is returned as is. */
export function unreadable(file: string, cause: unknown): CalybrisError {
  if (cause instanceof CalybrisError) return cause;
  const named = cause instanceof Error && "path" in cause && typeof cause.path === "string" ? cause.path : file;
  const broken = brokenLink(named);
  if (broken !== undefined)
    return new CalybrisError("CAL_INPUT_UNREADABLE", { file: named, problem: broken }, { cause });
  const problem = PROBLEMS[codeOf(cause)] ?? wordOf(cause);
  return new CalybrisError("CAL_INPUT_UNREADABLE", { file, problem }, { cause });
}

function malformed(file: string, problem: string, cause?: unknown): CalybrisError {
  return new CalybrisError("CAL_INPUT_MALFORMED", { file, problem }, { cause });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

function wordOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
