/**
 * The strict JSON parser: one pass over the text, no backtracking. It accepts RFC 8259, but refuses what the RFC leaves to
 * the implementation: duplicate keys, lone surrogates, the key `__proto__`, unbounded nesting. JSONC, for files that people
 * write, adds comments and trailing commas.
 * @module
 */
import type { ExactJson } from "./exact-value.ts";
import type { JsonBounds } from "./json-bounds.ts";
import {
  BACKSLASH,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  F,
  MINUS,
  NEWLINE,
  NINE,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  RETURN,
  SLASH,
  SPACE,
  T,
  TAB,
  ZERO,
} from "./json-characters.ts";
import { lineAt, StrictJsonError, tooManyValues } from "./json-error.ts";
import { isNumberPart, readNumber } from "./json-number.ts";

/** The place of a value in a document: keys and indices from the root. */
export type JsonPath = readonly (string | number)[];

/**
 * The offset of each member, by the object or list that holds it. The parser itself is the holder of the document, as `""`.
 */
export type MemberOffsets = Map<object, Map<string | number, number>>;

/** Any integer of up to this many digits is exact in a double. */
const SAFE_DIGITS = 15;
const SHOWN_CHARACTERS_MAX = 40;

export class JsonParser {
  readonly #text: string;
  readonly #bounds: JsonBounds;
  readonly #offsets: MemberOffsets | undefined;
  readonly #isWellFormed: boolean;
  /** The different keys so far; repeated keys share one string. */
  readonly #keys = new Map<string, string>();
  #at = 0;
  #nesting = 0;
  #valueCount = 0;

  /** @param offsets - filled with the offset of each member. */
  constructor(text: string, bounds: JsonBounds, offsets?: MemberOffsets) {
    this.#text = text;
    this.#bounds = bounds;
    this.#offsets = offsets;
    this.#isWellFormed = text.isWellFormed();
  }

