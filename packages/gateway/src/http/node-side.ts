/**
 * A connection as Node's HTTP server sees it. Requests are passed on one at a time, each after the answer to the previous
 * one, so that a pipelining client holds at most one request and one answer in memory.
 *
 *     RawConnection ──feed──▶ NodeSide ──data──▶ Node's parser ──request──▶ Fastify
 *           ▲                                                                  │
 *           └───────────────────────── write ◀────── answer ◀──────────────────┘
 *
 * Only Node's parser interprets requests. This class finds the end of a request to know how much to pass on: by
 * `content-length`, or by the empty line that ends heads and chunked bodies.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Duplex } from "node:stream";

/** The part of a connection that its Node side uses. */
export interface NodeSideOwner {
  write(
    data: string | Uint8Array,
    encoding: BufferEncoding,
    bytes: number,
    taken: (error?: Error | null) => void,
  ): void;
  together(write: () => void): void;
  /** Called when Node's server closes the connection; bytes written before are still sent. */
  end(): void;
  /** Called when Node's server gives up the connection. */
  abandoned(): void;
  /** Called when the connection may be able to continue. */
  readonly advance: () => void;
  /** Called when Node's parser refuses the input. */
  failed(error: NodeJS.ErrnoException): void;
  onLeave(left: () => void): void;
}

const EMPTY_LINE = Buffer.from("\r\n\r\n");
const NOTHING = Buffer.alloc(0);
/** Used only to pass on a body with its head. Node's parser refuses a request with an invalid length. */
const LENGTH = /\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n/i;
const CR = 0x0d;
const LF = 0x0a;

export class NodeSide extends Duplex {
  readonly owner: NodeSideOwner;
  #isInHead = false;
  #openCount = 0;
  #request: IncomingMessage | undefined;
  #response: ServerResponse | undefined;
  #bodyBytesLeft = 0;
  /** Bytes of the body that were passed on with its head. */
  #bodyBytesAhead = 0;
  /** Whether the connection has more input and waits for Node's parser. */
  #isBlocked = false;
  /** The end of the bytes that were passed on, where an empty line may be split. */
  #tail: Buffer = NOTHING;

  constructor(owner: NodeSideOwner) {
    super({ decodeStrings: false });
    this.owner = owner;
    this.on("resume", () => owner.advance());
    this.on("error", () => undefined);
  }

  /** Whether every request that was passed on is complete and answered. */
  get isIdle(): boolean {
    return !this.isIncomplete && this.#openCount === 0;
  }

  /** Whether only part of a request was passed on. */
  get isIncomplete(): boolean {
    return this.#isInHead || this.#request?.complete === false;
  }

  get isInHead(): boolean {
    return this.#isInHead;
  }

  /** How much of the answer to the current request is written; `undefined` if nothing is. */
  get answerBegun(): "partly" | "wholly" | undefined {
    if (this.#isInHead || this.#response?.headersSent !== true) return undefined;
    return this.#openCount > 0 ? "partly" : "wholly";
  }

  /** The next bytes that are passed on begin a request. */
  expectRequest(): void {
    this.#isInHead = true;
    this.#tail = NOTHING;
    this.#bodyBytesAhead = 0;
  }

  /** Whether Node's parser has taken all its input. If not, the connection is notified when it has. */
  mayFeed(): boolean {
    this.#isBlocked = this.readableFlowing !== true || this.readableLength > 0;
    return !this.#isBlocked;
  }

  /** Passes on the bytes of the current request; returns their number. */
  feed(bytes: Buffer): number {
    if (!this.isIncomplete || !this.mayFeed()) return 0;
    const size = this.#sizeOf(bytes);
    const piece = bytes.subarray(0, size);
    if (this.#bodyBytesLeft > 0) this.#bodyBytesLeft -= size;
    else this.#tail = tailOf(this.#tail, piece);
    this.push(piece);
    return size;
  }

  /** Called when Node's parser has read a head. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    this.#isInHead = false;
    this.#openCount += 1;
    this.#request = request;
    this.#response = response;
    this.#bodyBytesLeft = Math.max(0, Number(request.headers["content-length"] ?? 0) - this.#bodyBytesAhead);
    this.#tail = NOTHING;
    response.once("close", () => {
      this.#openCount -= 1;
      this.owner.advance();
    });
  }

  /** Called by the stream when Node's parser has taken its input. */
  override _read(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    process.nextTick(this.owner.advance);
  }

  override _write(data: string | Uint8Array, encoding: BufferEncoding, taken: (error?: Error | null) => void): void {
    const bytes = bytesOf(data, encoding);
    // If every character takes one byte, Latin-1 gives the same bytes and is written several times as fast.
    this.owner.write(data, bytes === data.length ? "latin1" : encoding, bytes, taken);
  }

  override _writev(
    pieces: readonly { readonly chunk: string | Uint8Array; readonly encoding: BufferEncoding }[],
    taken: (error?: Error | null) => void,
  ): void {
    this.owner.together(() => {
      for (const [index, { chunk, encoding }] of pieces.entries())
        this.owner.write(
          chunk,
          encoding,
          bytesOf(chunk, encoding),
          index === pieces.length - 1 ? taken : () => undefined,
        );
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.owner.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.owner.abandoned();
    done(error);
  }

  #sizeOf(bytes: Buffer): number {
    if (this.#bodyBytesLeft > 0) return Math.min(bytes.byteLength, this.#bodyBytesLeft);
    if (this.#tail.byteLength > 0) {
      const seam = Buffer.concat([this.#tail, bytes.subarray(0, 3)]).indexOf(EMPTY_LINE);
      if (seam !== -1) return seam + EMPTY_LINE.byteLength - this.#tail.byteLength;
    }
    const emptyLine = bytes.indexOf(EMPTY_LINE);
    if (emptyLine === -1) return bytes.byteLength;
    const end = emptyLine + EMPTY_LINE.byteLength;
    if (!this.#isInHead) return end;
    const length = Number(LENGTH.exec(bytes.toString("latin1", 0, end))?.[1] ?? 0);
    this.#bodyBytesAhead = Math.min(bytes.byteLength - end, length);
    return end + this.#bodyBytesAhead;
  }
}

/** The last three bytes, in which an empty line may begin. */
function tailOf(tail: Buffer, piece: Buffer): Buffer {
  const last = piece.at(-1);
  if (last !== CR && last !== LF) return NOTHING;
  return piece.byteLength >= 3 ? piece.subarray(-3) : Buffer.concat([tail, piece]).subarray(-3);
}

function bytesOf(data: string | Uint8Array, encoding: BufferEncoding): number {
  return typeof data === "string" ? Buffer.byteLength(data, encoding) : data.byteLength;
}
