/**
 * Sums by name in bounded memory: by day, by tag, by unknown model. The first names have their own rows; all later names
 * share one, so that the rows always add up to the total.
 * @module
 */
import { Sum } from "./sum.ts";
import type { UsageRow } from "./usage-row.ts";

export interface Usage {
  readonly rows: number;
  readonly requests: number;
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
  /** As the export reports it; estimated at catalog prices where it does not. */
  readonly paidMicrocents: bigint;
  /** Rows of unknown cost: none in the export, and no price in the catalog. */
  readonly unpricedRows: number;
}

export interface NamedUsage extends Usage {
  readonly name: string;
}

/** Name of the row for names beyond the bound. */
export const OTHER = "(other)";

export class UsageSum {
  #rows = 0;
  #requests = 0;
  #unpricedRows = 0;
  readonly #inputTokens = new Sum();
  readonly #outputTokens = new Sum();
  readonly #paid = new Sum();

  /** @param paidMicrocents - `undefined` if unknown. */
  add(row: UsageRow, paidMicrocents: number | undefined): void {
    this.#rows += 1;
    this.#requests += row.requests;
    this.#inputTokens.add(row.inputTokens);
    this.#outputTokens.add(row.outputTokens);
    if (paidMicrocents === undefined) this.#unpricedRows += 1;
    else this.#paid.add(paidMicrocents);
  }

  get usage(): Usage {
    return {
      rows: this.#rows,
      requests: this.#requests,
      inputTokens: this.#inputTokens.total,
      outputTokens: this.#outputTokens.total,
      paidMicrocents: this.#paid.total,
      unpricedRows: this.#unpricedRows,
    };
  }
}

export class Breakdown {
  readonly #namesMax: number;
  readonly #sums = new Map<string, UsageSum>();

  constructor(namesMax: number) {
    this.#namesMax = namesMax;
  }

  add(name: string, row: UsageRow, paidMicrocents: number | undefined): void {
    let sum = this.#sums.get(name);
    if (sum === undefined) {
      const isFull = this.#sums.size >= this.#namesMax;
      // A copy: a cell is a slice of its chunk of the file, and would keep the chunk in memory.
      const key = isFull ? OTHER : Buffer.from(name).toString();
      sum = (isFull ? this.#sums.get(OTHER) : undefined) ?? new UsageSum();
      this.#sums.set(key, sum);
    }
    sum.add(row, paidMicrocents);
  }

  get list(): readonly NamedUsage[] {
    return [...this.#sums].map(([name, sum]) => ({ name, ...sum.usage }));
  }
}

/** Order by cost, highest first. */
export function byPaid(a: NamedUsage, b: NamedUsage): number {
  if (a.paidMicrocents !== b.paidMicrocents) return a.paidMicrocents < b.paidMicrocents ? 1 : -1;
  return b.rows - a.rows || (a.name < b.name ? -1 : 1);
}
