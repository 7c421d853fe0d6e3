/**
 * Reads the lines of a file in pieces and in constant memory, including compressed segments (`.jsonl.zst`).
 * @module
 */
import { Decompress } from "fzstd";

export interface Line {
  /** Without its newline. */
  readonly bytes: Uint8Array;
  /** Offset in the uncompressed file. */
  readonly byteOffset: number;
  readonly hasNewline: boolean;
}

const PIECE_BYTES = 1 << 20;
/** A longer line is not an entry; its beginning is returned, and the rest is skipped. */
const LINE_BYTES_MAX = 16 << 20;
const NEWLINE = 0x0a;
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;

/** Skips blank lines, of which preallocated space consists. */
export async function* linesOf(
  file: Blob,
  onRead: (bytes: number) => void = () => {},
): AsyncGenerator<readonly Line[]> {
  const cutter = new LineCutter();
  for await (const piece of piecesOf(file, onRead)) yield cutter.cut(piece);
  yield cutter.rest();
}

async function* piecesOf(file: Blob, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const head = new Uint8Array(await file.slice(0, ZSTD_MAGIC.length).arrayBuffer());
  const isPacked = ZSTD_MAGIC.every((byte, at) => head[at] === byte);
  let unpacked: Uint8Array[] = [];
  const decompress = isPacked ? new Decompress((piece) => unpacked.push(piece)) : undefined;
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    const piece = new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
    if (decompress === undefined) yield piece;
    else {
      decompress.push(piece, at + PIECE_BYTES >= file.size);
      yield* unpacked;
      unpacked = [];
    }
    onRead(Math.min(at + PIECE_BYTES, file.size));
  }
}

class LineCutter {
  #held = new Uint8Array();
  #offset = 0;
  #isPassingOver = false;

  cut(piece: Uint8Array): Line[] {
    const bytes = this.#held.byteLength === 0 ? piece : joined(this.#held, piece);
    const lines: Line[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      if (end > start && !this.#isPassingOver) lines.push(this.#line(bytes, start, end, true));
      this.#isPassingOver = false;
      start = end + 1;
    }
    if (bytes.byteLength - start > LINE_BYTES_MAX) {
      if (!this.#isPassingOver) lines.push(this.#line(bytes, start, start + LINE_BYTES_MAX, true));
      this.#isPassingOver = true;
      start = bytes.byteLength;
    }
    this.#held = bytes.slice(start);
    this.#offset += start;
    return lines;
  }

  rest(): Line[] {
    const bytes = this.#held;
    return bytes.byteLength === 0 || this.#isPassingOver ? [] : [this.#line(bytes, 0, bytes.byteLength, false)];
  }

  #line(bytes: Uint8Array, start: number, end: number, hasNewline: boolean): Line {
    return { bytes: bytes.subarray(start, end), byteOffset: this.#offset + start, hasNewline };
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.byteLength + other.byteLength);
  both.set(one);
  both.set(other, one.byteLength);
  return both;
}
