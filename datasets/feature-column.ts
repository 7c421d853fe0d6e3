/**
 * A column of a user's table as integers. The type is detected from all cells: integers, decimals (multiplied by a power of
 * ten), dates (minutes since 1970), or words (codes, the most frequent first).
 * @module
 */
import { FEATURE_MISSING } from "@calybris/engine/internal";

export type ColumnKind = "number" | "code" | "date";

/** The conversion of cells to integers; it is reported with the prior fitted on them. */
export interface ColumnReading {
  readonly kind: ColumnKind;
  /** Numbers are multiplied by this and rounded. */
  readonly scale: number;
  /** The words, by code. */
  readonly words: readonly string[];
  /** Whether the map fixes the conversion. Otherwise it was detected, and another table may be read differently. */
  readonly isFixed: boolean;
}

/** The map's settings for a column. */
export interface ColumnAsked {
  readonly as?: ColumnKind;
  readonly scale?: number;
  readonly words?: readonly string[];
}

const MISSING_WORDS: ReadonlySet<string> = new Set(["", "na", "n/a", "nan", "null", "none", "-", "?"]);
const INTEGER_MAX = 2_000_000_000;
const DECIMALS_MAX = 6;
const WORDS_MAX = 100_000;
export const NUMBER: RegExp = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?$/;
const MS_PER_MINUTE = 60_000;

export function isMissing(cell: string): boolean {
  return MISSING_WORDS.has(cell.trim().toLowerCase());
}

export class FeatureColumn {
  readonly #asked: ColumnAsked;
  #numbers: Float64Array = new Float64Array(1_024);
  #words: Int32Array = new Int32Array(1_024);
  readonly #indexes = new Map<string, number>();
  readonly #counts: number[] = [];
  #count = 0;
  #isNumeric = true;
  #isDated = true;
  #mostDecimals = 0;
  #greatest = 0;

  constructor(asked: ColumnAsked = {}) {
    this.#asked = asked;
  }

  add(raw: string): void {
    const cell = raw.trim();
    if (this.#count === this.#numbers.length) this.#grow();
    const at = this.#count;
    this.#count += 1;
    if (isMissing(cell)) {
      this.#numbers[at] = Number.NaN;
      this.#words[at] = -1;
      return;
    }
    const number = NUMBER.test(cell) ? Number(cell) : (TRUTHS.get(cell.toLowerCase()) ?? Number.NaN);
    const isDate = Number.isNaN(number) && DATE.test(cell);
    const value = isDate ? Math.floor(Date.parse(zoned(cell)) / MS_PER_MINUTE) : number;
    if (!Number.isFinite(value)) [this.#isNumeric, this.#isDated] = [false, false];
    else if (isDate) this.#isNumeric = false;
    else this.#isDated = false;
    this.#numbers[at] = Number.isFinite(value) ? value : Number.NaN;
    if (Number.isFinite(value)) {
      this.#greatest = Math.max(this.#greatest, Math.abs(value));
      if (!Number.isInteger(value)) this.#mostDecimals = Math.max(this.#mostDecimals, decimalsOf(value));
    }
    this.#words[at] = this.#wordIndex(cell);
  }

  /** All cells as integers; {@link FEATURE_MISSING} for a missing value. */
  finish(): { readonly values: Int32Array; readonly reading: ColumnReading } {
    const { as, scale: askedScale, words } = this.#asked;
    const found = this.#isNumeric ? "number" : this.#isDated ? "date" : "code";
    const kind = as ?? (words !== undefined ? "code" : askedScale !== undefined ? "number" : found);
    if (kind === "code") return words === undefined ? this.#codes() : this.#codesOf(words);
    const scale = kind === "date" ? 1 : (askedScale ?? this.#scale());
    const values = Int32Array.from({ length: this.#count }, (_, at) => {
      const value = this.#numbers[at] ?? Number.NaN;
      if (Number.isNaN(value)) return FEATURE_MISSING;
      return Math.max(-INTEGER_MAX, Math.min(INTEGER_MAX, Math.round(value * scale))) + 0;
    });
    return { values, reading: { kind, scale, words: [], isFixed: askedScale !== undefined } };
  }

  /** The power of ten that keeps all decimals if the largest value still fits in 32 bits; huge numbers are divided. */
  #scale(): number {
    let scale = 10 ** this.#mostDecimals;
    while (this.#greatest * scale > INTEGER_MAX) scale /= 10;
    return scale;
  }

  #codes(): { readonly values: Int32Array; readonly reading: ColumnReading } {
    const words = [...this.#indexes.keys()];
    const order = words
      .map((word, index) => ({ word, index, count: this.#counts[index] ?? 0 }))
      .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1));
    const codes = new Int32Array(words.length);
    order.forEach(({ index }, code) => {
      codes[index] = code;
    });
    const values = Int32Array.from({ length: this.#count }, (_, at) => {
      const index = this.#words[at] ?? -1;
      return index < 0 ? FEATURE_MISSING : (codes[index] ?? 0);
    });
    return { values, reading: { kind: "code", scale: 1, words: order.map(({ word }) => word), isFixed: false } };
  }

  /** Codes from the map's list of words. */
  #codesOf(words: readonly string[]): { readonly values: Int32Array; readonly reading: ColumnReading } {
    const codes = new Map(words.map((word, code) => [word.trim(), code]));
    const byIndex = [...this.#indexes.keys()].map((word) => codes.get(word) ?? FEATURE_MISSING);
    const values = Int32Array.from({ length: this.#count }, (_, at) => {
      const index = this.#words[at] ?? -1;
      return index < 0 ? FEATURE_MISSING : (byIndex[index] ?? FEATURE_MISSING);
    });
    return { values, reading: { kind: "code", scale: 1, words, isFixed: true } };
  }

  /** Words beyond the limit share one code. */
  #wordIndex(cell: string): number {
    const key = this.#indexes.size >= WORDS_MAX && !this.#indexes.has(cell) ? "(other)" : cell;
    const known = this.#indexes.get(key) ?? this.#indexes.size;
    if (known === this.#indexes.size) this.#indexes.set(key, known);
    this.#counts[known] = (this.#counts[known] ?? 0) + 1;
    return known;
  }

  #grow(): void {
    const [numbers, words] = [new Float64Array(this.#numbers.length * 2), new Int32Array(this.#words.length * 2)];
    numbers.set(this.#numbers);
    words.set(this.#words);
    [this.#numbers, this.#words] = [numbers, words];
  }
}

const TRUTHS: ReadonlyMap<string, number> = new Map([
  ["true", 1],
  ["false", 0],
  ["yes", 1],
  ["no", 0],
]);

/** Reads a date without a zone as UTC, so that it means the same everywhere. */
function zoned(cell: string): string {
  const text = cell.replace(" ", "T");
  return /(?:Z|[+-][0-9:]+)$/.test(text.slice(10)) || text.length === 10 ? text : `${text}Z`;
}

function decimalsOf(value: number): number {
  for (let decimals = 1; decimals < DECIMALS_MAX; decimals += 1) {
    const scaled = value * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.max(1, Math.abs(scaled))) return decimals;
  }
  return DECIMALS_MAX;
}
