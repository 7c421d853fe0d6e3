/**
 * Walks validated JSON byte by byte without parsing it, so that reading a body of 32 MB takes no additional memory. The
 * result is undefined for bytes that are not valid JSON; {@link JsonSpanScanner} validates them.
 * @module
 */

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const SPACE_MAX = 0x20;

/** Visits a value that begins at `at`. Returns its end if known, so that it is not read twice. */
export type VisitMember = (key: string, at: number) => number | undefined;
export type VisitItem = (at: number) => number | undefined;

/** Known keys are shorter; a longer key is unknown. */
const KEY_BYTES_MAX = 128;

export class JsonWalk {
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  isText(at: number): boolean {
    return this.#bytes[at] === QUOTE;
  }

  isList(at: number): boolean {
    return this.#bytes[at] === OPEN_LIST;
  }

  isObject(at: number): boolean {
    return this.#bytes[at] === OPEN_OBJECT;
  }

  isNull(at: number): boolean {
    return this.#bytes[at] === 0x6e;
  }

  /** Visits the members of an object; returns its end. */
  members(at: number, visit: VisitMember): number {
    for (let next = this.#space(at + 1); this.#bytes[next] !== CLOSE_OBJECT; ) {
      const keyEnd = this.#textEnd(next);
      const key = this.text(next, KEY_BYTES_MAX) ?? "";
      const valueAt = this.#space(this.#space(keyEnd) + 1);
      next = this.#space(visit(key, valueAt) ?? this.end(valueAt));
      if (this.#bytes[next] !== COMMA) return next + 1;
      next = this.#space(next + 1);
    }
    return this.#space(at + 1) + 1;
  }

  /** Visits the items of a list; returns its end. */
  items(at: number, visit: VisitItem): number {
    for (let next = this.#space(at + 1); this.#bytes[next] !== CLOSE_LIST; ) {
      next = this.#space(visit(next) ?? this.end(next));
      if (this.#bytes[next] !== COMMA) return next + 1;
      next = this.#space(next + 1);
    }
    return this.#space(at + 1) + 1;
  }

  /** The end of the value that begins at `at`. */
  end(at: number): number {
    const first = this.#bytes[at];
    if (first === QUOTE) return this.#textEnd(at);
    if (first === OPEN_OBJECT || first === OPEN_LIST) return this.#bracketEnd(at);
    let end = at;
    while (end < this.#bytes.length && !this.#endsScalar(this.#bytes[end] ?? 0)) end += 1;
    return end;
  }

  /** A string of at most `bytesMax` bytes as written; `undefined` for a longer one and for any other value. */
  text(at: number, bytesMax: number): string | undefined {
    if (!this.isText(at)) return undefined;
    const end = this.#textEnd(at);
    if (end - at - 2 > bytesMax) return undefined;
    const written = this.#bytes.toString("utf8", at + 1, end - 1);
    return written.includes("\\") ? (JSON.parse(`"${written}"`) as string) : written;
  }

  /** The beginning of a string: `bytesMax` bytes, or a few more to end between characters. */
  beginning(at: number, bytesMax: number): string {
    const end = this.#textEnd(at) - 1;
    let cut = Math.min(end, at + 1 + bytesMax);
    // The cut must not be inside an escape or a character of several bytes.
    for (let moved = 0; cut < end && moved < ESCAPE_BYTES_MAX && this.#isInside(at + 1, cut); moved += 1) cut += 1;
    const written = this.#bytes.toString("utf8", at + 1, cut);
    return written.includes("\\") ? (JSON.parse(`"${written}"`) as string) : written;
  }

  /** An integer from 0; `undefined` for anything else. */
  count(at: number): number | undefined {
    const value = Number(this.#bytes.toString("latin1", at, Math.min(this.end(at), at + DIGITS_MAX)));
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  }

  /** Whether a position is inside an escape or a character. */
  #isInside(from: number, at: number): boolean {
    if (((this.#bytes[at] ?? 0) & 0xc0) === 0x80) return true;
    for (let back = at - 1; back >= Math.max(from, at - ESCAPE_BYTES_MAX); back -= 1)
      if (this.#bytes[back] === BACKSLASH && this.#runBefore(back, from) % 2 === 0)
        return at - back < (this.#bytes[back + 1] === 0x75 ? 6 : 2);
    return false;
  }

  #textEnd(at: number): number {
    let quote = this.#quoteAfter(at + 1);
    while (this.#runBefore(quote, at + 1) % 2 === 1) quote = this.#quoteAfter(quote + 1);
    return quote + 1;
  }

  /** Searches nearby bytes first, which is faster than a native call. */
  #quoteAfter(from: number): number {
    const near = Math.min(from + NEAR_BYTES, this.#bytes.length);
    for (let at = from; at < near; at += 1) if (this.#bytes[at] === QUOTE) return at;
    return this.#bytes.indexOf(QUOTE, near);
  }

  /** The number of consecutive backslashes before a position. */
  #runBefore(at: number, from: number): number {
    let before = at - 1;
    while (before >= from && this.#bytes[before] === BACKSLASH) before -= 1;
    return at - 1 - before;
  }

  #bracketEnd(from: number): number {
    let depth = 0;
    for (let at = from; ; ) {
      const byte = this.#bytes[at];
      if (byte === QUOTE) {
        at = this.#textEnd(at);
        continue;
      }
      if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth += 1;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth -= 1;
      at += 1;
      if (depth === 0 || at >= this.#bytes.length) return at;
    }
  }

  #endsScalar(byte: number): boolean {
    return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_LIST || byte <= SPACE_MAX;
  }

  #space(at: number): number {
    let next = at;
    while (next < this.#bytes.length && (this.#bytes[next] ?? 0) <= SPACE_MAX) next += 1;
    return next;
  }
}

const ESCAPE_BYTES_MAX = 6;
const DIGITS_MAX = 24;
const NEAR_BYTES = 48;
