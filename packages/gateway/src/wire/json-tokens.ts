/**
 * The parts of JSON's grammar that a scanner of pieces needs: its states, literals and numbers.
 * @module
 */

/** The expected input. `text`, `escape` and `hex` are inside a string, `number` and `word` inside a number or literal. */
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

/** The three literals by their first letters. */
export const WORDS: ReadonlyMap<number, string> = new Map(
  ["true", "false", "null"].map((word) => [word.charCodeAt(0), word]),
);

const [MINUS, PLUS, POINT, ZERO, NINE] = [0x2d, 0x2b, 0x2e, 0x30, 0x39];
const CASE_BIT = 0x20;
const LETTER_E = 0x65;

type NumberPart = "minus" | "zero" | "whole" | "point" | "fraction" | "e" | "e sign" | "exponent";
const COMPLETE: ReadonlySet<NumberPart> = new Set(["zero", "whole", "fraction", "exponent"]);

/** The number grammar of RFC 8259, byte by byte. */
export class NumberGrammar {
  #part: NumberPart = "minus";

  /** Begins a number; returns whether a number can begin with this byte. */
  begin(byte: number): boolean {
    if (byte === MINUS) this.#part = "minus";
    else if (byte === ZERO) this.#part = "zero";
    else if (isDigit(byte)) this.#part = "whole";
    else return false;
    return true;
  }

  /** Returns whether the number continues with this byte. */
  take(byte: number): boolean {
    const next = isDigit(byte) ? this.#afterDigit(byte) : this.#afterSign(byte);
    if (next === undefined) return false;
    this.#part = next;
    return true;
  }

  /** Whether the bytes so far are a complete number. */
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
