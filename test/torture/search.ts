/**
 * Long searches: each looks for an input that breaks a promise, for as long as its budget allows. Every module in this
 * folder is a search, and exports `name` and `run` as in {@link Search}; the exceptions are listed in `runner.ts`.
 * @module
 */

export interface Budget {
  /** Everything random in the search follows from it. */
  readonly seed: number;
  /** How long to look. A search that stops early has looked at all it wanted to. */
  readonly milliseconds: number;
  /** Reports progress; may be called as often as one likes. */
  readonly progress?: (text: string) => void;
}

export interface Found {
  /** How many cases were tried. */
  readonly cases: number;
  /** What they were, when one number does not say it. */
  readonly summary?: string;
}

export interface Search {
  readonly name: string;
  /** Throws, with what is needed to see it again, when a promise does not hold. */
  readonly run: (budget: Budget) => Promise<Found>;
}
