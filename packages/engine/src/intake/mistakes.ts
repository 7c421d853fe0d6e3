/**
 * The mistakes in something that a person or a program wrote: each with its path, its problem and its remedy. Gathering
 * stops at a bound, so that a text of nothing but mistakes costs no more to refuse than a few.
 * @module
 */
import type { JsonPath, Mistake } from "@calybris/kernel";
import { nameRemedy } from "./nearest.ts";

/** The most that are reported at once. */
export const MISTAKES_MAX = 100;

/** Where a path is: a line of the text, or a place of another file in words. */
export type PlaceOf = (path: JsonPath) => number | string | undefined;

export interface MistakeBounds {
  /** The length of the list; its last place is kept for saying that it was checked no further. */
  readonly max: number;
  /** How many mistakes get the nearest name as their remedy. By then it is clear that no slip of the hand made them. */
  readonly suggestionsMax: number;
}

const BOUNDS: MistakeBounds = { max: MISTAKES_MAX, suggestionsMax: 20 };

export class Mistakes {
  readonly #bounds: MistakeBounds;
  readonly #placeOf: PlaceOf | undefined;
  readonly #found: Mistake[] = [];

  constructor(placeOf?: PlaceOf, bounds: MistakeBounds = BOUNDS) {
    this.#placeOf = placeOf;
    this.#bounds = bounds;
  }

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  /** No more are taken: a search for more may stop. */
  get isFull(): boolean {
    return this.#found.length === this.#bounds.max - 1;
  }

  /** @param line - where it is not the text as a whole that knows its lines. */
  add(path: JsonPath, problem: string, remedy: string, line?: number): void {
    if (this.isFull) return;
    const place = line ?? this.#placeOf?.(path);
    this.#found.push({
      path: pathText(path),
      problem: typeof place === "string" ? `${problem} (${place})` : problem,
      remedy,
      ...(typeof place === "number" ? { line: place } : {}),
    });
  }

  /** A remedy for an unknown name. */
  remedyFor(written: string, known: readonly string[]): string {
    return this.#found.length < this.#bounds.suggestionsMax ? nameRemedy(written, known) : "Correct or remove it.";
  }

  /** An empty list for the same text, to try something. */
  another(): Mistakes {
    return new Mistakes(this.#placeOf, this.#bounds);
  }

  addAll(others: Mistakes): void {
    for (const mistake of others.#found) if (!this.isFull) this.#found.push(mistake);
  }

  /** All that were found; a full list ends by saying that there may be more. */
  get list(): readonly Mistake[] {
    if (!this.isFull) return this.#found;
    const problem = `was checked no further after ${this.#found.length} mistakes`;
    return [...this.#found, { path: "", problem, remedy: "Fix these first; there may be more." }];
  }
}

/** One mistake by itself. */
export function mistakeAt(path: JsonPath, problem: string, remedy: string): Mistake {
  return { path: pathText(path), problem, remedy };
}

const KEY_SHOWN_CHARACTERS_MAX = 128;

/** `candidates[3].qualityBps`; a key that is longer than any name is cut. */
export function pathText(path: JsonPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += `${text === "" ? "" : "."}${cut(part, KEY_SHOWN_CHARACTERS_MAX)}`;
  }
  return text;
}

const VALUE_SHOWN_CHARACTERS_MAX = 60;
/** A larger integer takes long to write out, and says nothing. */
const INTEGER_SHOWN_BITS_MAX = 256;

/** A value as an error shows it: short, and distinct from text. */
export function showValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string")
    return cut(JSON.stringify(cut(value, VALUE_SHOWN_CHARACTERS_MAX)), VALUE_SHOWN_CHARACTERS_MAX);
  if (typeof value === "bigint" && BigInt.asIntN(INTEGER_SHOWN_BITS_MAX, value) !== value)
    return `an integer of more than ${INTEGER_SHOWN_BITS_MAX} bits`;
  return cut(String(value), VALUE_SHOWN_CHARACTERS_MAX);
}

function cut(text: string, charactersMax: number): string {
  return text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text;
}
