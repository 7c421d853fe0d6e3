/**
 * Finds the spans of a JSON object's members in its bytes. One pass, piece by piece, with memory only for top-level members,
 * so that a request can be validated off the deciding thread and edited without rewriting it.
 *
 * The complete text is validated: UTF-8, the grammar of RFC 8259, nesting, and duplicate top-level members. At deeper
 * levels, duplicates and lone surrogates are left to the reader; `membersOf` checks one level further down.
 * @module
 */
import { isAscii } from "node:buffer";
import { GatewayError } from "../gateway-errors.ts";
import { type JsonState, NumberGrammar, WORDS } from "./json-tokens.ts";

/** Offsets in the body, in bytes; an end is exclusive. */
export interface MemberSpan {
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface JsonSpans {
  readonly members: ReadonlyMap<string, MemberSpan>;
  /** Offset of the object's `{`. */
  readonly open: number;
  /** Offset for an additional member: after the last value, or after `{`. */
  readonly insertAt: number;
  /** The number of all values, including the object itself. */
  readonly valueCount: number;
}

export interface SpanBounds {
  readonly bytesMax: number;
  readonly nestingMax: number;
  readonly valuesMax: number;
  /** Path of the object in the document, for errors: empty, or `stream_options.`. */
  readonly path?: string;
}

/** Bounds of a model call's body. 32 MB is Anthropic's own limit. */
export const CALL_BOUNDS: SpanBounds = { bytesMax: 32 * 1024 * 1024, nestingMax: 256, valuesMax: 4 * 1024 * 1024 };

/** Bounded because keys are kept in memory; no dialect has a hundred fields. */
const MEMBERS_MAX = 1_024;
const KEY_BYTES_MAX = 1_024;

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
/** A key without escapes and multi-byte characters. */
const PLAIN_KEY = /^[A-Za-z0-9_.-]*$/;
const ESCAPED = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)));

/** 1 for bytes that end a run of plain characters in a string: quote, backslash, control characters. */
const ENDS_RUN: Uint8Array = Uint8Array.from({ length: 256 }, (_none, byte) =>
  byte === QUOTE || byte === BACKSLASH || byte < 0x20 ? 1 : 0,
);

/**
 * @example
 * ```ts
 * const scan = new JsonSpanScanner(CALL_BOUNDS);
 * scan.push(Buffer.from('{"model":"a","str'));
 * scan.push(Buffer.from('eam":true}'));
 * scan.end().members.get("stream"); // { keyStart: 13, valueStart: 22, valueEnd: 26 }
 * ```
 */
export class JsonSpanScanner {
  readonly #bounds: SpanBounds;
  readonly #members = new Map<string, MemberSpan>();
  /** Created on demand: most bodies do not need it, and creating one takes as long as scanning a short body. */
  #decoder: TextDecoder | undefined;
  readonly #number = new NumberGrammar();
  /** The open bracket of each level, from 1. */
  readonly #open: number[] = [0];
  #mayBeWithinCharacter = false;
  #state: JsonState = "value";
  #nesting = 0;
  #valueCount = 0;
  /** Total bytes of the earlier pieces. */
  #before = 0;
  #isKey = false;
  #escapeDigits = 0;
  #word = "";
  #wordAt = 0;
  #key = "";
  #keyStart = 0;
  #valueStart = 0;
  #start = 0;
  #insertAt = 0;

  constructor(bounds: SpanBounds) {
    this.#bounds = bounds;
  }

