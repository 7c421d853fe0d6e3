/**
 * Cuts a byte stream into events as they become complete, without decoding it. Lines end with LF, CR or CRLF, in any mixture
 * and at any cut; a cut within a character changes nothing, since no byte of one is a line end.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import { SseBlock } from "./sse-block.ts";

const [LF, CR] = [0x0a, 0x0d];
const HELD_BYTES_MIN = 4_096;
/** A larger buffer is given back when its event is complete: few events are large. */
const HELD_BYTES_KEPT = 64 * 1024;

/** The last event of a response holds all of the answer, images included. */
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
  /** The bytes of an event that is not complete. */
  #held: Buffer = Buffer.alloc(0);
  #heldBytes = 0;
  #lineCount = 0;
  #isAtLineStart = true;
  /** The last byte was a CR that ended a line: an LF that follows belongs to it. */
  #isAfterReturn = false;
  #leadBytes: 0 | 1 = 0;

  /** @param eventBytesMax - of one event; a stream that never ends a line must not take all memory. */
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

  /** What is left of an event whose end never came; `undefined` when the last one was complete. */
  end(): SseBlock | undefined {
    if (!this.#isAtLineStart) this.#lineCount += 1;
    return this.#heldBytes === 0 ? undefined : this.#complete(Buffer.alloc(0));
  }

  /** Returns where the piece's own lines begin. */
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

  /** Copies, into a buffer that doubles: a view would keep the whole piece alive, and a list of views all of them. */
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
