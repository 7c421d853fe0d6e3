/**
 * Bytes at fixed width, little-endian, without padding: how every digest of the published formats is laid out
 * (docs/formats.md). The conversions between bytes and text, hexadecimal and UTF-8, are here too.
 * @module
 */
import { invariant } from "./invariant.ts";

const utf8 = new TextEncoder();
/** Encoded tags. There are few, and each decision writes three. */
const TAGS = new Map<string, Uint8Array>();
const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const DIGEST_BYTES = 32;
const DIGIT_CODES: Uint8Array = utf8.encode("0123456789abcdef");
/** Output buffer, allocated once. */
const digestCodes = new Array<number>(2 * DIGEST_BYTES).fill(0);
/** The value of a hexadecimal digit by its character code; negative for anything else. */
const DIGIT_VALUES: Int8Array = Int8Array.from({ length: 128 }, (_, code) =>
  "0123456789abcdef".indexOf(String.fromCharCode(code)),
);

/** Writes fields in order. Values were checked when their units were constructed; here each only gets its width. */
export class ByteWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Eight ASCII characters and a NUL. */
  tag(tag: string): this {
    return this.raw(TAGS.get(tag) ?? tagBytes(tag));
  }

  u8(value: number): this {
    this.#view.setUint8(this.#advance(1), value);
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#advance(2), value, true);
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#advance(4), value, true);
    return this;
  }

  u64(value: bigint): this {
    this.#view.setBigUint64(this.#advance(8), value, true);
    return this;
  }

  i64(value: bigint): this {
    this.#view.setBigInt64(this.#advance(8), value, true);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#advance(bytes.byteLength));
    return this;
  }

  /** Starts over. Bytes that {@link finish} returned before are overwritten. */
  reset(): this {
    this.#length = 0;
    return this;
  }

  /** The bytes written so far; a view, not a copy. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #advance(bytes: number): number {
    const offset = this.#length;
    this.#length += bytes;
    if (this.#length > this.#bytes.byteLength) invariant(false, `${this.#bytes.byteLength} bytes were foreseen`);
    return offset;
  }
}

function tagBytes(tag: string): Uint8Array {
  invariant(/^[a-z0-9]{8}$/.test(tag), `a tag is eight characters, got ${tag}`);
  const bytes = utf8.encode(`${tag}\0`);
  TAGS.set(tag, bytes);
  return bytes;
}

/**
 * Hexadecimal digits of bytes. A digest is built as one flat string: a concatenated one would be flattened when it is read.
 */
export function toHex(bytes: Uint8Array): string {
  if (bytes.byteLength === DIGEST_BYTES) {
    for (let index = 0; index < DIGEST_BYTES; index++) {
      const byte = bytes[index] as number;
      digestCodes[2 * index] = DIGIT_CODES[byte >> 4] as number;
      digestCodes[2 * index + 1] = DIGIT_CODES[byte & 15] as number;
    }
    return String.fromCharCode.apply(undefined, digestCodes);
  }
  let hex = "";
  for (let index = 0; index < bytes.byteLength; index++) hex += HEX_OF_BYTE[bytes[index] as number];
  return hex;
}

/** The inverse of {@link toHex}; `undefined` for anything that it does not produce. */
export function fromHex(hex: string): Uint8Array | undefined {
  if (hex.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.byteLength; index++) {
    const high = DIGIT_VALUES[hex.charCodeAt(index * 2)] ?? -1;
    const low = DIGIT_VALUES[hex.charCodeAt(index * 2 + 1)] ?? -1;
    if ((high | low) < 0) return undefined;
    bytes[index] = (high << 4) | low;
  }
  return bytes;
}

/** Writes a digest of 64 hexadecimal digits to `out` as 32 bytes. False for anything that {@link toHex} does not produce. */
export function digestFromHex(hex: string, out: Uint8Array, at: number): boolean {
  let isHex = hex.length === 2 * DIGEST_BYTES;
  for (let index = 0; isHex && index < DIGEST_BYTES; index++) {
    const high = DIGIT_VALUES[hex.charCodeAt(index * 2)] ?? -1;
    const low = DIGIT_VALUES[hex.charCodeAt(index * 2 + 1)] ?? -1;
    isHex = (high | low) >= 0;
    out[at + index] = (high << 4) | low;
  }
  return isHex;
}

/** Encodes well-formed text as UTF-8. A lone surrogate would silently become U+FFFD, so it is refused. */
export function toUtf8(text: string): Uint8Array {
  invariant(text.isWellFormed(), "text is well-formed Unicode");
  return utf8.encode(text);
}

/** Whether two byte strings are equal. Only for public bytes: it does not run in constant time. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at]);
}
