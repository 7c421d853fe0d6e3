/**
 * The only reader of lines: recovery, the verification of older entries, snapshots, and every command that reads a journal
 * or a log use it. It reads a chunk at a time, in constant memory, and skips blank lines, which fill prepared space.
 * @module
 */

/** Reads at a position into a buffer; returns the count, 0 at the end. */
export type ReadAt = (bytes: Uint8Array, position: number) => number;

/** One line, without its newline. The bytes are valid until the next line is read. */
export interface ReadLine {
  readonly offset: number;
  readonly bytes: Buffer;
  /** Whether the line ends with a newline; false for a line cut off by the end of the file. */
  readonly ended: boolean;
}

export interface ReadLinesOptions {
  /** The offset of the first line. Default 0. */
  readonly from?: number;
  /** Bytes read at a time. Default 1 MiB. */
  readonly chunkBytes?: number;
  /** A longer line is cut to about this length, given as ended, and its rest is skipped. Default: no limit. */
  readonly lineBytesMax?: number;
}

export const CHUNK_BYTES: number = 1 << 20;
const NEWLINE = 0x0a;

/** The lines of a source, in order. */
export function* readLines(read: ReadAt, options: ReadLinesOptions = {}): Generator<ReadLine> {
  const { from = 0, chunkBytes = CHUNK_BYTES, lineBytesMax = Number.POSITIVE_INFINITY } = options;
  let buffer = Buffer.allocUnsafe(chunkBytes);
  let held = 0;
  let position = from;
  let isPassingOver = false;
  for (;;) {
    if (held === buffer.byteLength) buffer = Buffer.concat([buffer], 2 * buffer.byteLength);
    const count = read(buffer.subarray(held), position + held);
    const end = held + count;
    let start = isPassingOver ? 0 : skipNewlines(buffer, 0, end);
    for (let stop = newlineIn(buffer, start, end); stop !== -1; stop = newlineIn(buffer, start, end)) {
      if (!isPassingOver) yield { offset: position + start, bytes: buffer.subarray(start, stop), ended: true };
      isPassingOver = false;
      start = skipNewlines(buffer, stop + 1, end);
    }
    if (isPassingOver) start = end;
    if (count === 0) {
      if (end > start) yield { offset: position + start, bytes: buffer.subarray(start, end), ended: false };
      return;
    }
    if (end - start >= lineBytesMax) {
      yield { offset: position + start, bytes: buffer.subarray(start, end), ended: true };
      isPassingOver = true;
      start = end;
    }
    buffer.copyWithin(0, start, end);
    held = end - start;
    position += start;
  }
}

function newlineIn(buffer: Buffer, start: number, end: number): number {
  const stop = buffer.indexOf(NEWLINE, start);
  return stop < end ? stop : -1;
}

function skipNewlines(buffer: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && buffer[at] === NEWLINE) at += 1;
  return at;
}