  /** @throws StrictJsonError */
  document(): ExactJson {
    if (this.#text.startsWith("\ufeff")) throw this.#fault(0, "begins with a byte order mark");
    this.#skipSpace();
    if (this.#at === this.#text.length) throw this.#fault(0, "is empty");
    if (this.#offsets !== undefined) this.#note(this, "", this.#at);
    const value = this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#fault(this.#at, "has more text after its end");
    return value;
  }

  #value(): ExactJson {
    this.#valueCount += 1;
    const { valuesMax } = this.#bounds;
    if (this.#valueCount > valuesMax) throw tooManyValues(this.#text, this.#at, valuesMax);
    const code = this.#text.charCodeAt(this.#at);
    if (code === QUOTE) return this.#string();
    if (code === OPEN_OBJECT) return this.#object();
    if (code === OPEN_LIST) return this.#list();
    if (code === MINUS || (code >= ZERO && code <= NINE)) return this.#number();
    if (code === T) return this.#word("true", true);
    if (code === F) return this.#word("false", false);
    return this.#word("null", null);
  }

  #word(word: string, value: boolean | null): boolean | null {
    const end = this.#at + word.length;
    if (!this.#text.startsWith(word, this.#at) || isNumberPart(this.#text.charCodeAt(end)))
      throw this.#unexpected("a value");
    this.#at = end;
    return value;
  }

  #object(): ExactJson {
    const members: Record<string, ExactJson> = {};
    const from = this.#at;
    this.#open();
    while (this.#text.charCodeAt(this.#at) !== CLOSE_OBJECT) {
      const offset = this.#at;
      const key = this.#key();
      if (Object.hasOwn(members, key)) throw this.#duplicate(key, offset, from);
      if (this.#offsets !== undefined) this.#note(members, key, offset);
      this.#skipSpace();
      if (this.#text.charCodeAt(this.#at) !== COLON) throw this.#unexpected("`:`");
      this.#at += 1;
      this.#skipSpace();
      members[key] = this.#value();
      this.#separate(CLOSE_OBJECT, "`,` or `}`");
    }
    this.#close();
    return members;
  }

  #key(): string {
    const offset = this.#at;
    if (this.#text.charCodeAt(offset) !== QUOTE) throw this.#unexpected("a key in double quotes");
    const key = this.#string();
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    if (key === "__proto__") throw this.#fault(offset, 'has the key "__proto__", which is not allowed');
    const { keysMax } = this.#bounds;
    if (this.#keys.size === keysMax) throw this.#fault(offset, `has more than ${keysMax} different keys`);
    this.#keys.set(key, key);
    return key;
  }

  #list(): ExactJson {
    const items: ExactJson[] = [];
    this.#open();
    while (this.#text.charCodeAt(this.#at) !== CLOSE_LIST) {
      if (this.#offsets !== undefined) this.#note(items, items.length, this.#at);
      items.push(this.#value());
      this.#separate(CLOSE_LIST, "`,` or `]`");
    }
    this.#close();
    return items;
  }

  #open(): void {
    this.#nesting += 1;
    const { nestingMax } = this.#bounds;
    if (this.#nesting > nestingMax) throw this.#fault(this.#at, `is nested more than ${nestingMax} deep`);
    this.#at += 1;
    this.#skipSpace();
  }

  #close(): void {
    this.#nesting -= 1;
    this.#at += 1;
  }

  /** Passes the comma before another member; stops at the end of the object or list. */
  #separate(close: number, wanted: string): void {
    this.#skipSpace();
    const comma = this.#at;
    if (this.#text.charCodeAt(comma) !== COMMA) {
      if (this.#text.charCodeAt(comma) !== close) throw this.#unexpected(wanted);
      return;
    }
    this.#at += 1;
    this.#skipSpace();
    if (!this.#bounds.isJsonc && this.#text.charCodeAt(this.#at) === close)
      throw this.#fault(comma, "has a comma at the end of a list or an object, which JSON does not allow");
  }

  #string(): string {
    const from = this.#at + 1;
    for (let at = from; ; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        const value = this.#text.slice(from, at);
        if (!this.#isWellFormed) this.#requireWellFormed(value, from - 1);
        return value;
      }
      if (code === BACKSLASH) return this.#escapedString(at);
      // Past the end the code is NaN, which is not at least a space either.
      if (!(code >= SPACE)) throw this.#badCharacter(at);
    }
  }

  /** @param backslash - the first backslash. */
  #escapedString(backslash: number): string {
    const from = this.#at;
    let at = backslash;
    for (; ; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) at += this.#escapeCharacters(at) - 1;
      else if (!(code >= SPACE)) throw this.#badCharacter(at);
    }
    this.#at = at + 1;
    // The platform's parser gets text with escapes only as a lone string: see strict-json.ts.
    const value = JSON.parse(this.#text.slice(from, at + 1)) as string;
    this.#requireWellFormed(value, from);
    return value;
  }

  /** The length of an escape. */
  #escapeCharacters(at: number): 2 | 6 {
    const letter = this.#text.charAt(at + 1);
    if (letter === "") throw this.#badCharacter(at + 1);
    if (letter !== "u" && SHORT_ESCAPES.includes(letter)) return 2;
    if (letter === "u" && HEX4.test(this.#text.slice(at + 2, at + 6))) return 6;
    const shown = letter === "u" ? this.#text.slice(at, at + 6) : `\\${letter}`;
    throw this.#fault(at, `is not JSON: ${JSON.stringify(shown)} is not an escape`);
  }

  #requireWellFormed(value: string, offset: number): void {
    if (!value.isWellFormed()) throw this.#fault(offset, "has half of a surrogate pair in a text");
  }

  #badCharacter(at: number): StrictJsonError {
    if (at >= this.#text.length) return this.#fault(at, "is not JSON: it ends within a text");
    return this.#fault(at, "is not JSON: a text holds a control character that is not escaped");
  }

  /**
   * Exact: an integer beyond 2^53 is a `bigint`, and a fraction that rounds to an integer is NaN, which no field accepts.
   */
  #number(): number | bigint {
    const from = this.#at;
    const isNegative = this.#text.charCodeAt(from) === MINUS;
    const first = isNegative ? from + 1 : from;
    let at = first;
    let value = 0;
    let code = this.#text.charCodeAt(at);
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + (code - ZERO);
      at += 1;
      code = this.#text.charCodeAt(at);
    }
    const digits = at - first;
    const isShort = digits > 0 && digits <= SAFE_DIGITS && (digits === 1 || this.#text.charCodeAt(first) !== ZERO);
    if (!isShort || isNumberPart(code)) return this.#longNumber(from, at);
    this.#at = at;
    // Adding 0 turns −0 into 0.
    return (isNegative ? -value : value) + 0;
  }

  #longNumber(from: number, after: number): number | bigint {
    let at = after;
    while (isNumberPart(this.#text.charCodeAt(at))) at += 1;
    const literal = this.#text.slice(from, at);
    const value = readNumber(literal);
    if (value === undefined) throw this.#fault(from, `is not JSON: ${shown(literal)} is not a number`);
    this.#at = at;
    return value;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === SPACE || code === NEWLINE || code === RETURN || code === TAB) this.#at += 1;
      else if (code !== SLASH || !this.#skipComment()) return;
    }
  }

  #skipComment(): boolean {
    const isLine = this.#text.startsWith("//", this.#at);
    if (!isLine && !this.#text.startsWith("/*", this.#at)) return false;
    if (!this.#bounds.isJsonc) throw this.#fault(this.#at, "has a comment, which JSON does not allow");
    const end = this.#text.indexOf(isLine ? "\n" : "*/", this.#at + 2);
    if (end === -1 && !isLine) throw this.#fault(this.#at, "has a comment that does not end");
    this.#at = end === -1 ? this.#text.length : end + (isLine ? 1 : 2);
    return true;
  }

  #note(holder: object, key: string | number, offset: number): void {
    const known = this.#offsets?.get(holder);
    if (known === undefined) this.#offsets?.set(holder, new Map([[key, offset]]));
    else known.set(key, offset);
  }

  /** @param from - offset of the object, which is read again to find the first of the two keys. */
  #duplicate(key: string, offset: number, from: number): StrictJsonError {
    const first = new JsonParser(this.#text, this.#bounds).#offsetOfKey(key, from);
    return this.#fault(offset, `has a duplicate key ${shown(key)} (first on line ${lineAt(this.#text, first)})`);
  }

  /** The offset of a key in the object at `from`. The object must have the key. */
  #offsetOfKey(key: string, from: number): number {
    this.#at = from;
    this.#open();
    for (;;) {
      const offset = this.#at;
      if (this.#key() === key) return offset;
      this.#skipSpace();
      this.#at += 1;
      this.#skipSpace();
      this.#value();
      this.#separate(CLOSE_OBJECT, "`,` or `}`");
    }
  }

  #unexpected(wanted: string): StrictJsonError {
    const rest = this.#text.slice(this.#at, this.#at + SHOWN_CHARACTERS_MAX);
    if (rest === "") return this.#fault(this.#at, `is not JSON: it ends where ${wanted} is expected`);
    const found = /^[\p{L}\p{N}_]+|^./su.exec(rest)?.[0] ?? rest.charAt(0);
    return this.#fault(this.#at, `is not JSON: expected ${wanted}, found ${shown(found)}`);
  }

  #fault(offset: number, problem: string): StrictJsonError {
    return new StrictJsonError(this.#text, offset, problem);
  }
}

const SHORT_ESCAPES = '"\\/bfnrt';
const HEX4 = /^[0-9A-Fa-f]{4}$/;

function shown(text: string): string {
  const isShort = text.length <= SHOWN_CHARACTERS_MAX;
  return isShort ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, SHOWN_CHARACTERS_MAX))}…`;
}
