/**
 * An answer in pieces on the fast path, as chunks (RFC 9112, 7.1). A piece is asked for once the one before was written, and
 * written once the one before has left, so that one piece waits for the client, and one is on its way.
 * @module
 */

/** What a chunked answer needs of its connection. */
export interface ChunkConnection {
  write(
    data: string | Uint8Array,
    encoding: BufferEncoding,
    bytes: number,
    taken: (error?: Error | null) => void,
  ): void;
  /** What is written until the end of this turn leaves together. */
  gather(): void;
  destroy(): void;
}

export interface ChunkedAnswerParts {
  /** Status line and headers with the empty line after them; they leave with the first piece. */
  readonly head: () => string;
  /** The pieces failed before the head has left. */
  readonly refused: (error: unknown) => void;
  /** The pieces failed later: the connection is closed. */
  readonly failed: (error: unknown) => void;
  /** The last chunk has left, or never will. */
  readonly taken: (error?: Error | null) => void;
}

const LINE_END = "\r\n";
const LAST_CHUNK = "0\r\n\r\n";
/** A shorter piece is copied into one buffer with its length. */
const COPIED_BYTES_MAX = 16 * 1024;
/** How much of synchronous pieces is gathered before it is written; asynchronous ones leave as they come. */
const GATHERED_BYTES = 64 * 1024;

export class ChunkedAnswer {
  readonly #connection: ChunkConnection;
  readonly #pieces: Iterator<Uint8Array> | AsyncIterator<Uint8Array>;
  readonly #parts: ChunkedAnswerParts;
  #hasBegun = false;
  #isGone = false;

  constructor(
    connection: ChunkConnection,
    pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    parts: ChunkedAnswerParts,
  ) {
    this.#connection = connection;
    this.#pieces = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : gathered(pieces);
    this.#parts = parts;
  }

  async send(): Promise<void> {
    let left: Promise<void> | undefined;
    try {
      for (;;) {
        const { done, value } = await this.#pieces.next();
        await left;
        if (this.#isGone) return;
        if (done === true) break;
        if (value.byteLength > 0) left = this.#write(value);
      }
      this.#end();
    } catch (error) {
      // What came before is the client's.
      await left;
      this.#fail(error);
    }
  }

  /** The connection is gone: nothing more is asked for. */
  gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    void Promise.resolve(this.#pieces.return?.()).catch(() => undefined);
  }

  #write(piece: Uint8Array): Promise<void> {
    const connection = this.#connection;
    connection.gather();
    const lead = this.#takeHead() + piece.byteLength.toString(16) + LINE_END;
    return new Promise((resolve) => {
      // When the client is gone, `gone` says so.
      const taken = (): void => resolve();
      const bytes = lead.length + piece.byteLength + LINE_END.length;
      if (piece.byteLength > COPIED_BYTES_MAX) {
        connection.write(lead, "latin1", lead.length, () => undefined);
        connection.write(piece, "latin1", piece.byteLength, () => undefined);
        connection.write(LINE_END, "latin1", LINE_END.length, taken);
        return;
      }
      const chunk = Buffer.allocUnsafe(bytes);
      chunk.write(lead, 0, "latin1");
      chunk.set(piece, lead.length);
      chunk.write(LINE_END, lead.length + piece.byteLength, "latin1");
      connection.write(chunk, "latin1", bytes, taken);
    });
  }

  /** The head, once; empty text afterwards. */
  #takeHead(): string {
    if (this.#hasBegun) return "";
    this.#hasBegun = true;
    return this.#parts.head();
  }

  #end(): void {
    this.#connection.gather();
    const last = this.#takeHead() + LAST_CHUNK;
    this.#connection.write(last, "latin1", last.length, this.#parts.taken);
    // What comes after it on the connection is none of this answer's.
    this.#isGone = true;
  }

  #fail(error: unknown): void {
    if (this.#isGone) return;
    if (!this.#hasBegun) {
      this.#isGone = true;
      this.#parts.refused(error);
      return;
    }
    this.#parts.failed(error);
    this.#connection.destroy();
  }
}

/** Synchronous pieces, several at a time. */
export function* gathered(pieces: Iterable<Uint8Array>): Generator<Buffer> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    held.push(piece);
    bytes += piece.byteLength;
    if (bytes < GATHERED_BYTES) continue;
    yield Buffer.concat(held, bytes);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(held, bytes);
}
