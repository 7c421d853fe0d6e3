/**
 * Reads rows of an export by a map, into one object that is reused for every row.
 * @module
 */
import type { MoneyUnit } from "@calybris/kernel";
import { amountOf, countOf, dayOf } from "./cells.ts";
import type { UsageMap } from "./usage-map.ts";

export interface UsageRow {
  /** As the export writes it; empty if it does not. */
  model: string;
  hasTokens: boolean;
  /** All input, cached or not. */
  inputTokens: number;
  /** Parts of `inputTokens`. */
  cacheReadTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  requests: number;
  /** At half the price, as OpenAI and Anthropic charge for batch processing. */
  isBatch: boolean;
  /** The cost in the export; -1 if it has none. */
  paidMicrocents: number;
  /** In UTC; empty if the time is missing or not recognised. */
  day: string;
  isTimeUnread: boolean;
  tag: string;
}

/** The result of reading a row: used, empty, or the problem with it. */
export type RowReading = "used" | "empty" | { readonly problem: string };

export class RowReader {
  readonly row: UsageRow = {
    model: "",
    hasTokens: false,
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    requests: 1,
    isBatch: false,
    paidMicrocents: -1,
    day: "",
    isTimeUnread: false,
    tag: "",
  };
  readonly #columns: readonly string[];
  readonly #constantModel: string | undefined;
  readonly #model: readonly number[];
  readonly #counts: readonly (readonly [key: CountKey, at: readonly number[]])[];
  readonly #paid: readonly number[];
  readonly #paidUnit: MoneyUnit["name"];
  readonly #batch: readonly number[];
  readonly #time: readonly number[];
  readonly #tag: readonly number[];

  /** @param columns - in the order of the cells; they include every column of the map. */
  constructor(map: UsageMap, columns: readonly string[]) {
    const at = (names: readonly string[] = []): readonly number[] => names.map((name) => columns.indexOf(name));
    this.#columns = columns;
    this.#constantModel = "const" in map.model ? map.model.const : undefined;
    this.#model = "const" in map.model ? [] : at(map.model);
    this.#counts = COUNT_KEYS.map((key) => [key, at(map[key])]);
    this.#paid = at(map.paid?.columns);
    this.#paidUnit = map.paid?.unit ?? "dollars";
    this.#batch = at(map.batch);
    this.#time = at(map.time);
    this.#tag = at(map.tag);
  }

  /** Reads a row into {@link row}, whose contents are undefined after a problem. */
  read(cells: readonly string[]): RowReading {
    const { row } = this;
    if (cells.length !== this.#columns.length)
      return { problem: `has ${cells.length} cells, but the header has ${this.#columns.length}` };
    row.model = this.#constantModel ?? firstOf(cells, this.#model);
    row.hasTokens = false;
    row.requests = 1;
    let isRequestsWritten = false;
    for (const [key, columns] of this.#counts) {
      let total = 0;
      let isWritten = false;
      for (const column of columns) {
        const cell = trimmed(cells[column] ?? "");
        if (cell === "") continue;
        const count = countOf(cell);
        if (count === undefined) return this.#notA("whole number of at least 0", column, cell);
        isWritten = true;
        total += count;
      }
      if (key === "requests") {
        isRequestsWritten = isWritten;
        if (!isWritten) continue;
      }
      row[key] = total;
      if (isWritten && (key === "inputTokens" || key === "outputTokens")) row.hasTokens = true;
    }
    // If the parts exceed the total, all input is priced as uncached.
    if (row.cacheReadTokens + row.cacheWriteTokens > row.inputTokens) row.cacheReadTokens = row.cacheWriteTokens = 0;
    const problem = this.#readPaid(cells);
    if (problem !== undefined) return problem;
    if (!row.hasTokens && row.paidMicrocents === -1) {
      if ((row.model === "" || this.#constantModel !== undefined) && !isRequestsWritten) return "empty";
      return { problem: "has neither tokens nor a cost" };
    }
    row.isBatch = this.#batch.some((column) => BATCH.has(trimmed(cells[column] ?? "").toLowerCase()));
    this.#readTime(cells);
    row.tag = tagOf(firstOf(cells, this.#tag));
    return "used";
  }

  #readPaid(cells: readonly string[]): { readonly problem: string } | undefined {
    this.row.paidMicrocents = -1;
    for (const column of this.#paid) {
      const cell = trimmed(cells[column] ?? "");
      if (cell === "") continue;
      const amount = amountOf(cell, this.#paidUnit);
      if (amount === undefined) return this.#notA(`cost in ${this.#paidUnit} of at least 0`, column, cell);
      this.row.paidMicrocents = Math.max(0, this.row.paidMicrocents) + amount;
    }
    return undefined;
  }

  #readTime(cells: readonly string[]): void {
    const time = firstOf(cells, this.#time);
    const day = time === "" ? undefined : dayOf(time);
    this.row.day = day ?? "";
    this.row.isTimeUnread = time !== "" && day === undefined;
  }

  #notA(expected: string, column: number, cell: string): { readonly problem: string } {
    const shown = cell.length > SHOWN_CHARACTERS_MAX ? `${cell.slice(0, SHOWN_CHARACTERS_MAX)}…` : cell;
    return { problem: `${JSON.stringify(this.#columns[column])} is ${JSON.stringify(shown)}, not a ${expected}` };
  }
}

const COUNT_KEYS = ["inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens", "requests"] as const;
type CountKey = (typeof COUNT_KEYS)[number];
const BATCH: ReadonlySet<string> = new Set(["true", "batch", "flex", "flex_discount"]);
const SHOWN_CHARACTERS_MAX = 40;
const TAG_CHARACTERS_MAX = 80;

/** The first non-empty cell. */
function firstOf(cells: readonly string[], columns: readonly number[]): string {
  for (const column of columns) {
    const cell = trimmed(cells[column] ?? "");
    if (cell !== "" && cell !== "[]" && cell !== "null") return cell;
  }
  return "";
}

/** Tests first, because most cells need no trimming. */
function trimmed(cell: string): string {
  return cell.charCodeAt(0) <= 0x20 || cell.charCodeAt(cell.length - 1) <= 0x20 ? cell.trim() : cell;
}

/** A list of tags becomes one tag, so that sums by tag add up to the total. */
function tagOf(cell: string): string {
  const bare = /^\["[^"]*"\]$/.test(cell) ? cell.slice(2, -2) : cell.startsWith("[") ? listed(cell) : cell;
  return bare.length > TAG_CHARACTERS_MAX ? `${bare.slice(0, TAG_CHARACTERS_MAX)}…` : bare;
}

function listed(cell: string): string {
  try {
    const value: unknown = JSON.parse(cell);
    return Array.isArray(value) ? value.map(String).toSorted().join(", ") : cell;
  } catch {
    return cell;
  }
}
