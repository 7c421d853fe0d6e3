/**
 * The mistakes in an input: each with its path, problem and remedy. Collection stops at a bound, so that the cost of
 * refusing an input does not grow with its number of mistakes.
 * @module
 */
import type { JsonPath, Mistake } from "@calybris/kernel";
import { nameRemedy } from "./nearest.ts";

/** Most mistakes reported at once. */
export const MISTAKES_MAX = 100;

/** The place of a path: a line of the text, or a description of a place in another file. */
export type PlaceOf = (path: JsonPath) => number | string | undefined;

export interface MistakeBounds {
  /** Length of the list; its last place is reserved for the note that checking stopped. */
  readonly max: number;
  /** Number of mistakes that get the nearest name as their remedy. Beyond it, the names are unlikely to be typing errors. */
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

  /** Whether the list is full, so that a search for more may stop. */
  get isFull(): boolean {
    return this.#found.length === this.#bounds.max - 1;
  }

  /** @param line - the line, if the place of the path does not give it. */
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

  /** The remedy for an unknown name. */
  remedyFor(written: string, known: readonly string[]): string {
    return this.#found.length < this.#bounds.suggestionsMax ? nameRemedy(written, known) : "Correct or remove it.";
  }

  /** An empty list for the same text, for a tentative check. */
  another(): Mistakes {
    return new Mistakes(this.#placeOf, this.#bounds);
  }

  addAll(others: Mistakes): void {
    for (const mistake of others.#found) if (!this.isFull) this.#found.push(mistake);
  }

  /** All mistakes; a full list ends with a note that there may be more. */
  get list(): readonly Mistake[] {
    if (!this.isFull) return this.#found;
    const problem = `was checked no further after ${this.#found.length} mistakes`;
    return [...this.#found, { path: "", problem, remedy: "Fix these first; there may be more." }];
  }
}

/** A single mistake. */
export function mistakeAt(path: JsonPath, problem: string, remedy: string): Mistake {
  return { path: pathText(path), problem, remedy };
}

const KEY_SHOWN_CHARACTERS_MAX = 128;

/** A path as `candidates[3].qualityBps`; a key longer than any name is cut. */
export function pathText(path: JsonPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += `${text === "" ? "" : "."}${cut(part, KEY_SHOWN_CHARACTERS_MAX)}`;
  }
  return text;
}

const VALUE_SHOWN_CHARACTERS_MAX = 60;
/** A longer integer is slow to write out, and its digits do not help. */
const INTEGER_SHOWN_BITS_MAX = 256;

/** A value as shown in an error: short, and distinguishable from text. */
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