  /**
   * @throws GatewayError `CAL_GATEWAY_BODY_TOO_LARGE` before reading a piece beyond the bound; `CAL_GATEWAY_BODY_MALFORMED`;
   *   `CAL_GATEWAY_BODY_TOO_COSTLY`; `CAL_GATEWAY_REQUEST_INVALID` naming a member that is set twice.
   */
  push(piece: Uint8Array): void {
    if (this.#before + piece.byteLength > this.#bounds.bytesMax)
      throw new GatewayError("CAL_GATEWAY_BODY_TOO_LARGE", { bytesMax: this.#bounds.bytesMax });
    this.#requireUtf8(piece);
    for (let at = 0; at < piece.byteLength; ) at = this.#step(piece, at);
    this.#before += piece.byteLength;
  }

  /** @throws GatewayError `CAL_GATEWAY_BODY_MALFORMED` if the object is incomplete. */
  end(): JsonSpans {
    if (this.#state !== "end") throw this.#malformed("is not JSON: it ends too early", 0);
    return {
      members: this.#members,
      open: this.#start,
      insertAt: this.#insertAt,
      valueCount: this.#valueCount,
    };
  }

  #requireUtf8(piece: Uint8Array): void {
    if (!this.#mayBeWithinCharacter && isAscii(piece)) return;
    this.#decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    try {
      this.#decoder.decode(piece, { stream: true });
    } catch {
      throw this.#malformed("is not UTF-8 text", 0);
    }
    this.#mayBeWithinCharacter = (piece.at(-1) ?? 0xff) >= 0x80;
  }

  /** Reads at least one byte; a string or number to its end. Returns the offset of the next byte. */
  #step(piece: Uint8Array, at: number): number {
    if (this.#state === "text") return this.#readText(piece, at);
    if (this.#state === "number") return this.#readNumber(piece, at);
    const byte = piece[at] ?? 0;
    if (this.#state === "word") this.#readWord(byte, at);
    else if (this.#state === "escape") this.#readEscape(byte, at);
    else if (this.#state === "hex") this.#readHex(byte, at);
    else if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) this.#readToken(byte, at);
    return at + 1;
  }

  #readToken(byte: number, at: number): void {
    const state = this.#state;
    if (state === "colon") {
      if (byte !== COLON) throw this.#unexpected(byte, at, "`:`");
      this.#state = "value";
    } else if (state === "after") this.#readAfter(byte, at);
    else if (state === "key" || state === "first key") {
      if (state === "first key" && byte === CLOSE_OBJECT) this.#close(at);
      else if (byte === QUOTE) this.#beginKey(at);
      else throw this.#unexpected(byte, at, "a key in double quotes");
    } else if (state === "first item" && byte === CLOSE_LIST) this.#close(at);
    else if (state === "end") throw this.#unexpected(byte, at, "nothing more");
    else this.#beginValue(byte, at);
  }

  #readAfter(byte: number, at: number): void {
    const open = this.#open[this.#nesting];
    if (byte === COMMA) this.#state = open === OPEN_OBJECT ? "key" : "value";
    else if (byte === (open === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_LIST)) this.#close(at);
    else throw this.#unexpected(byte, at, open === OPEN_OBJECT ? "`,` or `}`" : "`,` or `]`");
  }

  #beginValue(byte: number, at: number): void {
    this.#valueCount += 1;
    const { valuesMax } = this.#bounds;
    if (this.#valueCount > valuesMax)
      throw new GatewayError("CAL_GATEWAY_BODY_TOO_COSTLY", { problem: `it has more than ${valuesMax} values` });
    if (this.#nesting === 0 && byte !== OPEN_OBJECT) throw this.#unexpected(byte, at, "an object");
    if (this.#nesting === 1) this.#valueStart = this.#before + at;
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#openBracket(byte, at);
    else if (byte === QUOTE) this.#state = "text";
    else if (this.#number.begin(byte)) this.#state = "number";
    else {
      this.#word = WORDS.get(byte) ?? "";
      if (this.#word === "") throw this.#unexpected(byte, at, "a value");
      this.#wordAt = 1;
      this.#state = "word";
    }
  }

  #openBracket(byte: number, at: number): void {
    const { nestingMax } = this.#bounds;
    if (this.#nesting === nestingMax) throw this.#malformed(`is nested more than ${nestingMax} deep`, at);
    if (this.#nesting === 0) {
      this.#start = this.#before + at;
      this.#insertAt = this.#start + 1;
    }
    this.#nesting += 1;
    this.#open[this.#nesting] = byte;
    this.#state = byte === OPEN_OBJECT ? "first key" : "first item";
  }

  #close(at: number): void {
    this.#nesting -= 1;
    this.#endValue(at + 1);
  }

  /** @param end - exclusive offset in the piece. */
  #endValue(end: number): void {
    this.#state = this.#nesting === 0 ? "end" : "after";
    if (this.#nesting !== 1) return;
    const valueEnd = this.#before + end;
    this.#members.set(this.#key, { keyStart: this.#keyStart, valueStart: this.#valueStart, valueEnd });
    this.#insertAt = valueEnd;
  }

  get #isTopKey(): boolean {
    return this.#isKey && this.#nesting === 1;
  }

  #beginKey(at: number): void {
    this.#isKey = true;
    this.#state = "text";
    if (this.#nesting !== 1) return;
    this.#keyStart = this.#before + at;
    this.#key = "";
  }

  #readText(piece: Uint8Array, from: number): number {
    const { byteLength } = piece;
    let at = from;
    while (at < byteLength && ENDS_RUN[piece[at] ?? 0] === 0) at += 1;
    if (this.#isTopKey) this.#addToKey(piece, from, at);
    if (at === byteLength) return at;
    const byte = piece[at] ?? 0;
    if (byte < 0x20) throw this.#malformed("is not JSON: a text holds a control character that is not escaped", at);
    if (byte === QUOTE) this.#endText(at);
    else this.#state = "escape";
    if (byte === BACKSLASH && this.#isTopKey) this.#addToKey(piece, at, at + 1);
    return at + 1;
  }

  #endText(at: number): void {
    if (!this.#isKey) {
      this.#endValue(at + 1);
      return;
    }
    this.#isKey = false;
    this.#state = "colon";
    if (this.#nesting === 1) this.#endKey();
  }

  #addToKey(piece: Uint8Array, from: number, to: number): void {
    const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    this.#key += bytes.toString("latin1", from, to);
    if (this.#key.length > KEY_BYTES_MAX)
      throw new GatewayError("CAL_GATEWAY_BODY_TOO_COSTLY", { problem: `a key has more than ${KEY_BYTES_MAX} bytes` });
  }

  /** Decodes the key, which was collected byte by byte in its written form, with escapes. */
  #endKey(): void {
    const written = this.#key;
    const isPlain = PLAIN_KEY.test(written);
    const key = isPlain ? written : (JSON.parse(`"${Buffer.from(written, "latin1").toString()}"`) as string);
    this.#key = key;
    if (this.#members.has(key)) {
      const path = `${this.#bounds.path ?? ""}${key}`;
      const mistake = { path, problem: "is set twice", remedy: "Set it once." };
      throw new GatewayError("CAL_GATEWAY_REQUEST_INVALID", { mistakes: [mistake] });
    }
    if (this.#members.size === MEMBERS_MAX)
      throw new GatewayError("CAL_GATEWAY_BODY_TOO_COSTLY", { problem: `it has more than ${MEMBERS_MAX} fields` });
  }

  #readEscape(byte: number, at: number): void {
    if (byte === 0x75) {
      this.#state = "hex";
      this.#escapeDigits = 0;
    } else if (ESCAPED.has(byte)) this.#state = "text";
    else throw this.#malformed("is not JSON: a text holds an unknown escape", at);
    if (this.#isTopKey) this.#key += String.fromCharCode(byte);
  }

  #readHex(byte: number, at: number): void {
    if (!isHexDigit(byte)) throw this.#malformed("is not JSON: a text holds an unknown escape", at);
    this.#escapeDigits += 1;
    if (this.#escapeDigits === 4) this.#state = "text";
    if (this.#isTopKey) this.#key += String.fromCharCode(byte);
  }

  #readNumber(piece: Uint8Array, from: number): number {
    let at = from;
    while (at < piece.byteLength && this.#number.take(piece[at] ?? 0)) at += 1;
    if (at === piece.byteLength) return at;
    if (!this.#number.isComplete) throw this.#unexpected(piece[at] ?? 0, at, "a digit");
    this.#endValue(at);
    return at;
  }

  #readWord(byte: number, at: number): void {
    if (byte !== this.#word.charCodeAt(this.#wordAt)) throw this.#unexpected(byte, at, `\`${this.#word}\``);
    this.#wordAt += 1;
    if (this.#wordAt === this.#word.length) this.#endValue(at + 1);
  }

  #unexpected(byte: number, at: number, wanted: string): GatewayError {
    const shown = byte > 0x20 && byte < 0x7f ? JSON.stringify(String.fromCharCode(byte)) : `byte ${byte}`;
    return this.#malformed(`is not JSON: expected ${wanted}, found ${shown}`, at);
  }

  #malformed(problem: string, at: number): GatewayError {
    return new GatewayError("CAL_GATEWAY_BODY_MALFORMED", { problem: `${problem} (byte ${this.#before + at})` });
  }
}

function isHexDigit(byte: number): boolean {
  const letter = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66);
}
