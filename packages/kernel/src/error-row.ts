/**
 * A row of the error table, and the parts that its messages share.
 * @module
 */

/** One mistake in a file or request: where it is, what is wrong, and how to fix it. */
export interface Mistake {
  /** The field, as a path from the root: `candidates[3].qualityBps`. Empty for the document as a whole. */
  readonly path: string;
  /** The problem, as the end of a sentence that begins with the path. */
  readonly problem: string;
  /** A full sentence. */
  readonly remedy: string;
  /** Line of the file, from 1, if the text is available. */
  readonly line?: number;
}

export interface ErrorRow<Details> {
  readonly status: number;
  readonly message: (details: Details) => string;
  readonly remedy: string;
}

export function row<Details>(status: number, message: (details: Details) => string, remedy: string): ErrorRow<Details> {
  return { status, message, remedy };
}

export function inFile(file: string | undefined): string {
  return file === undefined ? "" : ` in ${file}`;
}

export function quote(text: string): string {
  return JSON.stringify(text);
}

const MISTAKES_SHOWN_MAX = 3;

/** The number of mistakes, and the first few. */
export function listMistakes(mistakes: readonly Mistake[]): string {
  const shown = mistakes.slice(0, MISTAKES_SHOWN_MAX).map(describeMistake).join("; ");
  const more = mistakes.length - MISTAKES_SHOWN_MAX;
  const count = `${mistakes.length} mistake${mistakes.length === 1 ? "" : "s"}`;
  return `${count}: ${shown}${more > 0 ? `; and ${more} more` : ""}`;
}

/** One mistake as a sentence without its remedy. */
export function describeMistake(mistake: Mistake): string {
  const where = mistake.line === undefined ? "" : `line ${mistake.line}: `;
  return `${where}${mistake.path === "" ? "it" : mistake.path} ${mistake.problem}`;
}
