/**
 * The fast door: single decisions that arrive as one plain piece, on a connection that carries nothing else, are answered
 * without Node's HTTP machinery, which costs about as much as the decision itself. At the first thing that is not plain,
 * a pipelined request, half a body, another path, the connection is handed to Node's server with all that has arrived,
 * and stays there.
 *
 *     piece ─▶ plain, whole, alone? ─▶ reception ─▶ one write
 *                      └ no ─▶ Node's server
 *
 * @module
 */
import { type Server, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { CalybrisError } from "@calybris/kernel";
import { type Exchange, type RequestHeaders, SAFE_HEADERS } from "./exchange.ts";
import { readPlainHead } from "./plain-head.ts";

export interface FastDoorOptions {
  readonly receive: (exchange: Exchange) => void;
  readonly headerBytesMax: number;
  readonly bodyBytesMax: number;
  /** For the first byte of a connection. */
  readonly headersMs: number;
  /** Between one request and the next. */
  readonly idleMs: number;
}

interface FastDoorParts extends FastDoorOptions {
  /** The lines that say how long the connection is kept. */
  readonly keepAlive: string;
}

const MS_PER_SECOND = 1_000;

export class FastDoor {
  readonly #parts: FastDoorParts;
  readonly #visitors = new Set<Visitor>();

  constructor(options: FastDoorOptions) {
    const seconds = Math.trunc(options.idleMs / MS_PER_SECOND);
    this.#parts = { ...options, keepAlive: `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n` };
  }

  /** Stands before a server: every connection comes here first. */
  guard(server: Server): void {
    const [accept] = server.listeners("connection") as ((socket: Socket) => void)[];
    if (accept === undefined) return;
    server.off("connection", accept);
    server.on("connection", (socket: Socket) => {
      const visitor = new Visitor(socket, this.#parts, () => {
        this.#visitors.delete(visitor);
        accept.call(server, socket);
      });
      this.#visitors.add(visitor);
      socket.once("close", () => this.#visitors.delete(visitor));
    });
  }

  /** Ends the connections that wait for a request. */
  closeIdle(): void {
    for (const visitor of this.#visitors) visitor.closeIfIdle();
  }

  closeAll(): void {
    for (const visitor of this.#visitors) visitor.close();
  }
}

const HEAD_END = Buffer.from("\r\n\r\n");
/** Of a client that sends without waiting for answers; what is more waits in the system. */
const HELD_BYTES_MAX = 64 * 1024;

/** One connection at the door; it carries one request at a time. */
class Visitor implements Exchange {
  readonly method = "POST";
  readonly url = "/v1/decisions";
  readonly hasArrived = true;
  readonly #socket: Socket;
  readonly #parts: FastDoorParts;
  readonly #handOver: () => void;
  headers: RequestHeaders = {};
  #body: Buffer = Buffer.alloc(0);
  #isAnswering = false;
  #isLast = false;
  #hasEnded = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #moreHeaders: readonly string[] = [];
  #left: ((isAnswered: boolean) => void) | undefined;

  constructor(socket: Socket, parts: FastDoorParts, handOver: () => void) {
    this.#socket = socket;
    this.#parts = parts;
    this.#handOver = handOver;
    socket.setTimeout(parts.headersMs);
    socket.on("data", this.#take);
    socket.on("timeout", this.#late);
    socket.on("end", this.#end);
    socket.on("close", this.#closed);
    socket.on("error", this.#broken);
  }

  get connection(): object {
    return this.#socket;
  }

  get isOver(): boolean {
    return !this.#isAnswering || this.#socket.destroyed;
  }

  collect(bytesMax: number, whole: (body: Buffer) => void, _refused: (error: CalybrisError) => void): void {
    if (this.#body.byteLength <= bytesMax) whole(this.#body);
  }

  addHeaders(headers: readonly string[]): void {
    this.#moreHeaders = headers;
  }

  closeAfter(): void {
    this.#isLast = true;
  }

  onLeft(left: (isAnswered: boolean) => void): void {
    this.#left = left;
  }

  sendPieces(): void {
    throw new TypeError("a decision is not sent in pieces");
  }

  send(status: number, text: string, contentType: string, headers?: readonly string[], isAscii?: boolean): void {
    const isLast = this.#isLast || this.#hasEnded;
    const more = headers === undefined ? this.#moreHeaders : [...this.#moreHeaders, ...headers];
    const bytes = isAscii === true ? text.length : Buffer.byteLength(text);
    const isTaken = this.#socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${contentType}\r\ncontent-length: ${bytes}\r\n${SAFE}${more.length === 0 ? "" : headerLines(more)}${dateLine()}${isLast ? CLOSE : this.#parts.keepAlive}\r\n${text}`,
      // The same bytes where no character takes more than one, and written several times as fast.
      bytes === text.length ? "latin1" : "utf8",
    );
    this.#isAnswering = false;
    this.#moreHeaders = [];
    this.#leave(true);
    if (isLast) this.#socket.end();
    else if (this.#heldBytes > 0) this.#giveUp();
    else if (!isTaken) {
      this.#socket.pause();
      this.#socket.once("drain", this.#drained);
    }
  }

  closeIfIdle(): void {
    if (!this.#isAnswering) this.#socket.destroy();
  }

  close(): void {
    this.#socket.destroy();
  }

  readonly #take = (piece: Buffer): void => {
    const isFirst = this.#heldBytes === 0;
    if (this.#isAnswering || !isFirst) this.#hold(piece);
    if (this.#isAnswering) {
      if (this.#heldBytes > HELD_BYTES_MAX) this.#socket.pause();
      return;
    }
    const arrived = this.#readPlain(isFirst ? piece : Buffer.concat(this.#held));
    if (arrived === "whole") this.#ask();
    else if (isFirst) {
      this.#hold(piece);
      this.#socket.setTimeout(this.#parts.headersMs);
    }
    // Some send the body after the head; who sends in more than two pieces has time.
    if (arrived === "not plain" || (arrived === "partly" && !isFirst)) this.#giveUp();
  };

  #hold(piece: Buffer): void {
    this.#held.push(piece);
    this.#heldBytes += piece.byteLength;
  }

  #ask(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#isAnswering = true;
    if (this.#socket.timeout !== this.#parts.idleMs) this.#socket.setTimeout(this.#parts.idleMs);
    this.#parts.receive(this);
  }

  /** Takes a plain request apart that is all there is. */
  #readPlain(bytes: Buffer): "whole" | "partly" | "not plain" {
    const { headerBytesMax, bodyBytesMax } = this.#parts;
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd === -1 || headEnd + HEAD_END.byteLength > headerBytesMax) return "not plain";
    const head = readPlainHead(bytes.toString("latin1", 0, headEnd + 2));
    if (head === undefined || head.length > bodyBytesMax) return "not plain";
    const bodyAt = headEnd + HEAD_END.byteLength;
    if (bytes.byteLength > bodyAt + head.length) return "not plain";
    if (bytes.byteLength < bodyAt + head.length) return "partly";
    this.headers = head.headers;
    this.#body = bytes.subarray(bodyAt);
    return "whole";
  }

  /** Everything that has arrived and was not answered goes to Node's server, which reads it as if it had come there. */
  #giveUp(): void {
    const socket = this.#socket;
    socket.off("data", this.#take);
    socket.off("timeout", this.#late);
    socket.off("end", this.#end);
    socket.off("close", this.#closed);
    socket.off("error", this.#broken);
    socket.off("drain", this.#drained);
    socket.setTimeout(0);
    socket.pause();
    const held = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#handOver();
    socket.unshift(held);
    socket.resume();
  }

  /** Nothing came for too long. Half a request is for Node's server to answer; when one is being answered, the disk is slow. */
  readonly #late = (): void => {
    if (this.#isAnswering) return;
    if (this.#heldBytes > 0) this.#giveUp();
    else this.#socket.destroy();
  };

  /** No more requests will come; one that is being answered still is. */
  readonly #end = (): void => {
    this.#hasEnded = true;
    if (!this.#isAnswering) this.#socket.end();
  };

  /** Whoever takes no answers is asked for no more requests. */
  readonly #drained = (): void => {
    this.#socket.resume();
  };

  readonly #closed = (): void => {
    this.#isAnswering = false;
    this.#leave(false);
  };

  /** The close that follows says all there is to say. */
  readonly #broken = (): void => undefined;

  #leave(isAnswered: boolean): void {
    const left = this.#left;
    this.#left = undefined;
    left?.(isAnswered);
  }
}

const SAFE = headerLines(SAFE_HEADERS);
const CLOSE = "Connection: close\r\n";

function headerLines(headers: readonly string[]): string {
  let lines = "";
  for (let index = 0; index < headers.length; index += 2) lines += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return lines;
}

let dateSecond = 0;
let dateText = "";

/** Changes once a second. */
function dateLine(): string {
  const second = Math.trunc(Date.now() / MS_PER_SECOND);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = `Date: ${new Date(second * MS_PER_SECOND).toUTCString()}\r\n`;
  }
  return dateText;
}
