/**
 * A connection as Node's HTTP server sees it. What arrives is passed on one request at a time, and the next only when the
 * one before was answered, so that a client that pipelines holds no more than one request and one answer in memory.
 *
 *     RawConnection ──feed──▶ NodeSide ──data──▶ Node's parser ──request──▶ Fastify
 *           ▲                                                                  │
 *           └───────────────────────── write ◀────── answer ◀──────────────────┘
 *
 * Node's parser alone decides what a request is. Where it ends is only needed to know how much to pass on: a body of a
 * stated length ends there, and heads and chunked bodies end with an empty line.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Duplex } from "node:stream";

/** What a side needs of its connection. */
export interface NodeSideOwner {
  write(
    data: string | Uint8Array,
    encoding: BufferEncoding,
    bytes: number,
    taken: (error?: Error | null) => void,
  ): void;
  together(write: () => void): void;
  /** Node's server has closed the connection; what was written before still leaves. */
  end(): void;
  /** Node's server has given the connection up. */
  abandoned(): void;
  /** Something changed that the side waited for. */
  readonly advance: () => void;
  /** Node's parser refuses what it was given. */
  failed(error: NodeJS.ErrnoException): void;
  onLeave(left: () => void): void;
}

const EMPTY_LINE = Buffer.from("\r\n\r\n");
const NOTHING = Buffer.alloc(0);
/** Only to pass a body on with its head; a length that Node's parser does not take refuses the request. */
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
  /** What was passed on of the body together with its head. */
  #bodyBytesAhead = 0;
  /** The connection has more, and waits until Node's parser has taken what it was given. */
  #isBlocked = false;
  /** The end of what was passed on, where an empty line may have been cut in two. */
  #tail: Buffer = NOTHING;

  constructor(owner: NodeSideOwner) {
    super({ decodeStrings: false });
    this.owner = owner;
    this.on("resume", () => owner.advance());
    this.on("error", () => undefined);
  }

  /** Every request that was passed on has arrived and was answered. */
  get isIdle(): boolean {
    return !this.isIncomplete && this.#openCount === 0;
  }

  /** Only part of a request was passed on. */
  get isIncomplete(): boolean {
    return this.#isInHead || this.#request?.complete === false;
  }

  get isInHead(): boolean {
    return this.#isInHead;
  }

  /** How much of the answer to the current request was written; `undefined`: nothing. */
  get answerBegun(): "partly" | "wholly" | undefined {
    if (this.#isInHead || this.#response?.headersSent !== true) return undefined;
    return this.#openCount > 0 ? "partly" : "wholly";
  }

  /** What is passed on from now on begins a request. */
  expectRequest(): void {
    this.#isInHead = true;
    this.#tail = NOTHING;
    this.#bodyBytesAhead = 0;
  }

  /** Whether Node's parser has taken everything it was given; if not, the connection is notified when it has. */
  mayFeed(): boolean {
    this.#isBlocked = this.readableFlowing !== true || this.readableLength > 0;
    return !this.#isBlocked;
  }

  /** Passes on what belongs to the current request; returns how many bytes were. */
  feed(bytes: Buffer): number {
    if (!this.isIncomplete || !this.mayFeed()) return 0;
    const size = this.#sizeOf(bytes);
    const piece = bytes.subarray(0, size);
    if (this.#bodyBytesLeft > 0) this.#bodyBytesLeft -= size;
    else this.#tail = tailOf(this.#tail, piece);
    this.push(piece);
    return size;
  }

  /** Node's parser has read a head. */
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

  /** Node's parser has taken what it was given. */
  override _read(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    process.nextTick(this.owner.advance);
  }

  override _write(data: string | Uint8Array, encoding: BufferEncoding, taken: (error?: Error | null) => void): void {
    const bytes = bytesOf(data, encoding);
    // The same bytes where no character takes more than one, and written several times as fast.
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

/** The last three bytes, if an empty line may begin in them. */
function tailOf(tail: Buffer, piece: Buffer): Buffer {
  const last = piece.at(-1);
  if (last !== CR && last !== LF) return NOTHING;
  return piece.byteLength >= 3 ? piece.subarray(-3) : Buffer.concat([tail, piece]).subarray(-3);
}

function bytesOf(data: string | Uint8Array, encoding: BufferEncoding): number {
  return typeof data === "string" ? Buffer.byteLength(data, encoding) : data.byteLength;
}
