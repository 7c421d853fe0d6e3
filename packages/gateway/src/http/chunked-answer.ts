/**
 * An answer in pieces on the fast path, as chunks (RFC 9112, 7.1). A piece is requested once the previous one is written,
 * and written once the previous one is sent, so that at most one piece waits here while another is being sent.
 * @module
 */

/** The part of a connection that a chunked answer uses. */
export interface ChunkConnection {
  write(
    data: string | Uint8Array,
    encoding: BufferEncoding,
    bytes: number,
    taken: (error?: Error | null) => void,
  ): void;
  /** Combines all writes until the end of this turn of the event loop into one. */
  gather(): void;
  destroy(): void;
}

export interface ChunkedAnswerParts {
  /** Status line, headers and the empty line after them; sent with the first piece. */
  readonly head: () => string;
  /** Called if the pieces fail before the head is sent. */
  readonly refused: (error: unknown) => void;
  /** Called if the pieces fail later. The connection is closed. */
  readonly failed: (error: unknown) => void;
  /** Called when the last chunk was sent, or the connection failed. */
  readonly taken: (error?: Error | null) => void;
}

const LINE_END = "\r\n";
const LAST_CHUNK = "0\r\n\r\n";
/** Shorter pieces are copied into one buffer with their chunk size. */
const COPIED_BYTES_MAX = 16 * 1024;
/** Synchronous pieces are gathered up to this length before they are written; asynchronous ones are sent as they come. */
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
      // The pieces before the failure are still sent.
      await left;
      this.#fail(error);
    }
  }

  /** The connection is closed: no more pieces are requested. */
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
      // A failed write is reported through `gone`.
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

  /** The head on the first call; empty afterwards. */
  #takeHead(): string {
    if (this.#hasBegun) return "";
    this.#hasBegun = true;
    return this.#parts.head();
  }

  #end(): void {
    this.#connection.gather();
    const last = this.#takeHead() + LAST_CHUNK;
    this.#connection.write(last, "latin1", last.length, this.#parts.taken);
    // Later events of the connection do not concern this answer.
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

/** Combines synchronous pieces into larger ones. */
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
