/**
 * Reads the rows of a replay in blocks. The rows of a block get IDs and are validated against the policy before any of them
 * is decided. A block ends before an invalid row, so that exactly the rows above it are decided. For a file, all rows are
 * validated before the first is decided.
 * @module
 */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import {
  parseRowMap,
  type RequestRow,
  type RowMap,
  readJsonFile,
  requestRows,
  resolveRequest,
  type SnapshotIndex,
  snapshotIndex,
  STANDARD_INPUT,
  streamFile,
} from "@calybris/engine/internal";
import { EngineError } from "@calybris/engine";
import { CalybrisError, type Mistake, type PolicySnapshot } from "@calybris/kernel";
import { jsonText } from "../terminal/json-text.ts";

export interface RowSource {
  readonly file: string;
  readonly map?: RowMap;
  /** Prefix of generated row IDs; `undefined` for sources that can only be read once, such as standard input. */
  readonly idPrefix?: string;
  /** Newlines in the file, the total of the progress bar. */
  readonly lineCount?: number;
}

export interface RowBlock {
  readonly rows: readonly RequestRow[];
  /** The reason that the file cannot be read or decided beyond these rows. */
  readonly failure?: CalybrisError;
}

const BLOCK_ROWS = 8_192;
const NEWLINE = 0x0a;
/** 48 bits distinguish files. If two collide, the second is refused with `CAL_REQUEST_ID_REUSED`. */
const ID_PREFIX_CHARACTERS = 8;

/**
 * Examines a file before it is replayed. Generated IDs depend on the contents of the file, the map and the line, so
 * replaying the same file again sends the same requests, which the journal answers without deciding anything twice.
 */
export async function openRows(file: string, mapFile: string | undefined): Promise<RowSource> {
  const map = mapFile === undefined ? undefined : parseRowMap((await readJsonFile(mapFile)).value, mapFile);
  const mapped = map === undefined ? {} : { map };
  if (isReadOnce(file)) return { file, ...mapped };
  const hash = createHash("sha256").update(jsonText(map ?? null));
  let lineCount = 0;
  for await (const bytes of streamFile(file)) {
    hash.update(bytes);
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) lineCount += 1;
  }
  return { file, ...mapped, idPrefix: hash.digest("base64url").slice(0, ID_PREFIX_CHARACTERS), lineCount };
}

/** Whether a source can only be read once: standard input, a pipe or a device. */
function isReadOnce(file: string): boolean {
  if (file === STANDARD_INPUT) return true;
  try {
    const stats = statSync(file);
    return !stats.isFile() && !stats.isDirectory();
  } catch {
    // Reading it will report the error.
    return false;
  }
}

/**
 * Validates a whole file before anything is decided, so that a mistake does not leave a partial replay. Standard input
 * cannot be read twice: for it, the rows above an invalid row are decided.
 *
 * @throws CalybrisError `CAL_REQUEST_INVALID` with the mistakes of all invalid rows, up to {@link MISTAKES_MAX}, or
 *   `CAL_INPUT_MALFORMED` for the first unreadable row.
 */
export async function checkRows(source: RowSource, snapshot: PolicySnapshot): Promise<void> {
  if (source.idPrefix === undefined) return;
  const index = snapshotIndex(snapshot);
  const mistakes: Mistake[] = [];
  for await (const row of requestRows(source.file, source.map)) {
    try {
      checked(row, source, index);
    } catch (cause) {
      if (!(cause instanceof CalybrisError) || !isCode(cause, "CAL_REQUEST_INVALID")) throw cause;
      mistakes.push(...cause.details.mistakes);
    }
    if (mistakes.length >= MISTAKES_MAX) break;
  }
  if (mistakes.length > 0) throw new CalybrisError("CAL_REQUEST_INVALID", { mistakes, file: source.file });
}

const MISTAKES_MAX = 100;

export async function* rowBlocks(source: RowSource, snapshot: PolicySnapshot): AsyncGenerator<RowBlock> {
  const index = snapshotIndex(snapshot);
  let rows: RequestRow[] = [];
  try {
    for await (const row of requestRows(source.file, source.map)) {
      rows.push(checked(row, source, index));
      if (rows.length < BLOCK_ROWS) continue;
      yield { rows };
      rows = [];
    }
  } catch (failure) {
    if (!(failure instanceof CalybrisError)) throw failure;
    yield { rows, failure };
    return;
  }
  if (rows.length > 0) yield { rows };
}

function checked(row: RequestRow, source: RowSource, index: SnapshotIndex): RequestRow {
  const { line, request } = row;
  try {
    resolveRequest(index, request, 1n);
  } catch (cause) {
    throw atLine(cause, source.file, line);
  }
  if (source.idPrefix === undefined || request.requestId !== undefined) return row;
  return { line, request: { ...request, requestId: `${source.idPrefix}:${line}` } };
}

/** The same error with its file and line. */
export function atLine(cause: unknown, file: string, line: number): unknown {
  if (!(cause instanceof CalybrisError)) return cause;
  if (isCode(cause, "CAL_REQUEST_INVALID")) {
    const mistakes = cause.details.mistakes.map((mistake) => ({ ...mistake, line }));
    return new CalybrisError("CAL_REQUEST_INVALID", { mistakes, file }, { cause });
  }
  if (cause instanceof EngineError && cause.code === "CAL_REQUEST_ID_REUSED") {
    const { sequence } = (cause as EngineError<"CAL_REQUEST_ID_REUSED">).details;
    const problem = `was already decided in entry ${sequence}, for a different request`;
    const mistake = { path: "requestId", problem, remedy: "Give a new request a new ID.", line };
    return new CalybrisError("CAL_REQUEST_INVALID", { mistakes: [mistake], file }, { cause });
  }
  return cause;
}

function isCode<Code extends CalybrisError["code"]>(error: CalybrisError, code: Code): error is CalybrisError<Code> {
  return error.code === code;
}
