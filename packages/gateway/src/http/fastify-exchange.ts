/**
 * An exchange on the Fastify path.
 * @module
 */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { gathered } from "./chunked-answer.ts";
import { DROPPED_BYTES_MAX, type EndListener, type Exchange, type PiecesHead, SAFE_HEADERS } from "./exchange.ts";
import { NodeSide } from "./node-side.ts";

export class FastifyExchange implements Exchange {
  readonly #request: IncomingMessage;
  readonly #reply: FastifyReply;

  constructor(request: IncomingMessage, reply: FastifyReply) {
    this.#request = request;
    this.#reply = reply;
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  get url(): string {
    return this.#request.url ?? "";
  }

  get headers(): IncomingMessage["headers"] {
    return this.#request.headers;
  }

  get connection(): object {
    const { socket } = this.#request;
    return (socket as unknown) instanceof NodeSide ? (socket as unknown as NodeSide).owner : socket;
  }

  get isOver(): boolean {
    return this.#reply.sent || this.#reply.raw.destroyed;
  }

  get hasArrived(): boolean {
    const { complete, headers } = this.#request;
    if (complete) return true;
    const { expect, "content-length": length, "transfer-encoding": encoding } = headers;
    return expect === undefined && encoding === undefined && Number(length ?? 0) <= DROPPED_BYTES_MAX;
  }

  /** Sends `100 Continue` to a client that expects it. */
  continue(): void {
    if (this.#request.headers.expect !== undefined && !this.#request.complete) this.#reply.raw.writeContinue();
  }

  addHeaders(headers: readonly string[]): void {
    for (let index = 0; index < headers.length; index += 2)
      this.#reply.header(headers[index] as string, headers[index + 1]);
  }

  closeAfter(): void {
    this.#reply.header("connection", "close");
  }

  send(status: number, body: string | Uint8Array, contentType: string, headers: readonly string[] = []): void {
    this.#head(status, contentType, headers);
    // Fastify would add a charset to the type of JSON that it did not serialize.
    this.#reply.serializer(asItIs).send(body);
  }

  sendPieces(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, head: PiecesHead): void {
    this.#head(head.status, head.contentType, head.headers);
    if (this.method === "HEAD") {
      this.#reply.send("");
      return;
    }
    const source = Symbol.asyncIterator in pieces ? pieces : gathered(pieces);
    const stream = Readable.from(source, { objectMode: true, highWaterMark: 1 });
    // Before the head is sent, Fastify passes the error to its handler, which answers it.
    stream.on("error", (error) => {
      if (this.#reply.raw.headersSent) head.failed(error);
    });
    this.#reply.send(stream);
  }

  onEnd(listener: EndListener): void {
    const { raw } = this.#reply;
    raw.once("close", () => listener.ended(raw.writableFinished));
  }

  onLeave(left: () => void): void {
    const { socket } = this.#request;
    if ((socket as unknown) instanceof NodeSide) (socket as unknown as NodeSide).owner.onLeave(left);
  }

  #head(status: number, contentType: string, headers: readonly string[]): void {
    this.#reply.code(status);
    this.addHeaders(["content-type", contentType, ...SAFE_HEADERS, ...headers]);
  }
}

function asItIs(payload: unknown): string {
  return payload as string;
}
