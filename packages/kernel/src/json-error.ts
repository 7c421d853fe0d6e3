/**
 * The error for a JSON text that is refused.
 * @module
 */

/** The reason that a text is refused, and its position. */
export class StrictJsonError extends Error {
  override readonly name = "StrictJsonError";
  /** The reason, as the end of a sentence that begins with the name of the document. */
  readonly problem: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;

  constructor(text: string, offset: number, problem: string) {
    const line = lineAt(text, offset);
    const column = offset === 0 ? 1 : offset - text.lastIndexOf("\n", offset - 1);
    super(`line ${line} column ${column} ${problem}`);
    this.problem = problem;
    this.line = line;
    this.column = column;
  }
}

/** The line of an offset, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

export function tooManyValues(text: string, offset: number, valuesMax: number): StrictJsonError {
  return new StrictJsonError(text, offset, `has more than ${valuesMax} values`);
}
