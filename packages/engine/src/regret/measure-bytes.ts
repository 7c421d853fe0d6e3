/**
 * What was measured of regret, as bytes: floating-point numbers with their exact bits, whole numbers in as many bytes as they need,
 * and text. Written and read in one order, by the same calls.
 * @module
 */
import type { FoldNumbers } from "@calybris/estimate";

export interface MeasureBytes extends FoldNumbers {
  /** As `number`, for a whole number of at most 2^53 − 1 in size. */
  whole(value: number): number;
  text(value: string): string;
  /** Bytes as they are; a copy when they are read. */
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
    // The sign is the lowest bit. Bit operators would cut at 32 bits.
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

  /** Everything written so far, in memory of its own. */
  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes.subarray(0, this.#end));
  }
}

/** Each method throws RangeError where the bytes end before. */
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

  /** Throws RangeError where more follows. */
  end(): void {
    if (this.#at !== this.#bytes.byteLength) throw new RangeError("more follows than was measured");
  }
}

/** How many follow, from 0 on. Each takes a byte at least, so a count that is wrong ends with the bytes. */
export function carryCount(bytes: MeasureBytes, count: number): number {
  const carried = bytes.whole(count);
  if (carried < 0) throw new RangeError("a count is below 0");
  return carried;
}
