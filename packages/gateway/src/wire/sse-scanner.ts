/**
 * Splits a byte stream into events as they complete, without decoding it. Lines end with LF, CR or CRLF, mixed, and split
 * across pieces in any way. A piece may end inside a character, because no byte of a multi-byte character is a line end.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import { SseBlock } from "./sse-block.ts";

const [LF, CR] = [0x0a, 0x0d];
const HELD_BYTES_MIN = 4_096;
/** A larger buffer is released when its event is complete, because few events are large. */
const HELD_BYTES_KEPT = 64 * 1024;

/** The last event of a response holds the complete answer, including images. */
export const EVENT_BYTES_MAX: number = 16 * 1024 * 1024;

/**
 * @example
 * ```ts
 * const scanner = new SseScanner();
 * scanner.push(Buffer.from("data: a\n\ndata: ")).map(({ data }) => data); // ["a"]
 * scanner.push(Buffer.from("b\r\n\r\n")).map(({ data }) => data); // ["b"]
 * ```
 */
export class SseScanner {
  readonly #eventBytesMax: number;
  /** The bytes of the incomplete event. */
  #held: Buffer = Buffer.alloc(0);
  #heldBytes = 0;
  #lineCount = 0;
  #isAtLineStart = true;
  /** The last byte was a CR that ended a line; a following LF belongs to it. */
  #isAfterReturn = false;
  #leadBytes: 0 | 1 = 0;

  /** @param eventBytesMax - maximum bytes of one event, so that a stream without line ends cannot exhaust memory. */
  constructor(eventBytesMax: number = EVENT_BYTES_MAX) {
    this.#eventBytesMax = eventBytesMax;
  }

  /**
   * The events that a piece completes.
   *
   * @throws GatewayError `CAL_GATEWAY_STREAM_BROKEN` for an event beyond the bound.
   */
  push(piece: Buffer): readonly SseBlock[] {
    const blocks: SseBlock[] = [];
    let from = 0;
    let at = this.#skipLineFeed(piece);
    let nextReturn = piece.indexOf(CR, at);
    for (let nextFeed = piece.indexOf(LF, at); nextFeed !== -1 || nextReturn !== -1; ) {
      const isReturn = nextReturn !== -1 && (nextFeed === -1 || nextReturn < nextFeed);
      const lineEnd = isReturn ? nextReturn : nextFeed;
      const isEmpty = this.#isAtLineStart && lineEnd === at;
      at = lineEnd + (isReturn && piece[lineEnd + 1] === LF ? 2 : 1);
      this.#isAfterReturn = isReturn && at === piece.byteLength && piece[at - 1] === CR;
      this.#isAtLineStart = true;
      if (isEmpty) {
        blocks.push(this.#complete(piece.subarray(from, at)));
        from = at;
      } else this.#lineCount += 1;
      if (isReturn) nextReturn = piece.indexOf(CR, at);
      if (nextFeed !== -1 && nextFeed < at) nextFeed = piece.indexOf(LF, at);
    }
    if (at < piece.byteLength) this.#isAtLineStart = false;
    this.#hold(piece.subarray(from));
    return blocks;
  }

  /** The remaining bytes of an incomplete event; `undefined` if the last event was complete. */
  end(): SseBlock | undefined {
    if (!this.#isAtLineStart) this.#lineCount += 1;
    return this.#heldBytes === 0 ? undefined : this.#complete(Buffer.alloc(0));
  }

  /** Returns the offset of the piece's first line, after the LF of a split CRLF. */
  #skipLineFeed(piece: Buffer): number {
    if (piece.byteLength === 0 || !this.#isAfterReturn) return 0;
    this.#isAfterReturn = false;
    if (piece[0] !== LF) return 0;
    if (this.#heldBytes === 0) this.#leadBytes = 1;
    return 1;
  }

  #complete(rest: Buffer): SseBlock {
    this.#requireRoom(rest.byteLength);
    const bytes = this.#heldBytes === 0 ? rest : Buffer.concat([this.#held.subarray(0, this.#heldBytes), rest]);
    const block = new SseBlock(bytes, this.#leadBytes, this.#lineCount);
    this.#heldBytes = 0;
    if (this.#held.byteLength > HELD_BYTES_KEPT) this.#held = Buffer.alloc(0);
    this.#leadBytes = 0;
    this.#lineCount = 0;
    return block;
  }

  /** Copies the rest into a buffer that grows by doubling; views would keep complete pieces in memory. */
  #hold(rest: Buffer): void {
    this.#requireRoom(rest.byteLength);
    const needed = this.#heldBytes + rest.byteLength;
    if (needed > this.#held.byteLength) {
      const grown = Buffer.allocUnsafeSlow(Math.max(HELD_BYTES_MIN, needed, 2 * this.#held.byteLength));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    rest.copy(this.#held, this.#heldBytes);
    this.#heldBytes = needed;
  }

  #requireRoom(bytes: number): void {
    if (this.#heldBytes + bytes > this.#eventBytesMax)
      throw new GatewayError("CAL_GATEWAY_STREAM_BROKEN", { problem: `an event exceeds ${this.#eventBytesMax} bytes` });
  }
}
