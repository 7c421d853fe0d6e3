/**
 * Bytes from outside: a file, or standard input as `-`; gzip when the name ends in `.gz`. Whatever goes wrong is a coded
 * error that names the file.
 * @module
 */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { CalybrisError } from "@calybris/kernel";

/** Standard input, where a file name is asked for. */
export const STANDARD_INPUT = "-";

/** A policy, a catalog or one request is read whole, up to this. Rows stream and have no such bound. */
export const WHOLE_FILE_MAX_BYTES: number = 64 * 1024 * 1024;

/** Streams the bytes of a file, unpacked. */
export async function* streamFile(file: string): AsyncGenerator<Uint8Array> {
  const source = file === STANDARD_INPUT ? process.stdin : createReadStream(file);
  if (!file.endsWith(".gz")) {
    try {
      yield* source as AsyncIterable<Uint8Array>;
    } catch (cause) {
      throw unreadable(file, cause);
    }
    return;
  }
  const unpacked = createGunzip();
  let failure: unknown;
  source.on("error", (cause: Error) => {
    failure = cause;
    unpacked.destroy(cause);
  });
  try {
    yield* source.pipe(unpacked) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    if (failure !== undefined) throw unreadable(file, failure);
    throw new CalybrisError(
      "CAL_INPUT_MALFORMED",
      { file, problem: `is not a whole gzip file (${wordOf(cause)})` },
      { cause },
    );
  } finally {
    source.destroy();
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
  ENOENT: "there is no such file",
  EISDIR: "it is a directory",
  EACCES: "this user may not read it",
  EPERM: "this user may not read it",
  ENOTDIR: "a part of its path is not a directory",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "its name is too long",
};

function unreadable(file: string, cause: unknown): CalybrisError {
  const problem = PROBLEMS[codeOf(cause)] ?? wordOf(cause);
  return new CalybrisError("CAL_INPUT_UNREADABLE", { file, problem }, { cause });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

function wordOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
