/**
 * One request and its answer, on either path: Fastify or the fast path.
 * @module
 */

/** Headers by their lower-case name. */
export interface RequestHeaders {
  readonly [name: string]: string | readonly string[] | undefined;
}

export interface Exchange {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly headers: RequestHeaders;
  /** Identifies the connection; a key for data with the same lifetime. */
  readonly connection: object;
  /** Whether the answer was sent or the connection is closed. */
  readonly isOver: boolean;
  /** Whether the rest of the request is short enough to be discarded. Otherwise the answer closes the connection. */
  readonly hasArrived: boolean;
  /** Adds headers to the answer, names and values alternating. */
  addHeaders(headers: readonly string[]): void;
  /** Closes the connection after the answer. */
  closeAfter(): void;
  /** @param isAscii - whether the text is known to be ASCII; otherwise it is measured. */
  send(
    status: number,
    body: string | Uint8Array,
    contentType: string,
    headers?: readonly string[],
    isAscii?: boolean,
  ): void;
  /** Sends pieces as fast as the client takes them. */
  sendPieces(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, head: PiecesHead): void;
  /** Registers a listener that is called once, when the client has taken the answer or the connection is closed. */
  onEnd(listener: EndListener): void;
  /**
   * Calls `left` at most once, if the client closes its side or the connection before the answer ends; at once if it has.
   */
  onLeave(left: () => void): void;
}

export interface EndListener {
  ended(isAnswered: boolean): void;
}

export interface PiecesHead {
  readonly status: number;
  readonly contentType: string;
  readonly headers: readonly string[];
  /** Called if the pieces fail before the head is sent: another answer may be sent. */
  readonly refused: (error: unknown) => void;
  /** Called if the pieces fail later. The connection is closed, because the status is already sent. */
  readonly failed: (error: unknown) => void;
}

/** Headers of every answer: they forbid caching and content sniffing. */
export const SAFE_HEADERS: readonly string[] = Object.freeze([
  "cache-control",
  "no-store",
  "x-content-type-options",
  "nosniff",
]);

/** Maximum rest of a refused request that is read and discarded, so that the connection can be reused. */
export const DROPPED_BYTES_MAX: number = 64 * 1024;
