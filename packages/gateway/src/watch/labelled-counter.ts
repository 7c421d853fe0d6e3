/**
 * Counters with labels, for Prometheus. The number of rows is bounded: further ones are counted together as `other`.
 * @module
 */

const ROWS_MAX = 500;
const OTHER = "other";

export type Labels = readonly (readonly [name: string, value: string])[];

interface Row {
  readonly labels: string;
  amount: bigint;
}

/** A metric with labels; its rows are bounded. */
export class Counter {
  readonly #name: string;
  readonly #help: string;
  /** By the values of the labels. */
  readonly #rows = new Map<string, Row>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  add(labels: Labels, amount: bigint): void {
    if (amount !== 0n) this.row(labels).amount += amount;
  }

  /** The row for these labels, always the same one. A new row appears in the metrics from then on. */
  row(labels: Labels): Row {
    return this.#rows.get(keyOf(labels)) ?? this.#newRow(labels);
  }

  /** Values that are equal in their written form share a row. */
  #newRow(labels: Labels): Row {
    const written: Labels = labels.map(([name, value]) => [name, value.slice(0, LABEL_CHARACTERS_MAX).toWellFormed()]);
    const isFull = this.#rows.size >= ROWS_MAX && !this.#rows.has(keyOf(written));
    const kept: Labels = isFull ? labels.map(([name]) => [name, OTHER]) : written;
    let row = this.#rows.get(keyOf(kept));
    if (row === undefined) {
      row = { labels: labelText(kept), amount: 0n };
      this.#rows.set(keyOf(kept), row);
    }
    return row;
  }

  lines(write: (amount: bigint) => string): readonly string[] {
    if (this.#rows.size === 0) return [];
    const rows = Array.from(this.#rows.values(), ({ labels, amount }) => `${this.#name}${labels} ${write(amount)}`);
    return [...head(this.#name, "counter", this.#help), ...rows];
  }
}

/** A handle of a frequently used row, which is looked up once, at first use. */
export class CounterRow {
  readonly #counter: Counter;
  readonly #labels: Labels;
  #row: Row | undefined;

  constructor(counter: Counter, labels: Labels) {
    this.#counter = counter;
    this.#labels = labels;
  }

  add(amount: bigint): void {
    if (amount === 0n) return;
    this.#row ??= this.#counter.row(this.#labels);
    this.#row.amount += amount;
  }
}

/** The header lines of a metric. */
export function head(name: string, type: "counter" | "gauge", help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

const LABEL_CHARACTERS_MAX = 128;

/** Labels in the text format. */
export function labelText(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}

function keyOf(labels: Labels): string {
  let key = "";
  for (const [, value] of labels) key += `${value.length}:${value}`;
  return key;
}

function escaped(value: string): string {
  return value.slice(0, LABEL_CHARACTERS_MAX).toWellFormed().replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
}
