/**
 * One request and its answer, whichever path it takes: through Fastify, or the fast path.
 * @module
 */

/** Headers by their lower-case name. */
export interface RequestHeaders {
  readonly [name: string]: string | readonly string[] | undefined;
}

export interface Exchange {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly url: string;
  readonly headers: RequestHeaders;
  /** Identifies the connection; a key for what is remembered as long as it lasts. */
  readonly connection: object;
  /** The answer was sent, or the connection is gone. */
  readonly isOver: boolean;
  /** What is left of the request is short enough to be read and dropped; otherwise the answer closes the connection. */
  readonly hasArrived: boolean;
  /** Adds headers to the answer, name and value in turns. */
  addHeaders(headers: readonly string[]): void;
  /** The answer is the last of the connection. */
  closeAfter(): void;
  /** @param isAscii - whether the text is known to be ASCII; otherwise it is measured. */
  send(
    status: number,
    body: string | Uint8Array,
    contentType: string,
    headers?: readonly string[],
    isAscii?: boolean,
  ): void;
  /** Sends pieces as fast as they are taken. */
  sendPieces(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, head: PiecesHead): void;
  /** Called once: when the client has taken the answer, or the connection is gone. */
  onEnd(listener: EndListener): void;
  /** Called at most once: when the client closes its side or is gone before the answer ended. At once if it already did. */
  onLeave(left: () => void): void;
}

export interface EndListener {
  ended(isAnswered: boolean): void;
}

export interface PiecesHead {
  readonly status: number;
  readonly contentType: string;
  readonly headers: readonly string[];
  /** Called when the pieces failed before the head has left: another answer may be sent. */
  readonly refused: (error: unknown) => void;
  /** Called when the pieces failed later; the connection is closed then, because the status has left. */
  readonly failed: (error: unknown) => void;
}

/** On every answer: no copy is kept on the way, and the type is what it says. */
export const SAFE_HEADERS: readonly string[] = Object.freeze([
  "cache-control",
  "no-store",
  "x-content-type-options",
  "nosniff",
]);

/** Bytes of a refused request that are still read off the connection, so that it can carry the next one. */
export const DROPPED_BYTES_MAX: number = 64 * 1024;
