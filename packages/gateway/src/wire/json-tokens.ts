/**
 * The parts of JSON's grammar that a scanner meets between pieces: numbers, words and its own states.
 * @module
 */

/** What is expected next. `text`, `escape` and `hex` are within a text, `number` and `word` within those. */
export type JsonState =
  | "value"
  | "first key"
  | "key"
  | "colon"
  | "first item"
  | "after"
  | "text"
  | "escape"
  | "hex"
  | "number"
  | "word"
  | "end";

/** The three words by their first letters. */
export const WORDS: ReadonlyMap<number, string> = new Map(
  ["true", "false", "null"].map((word) => [word.charCodeAt(0), word]),
);

const [MINUS, PLUS, POINT, ZERO, NINE] = [0x2d, 0x2b, 0x2e, 0x30, 0x39];
const CASE_BIT = 0x20;
const LETTER_E = 0x65;

type NumberPart = "minus" | "zero" | "whole" | "point" | "fraction" | "e" | "e sign" | "exponent";
const COMPLETE: ReadonlySet<NumberPart> = new Set(["zero", "whole", "fraction", "exponent"]);

/** RFC 8259's number, one byte after another. */
export class NumberGrammar {
  #part: NumberPart = "minus";

  /** Whether a number may begin so. */
  begin(byte: number): boolean {
    if (byte === MINUS) this.#part = "minus";
    else if (byte === ZERO) this.#part = "zero";
    else if (isDigit(byte)) this.#part = "whole";
    else return false;
    return true;
  }

  /** Whether the number goes on with this byte. */
  take(byte: number): boolean {
    const next = isDigit(byte) ? this.#afterDigit(byte) : this.#afterSign(byte);
    if (next === undefined) return false;
    this.#part = next;
    return true;
  }

  /** Whether what was taken is a number. */
  get isComplete(): boolean {
    return COMPLETE.has(this.#part);
  }

  #afterDigit(byte: number): NumberPart | undefined {
    const part = this.#part;
    if (part === "minus") return byte === ZERO ? "zero" : "whole";
    if (part === "zero") return undefined;
    if (part === "whole" || part === "fraction" || part === "exponent") return part;
    return part === "point" ? "fraction" : "exponent";
  }

  #afterSign(byte: number): NumberPart | undefined {
    const part = this.#part;
    if (byte === POINT && (part === "zero" || part === "whole")) return "point";
    if ((byte | CASE_BIT) === LETTER_E && (part === "zero" || part === "whole" || part === "fraction")) return "e";
    return (byte === PLUS || byte === MINUS) && part === "e" ? "e sign" : undefined;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
