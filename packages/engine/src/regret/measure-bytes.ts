/**
 * The encoding of a measure of regret: floating-point numbers with their exact bits, integers of variable length, and text.
 * The same calls, in the same order, write and read it.
 * @module
 */
import type { FoldNumbers } from "@calybris/estimate";

export interface MeasureBytes extends FoldNumbers {
  /** Like `number`, for an integer of at most 2^53 − 1 in magnitude. */
  whole(value: number): number;
  text(value: string): string;
  /** Raw bytes. Reading returns a copy. */
  raw(value: Uint8Array): Uint8Array;
}

const FIRST_BYTES = 4_096;
const NUMBER_BYTES = 8;
/** Seven bits in each byte; 54 bits with the sign. */
const WHOLE_BYTES_MAX = 8;

export class MeasureWriter implements MeasureBytes {
  #bytes = Buffer.alloc(FIRST_BYTES);
  #end = 0;

  number(value: number): number {
    this.#reserve(NUMBER_BYTES);
    this.#end = this.#bytes.writeDoubleLE(value, this.#end);
    return value;
  }

  whole(value: number): number {
    this.#reserve(WHOLE_BYTES_MAX);
    // The sign is the lowest bit. Bitwise operators would truncate to 32 bits.
    let rest = Math.abs(value);
    let byte = (rest % 64) * 2 + (value < 0 ? 1 : 0);
    rest = Math.floor(rest / 64);
    while (rest > 0) {
      this.#bytes[this.#end++] = byte | 0x80;
      byte = rest % 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#end++] = byte;
    return value;
  }

  text(value: string): string {
    this.raw(Buffer.from(value));
    return value;
  }

  raw(value: Uint8Array): Uint8Array {
    this.whole(value.byteLength);
    this.#reserve(value.byteLength);
    this.#bytes.set(value, this.#end);
    this.#end += value.byteLength;
    return value;
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.byteLength) return;
    const larger = Buffer.alloc(Math.max(2 * this.#bytes.byteLength, this.#end + count));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }

  /** A copy of everything written so far. */
  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes.subarray(0, this.#end));
  }
}

/** Each method throws RangeError if the bytes end too early. */
export class MeasureReader implements MeasureBytes {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  number(): number {
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += NUMBER_BYTES;
    return value;
  }

  whole(): number {
    let byte = this.#bytes.readUInt8(this.#at++);
    const isNegative = (byte & 1) === 1;
    let value = (byte & 0x7f) >> 1;
    for (let scale = 64; byte >= 0x80; scale *= 128) {
      byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new RangeError("a whole number is too large");
    }
    return isNegative ? -value : value;
  }

  text(): string {
    return Buffer.from(this.raw()).toString("utf8");
  }

  raw(): Uint8Array {
    const count = this.whole();
    const bytes = this.#bytes.subarray(this.#at, this.#at + count);
    if (count < 0 || bytes.byteLength !== count) throw new RangeError("bytes are cut");
    this.#at += count;
    return Uint8Array.from(bytes);
  }

  /** Throws RangeError if bytes are left. */
  end(): void {
    if (this.#at !== this.#bytes.byteLength) throw new RangeError("more follows than was measured");
  }
}

/**
 * A count of items that follow. Each item takes at least one byte, so reading with a wrong count stops at the end of the
 * bytes.
 */
export function carryCount(bytes: MeasureBytes, count: number): number {
  const carried = bytes.whole(count);
  if (carried < 0) throw new RangeError("a count is below 0");
  return carried;
}
