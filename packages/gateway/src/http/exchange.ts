/**
 * One request and its answer, however they travel: through Node's own server, or through the fast door.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { CalybrisError } from "@calybris/kernel";
import { collectBody } from "./body.ts";
import { sendPieces } from "./pieces.ts";

/** Headers by their name in small letters. */
export interface RequestHeaders {
  readonly [name: string]: string | readonly string[] | undefined;
}

export interface Exchange {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly url: string;
  readonly headers: RequestHeaders;
  /** What identifies the connection; for what is remembered as long as it lasts. */
  readonly connection: object;
  /** Whoever asked has gone, or has been answered. */
  readonly isOver: boolean;
  /** Calls one of the two, once; neither when the client goes away first. */
  collect(bytesMax: number, whole: (body: Buffer) => void, refused: (error: CalybrisError) => void): void;
  /** Adds headers to the answer, name and value in turns. */
  addHeaders(headers: readonly string[]): void;
  /** The answer is the last of the connection. */
  closeAfter(): void;
  /** Whether the request has arrived, or what is left of it is little; of another nobody wants to see the rest. */
  readonly hasArrived: boolean;
  /** @param isAscii - whether the text is known to be; else it is looked at. */
  send(status: number, text: string, contentType: string, headers?: readonly string[], isAscii?: boolean): void;
  sendPieces(pieces: Iterable<Uint8Array>, contentType: string): void;
  /** Called when the answer has left, or nobody waits for it any more; told whether it left. */
  onLeft(left: (isAnswered: boolean) => void): void;
}

/** Through Node's own server. */
export class NodeExchange implements Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  get url(): string {
    return this.#request.url ?? "";
  }

  get headers(): RequestHeaders {
    return this.#request.headers;
  }

  get connection(): object {
    return this.#request.socket;
  }

  get isOver(): boolean {
    return this.#response.destroyed || this.#response.headersSent;
  }

  get hasArrived(): boolean {
    return this.#request.complete || Number(this.#request.headers["content-length"] ?? Number.NaN) <= LEFT_BYTES_MAX;
  }

  collect(bytesMax: number, whole: (body: Buffer) => void, refused: (error: CalybrisError) => void): void {
    collectBody(this.#request, bytesMax, whole, refused);
  }

  addHeaders(headers: readonly string[]): void {
    for (let index = 0; index < headers.length; index += 2)
      this.#response.setHeader(headers[index] as string, headers[index + 1] as string);
  }

  closeAfter(): void {
    this.#response.shouldKeepAlive = false;
  }

  send(status: number, text: string, contentType: string, headers?: readonly string[], isAscii?: boolean): void {
    const bytes = isAscii === true ? text.length : Buffer.byteLength(text);
    const head = ["content-type", contentType, "content-length", String(bytes), ...SAFE_HEADERS];
    if (headers !== undefined) head.push(...headers);
    this.#response.writeHead(status, head);
    this.#response.end(text, bytes === text.length ? "latin1" : "utf8");
  }

  sendPieces(pieces: Iterable<Uint8Array>, contentType: string): void {
    this.#response.writeHead(200, ["content-type", contentType, ...SAFE_HEADERS]);
    if (this.method === "HEAD") this.#response.end();
    else sendPieces(this.#response, pieces);
  }

  onLeft(left: (isAnswered: boolean) => void): void {
    this.#response.on("close", () => left(this.#response.writableFinished));
  }
}

/** Node's server takes so much off the connection by itself, and reads the next request after it. */
const LEFT_BYTES_MAX = 64 * 1024;

/** Of every answer: no copy of it is kept on the way, and it is what it says it is. */
export const SAFE_HEADERS: readonly string[] = Object.freeze([
  "cache-control",
  "no-store",
  "x-content-type-options",
  "nosniff",
]);
