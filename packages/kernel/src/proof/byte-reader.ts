/**
 * Reads the output of a `ByteWriter`: fixed widths, little-endian. It never reads beyond the end, and the end must be
 * reached.
 * @module
 */
import { CalybrisError } from "../errors.ts";

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #format: string;
  #at = 0;

  /** @param format - the name of the format, for the error. */
  constructor(bytes: Uint8Array, format: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#format = format;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** A copy of the next bytes. */
  raw(count: number): Uint8Array {
    const from = this.#advance(count);
    return this.#bytes.slice(from, from + count);
  }

  /** A presence or Boolean byte: exactly 0 or 1. */
  flag(what: string): boolean {
    const value = this.u8();
    if (value > 1) throw this.malformed(`has ${value} for ${what}; 0 or 1 is meant`);
    return value === 1;
  }

  /** The remaining bytes. */
  rest(): Uint8Array {
    return this.raw(this.#bytes.byteLength - this.#at);
  }

  end(): void {
    const left = this.#bytes.byteLength - this.#at;
    if (left > 0) throw this.malformed(`has ${left} bytes after its end`);
  }

  malformed(problem: string): CalybrisError {
    return new CalybrisError("CAL_PROOF_MALFORMED", { format: this.#format, problem });
  }

  #advance(count: number): number {
    const from = this.#at;
    if (count > this.#bytes.byteLength - from) throw this.malformed("ends too early");
    this.#at += count;
    return from;
  }
}
