/**
 * A table of labelled requests: the information available before each request, and every tier's outcome on it. All policies,
 * priors and certificates are judged on such tables, whatever their source.
 *
 * Tiers are sorted by cost, cheapest first. Columns are typed arrays in row order, so that half a million rows fit in
 * memory.
 * @module
 */
import { FEATURE_MISSING } from "@calybris/engine/internal";
import { invariant } from "@calybris/kernel";

export const TIERS_MAX = 8;
export const OUTCOME_MAX_BPS = 10_000;

export interface Table {
  readonly name: string;
  readonly rowCount: number;
  readonly featureNames: readonly string[];
  /** `rowCount` × features; {@link FEATURE_MISSING} for an unknown value. */
  readonly features: Int32Array;
  readonly categoryNames: readonly string[];
  readonly categories: Uint16Array;
  /** One per row; `undefined` if the table has no texts. */
  readonly texts: readonly string[] | undefined;
  readonly tierNames: readonly string[];
  /** `rowCount` × tiers: 10,000 is right, 0 is wrong. */
  readonly outcomesBps: Uint16Array;
  /** `rowCount` × tiers, in integer microcents. */
  readonly costsMicrocents: Float64Array;
  /** Whether rows are in time order. If they are not, every trial reshuffles them. */
  readonly isInTimeOrder: boolean;
  /** An external rule to compare with: one score per row, where a higher score calls for premium. */
  readonly baseline: { readonly name: string; readonly scores: Float64Array } | undefined;
  readonly rowsRead: number;
  readonly rowsLeftOut: readonly { readonly reason: string; readonly count: number }[];
}

export interface TableRow {
  readonly features: readonly number[];
  readonly category: string;
  readonly text?: string;
  readonly outcomesBps: readonly number[];
  readonly costsMicrocents: readonly number[];
  readonly baseline?: number;
}

/** Collects rows. A loader checks its own input; an invalid number here is a bug. */
export class TableBuilder {
  readonly #name: string;
  readonly #featureNames: readonly string[];
  readonly #tierNames: readonly string[];
  readonly #leftOut = new Map<string, number>();
  readonly #categories = new Map<string, number>();
  #rowCount = 0;
  #features: Int32Array;
  #category: Uint16Array;
  #outcomes: Uint16Array;
  #costs: Float64Array;
  #baselines: number[] | undefined;
  #texts: string[] | undefined;

  constructor(name: string, featureNames: readonly string[], tierNames: readonly string[], capacity = 4_096) {
    invariant(tierNames.length >= 1 && tierNames.length <= TIERS_MAX, `a table has 1 to ${TIERS_MAX} tiers`);
    this.#name = name;
    this.#featureNames = featureNames;
    this.#tierNames = tierNames;
    this.#features = new Int32Array(capacity * featureNames.length);
    this.#category = new Uint16Array(capacity);
    this.#outcomes = new Uint16Array(capacity * tierNames.length);
    this.#costs = new Float64Array(capacity * tierNames.length);
  }

  add(row: TableRow): void {
    const [featureCount, tierCount] = [this.#featureNames.length, this.#tierNames.length];
    invariant(row.features.length === featureCount, "a row has every feature");
    invariant(row.outcomesBps.length === tierCount && row.costsMicrocents.length === tierCount, "a row has every tier");
    const at = this.#rowCount;
    if (at === this.#category.length) this.#grow();
    this.#features.set(row.features, at * featureCount);
    this.#category[at] = this.#categoryIndex(row.category);
    for (let tier = 0; tier < tierCount; tier += 1) {
      const [outcome, cost] = [row.outcomesBps[tier] ?? -1, row.costsMicrocents[tier] ?? -1];
      invariant(
        Number.isInteger(outcome) && outcome >= 0 && outcome <= OUTCOME_MAX_BPS,
        `an outcome is bps, got ${outcome}`,
      );
      invariant(Number.isSafeInteger(cost) && cost >= 0, `a cost is an integer of microcents, got ${cost}`);
      this.#outcomes[at * tierCount + tier] = outcome;
      this.#costs[at * tierCount + tier] = cost;
    }
    if (row.text !== undefined) {
      this.#texts ??= [];
      this.#texts.push(row.text);
    }
    if (row.baseline !== undefined) {
      this.#baselines ??= [];
      this.#baselines.push(row.baseline);
    }
    this.#rowCount += 1;
  }

  /** Counts a row that was read but cannot be used. */
  leaveOut(reason: string): void {
    this.#leftOut.set(reason, (this.#leftOut.get(reason) ?? 0) + 1);
  }

  finish(options: { readonly isInTimeOrder: boolean; readonly baselineName?: string }): Table {
    const rows = this.#rowCount;
    const rowsLeftOut = [...this.#leftOut].map(([reason, count]) => ({ reason, count }));
    return {
      name: this.#name,
      rowCount: rows,
      featureNames: this.#featureNames,
      features: this.#features.slice(0, rows * this.#featureNames.length),
      categoryNames: [...this.#categories.keys()],
      categories: this.#category.slice(0, rows),
      texts: this.#texts,
      tierNames: this.#tierNames,
      outcomesBps: this.#outcomes.slice(0, rows * this.#tierNames.length),
      costsMicrocents: this.#costs.slice(0, rows * this.#tierNames.length),
      isInTimeOrder: options.isInTimeOrder,
      baseline:
        this.#baselines === undefined
          ? undefined
          : { name: options.baselineName ?? "baseline", scores: Float64Array.from(this.#baselines) },
      rowsRead: rows + rowsLeftOut.reduce((sum, { count }) => sum + count, 0),
      rowsLeftOut,
    };
  }

  /** Categories beyond the range of two bytes share one index. */
  #categoryIndex(name: string): number {
    const known = this.#categories.get(name);
    if (known !== undefined) return known;
    if (this.#categories.size >= CATEGORIES_MAX) return this.#categoryIndex(CATEGORY_OTHER);
    this.#categories.set(name, this.#categories.size);
    return this.#categories.size - 1;
  }

  #grow(): void {
    this.#features = grown(this.#features, Int32Array);
    this.#category = grown(this.#category, Uint16Array);
    this.#outcomes = grown(this.#outcomes, Uint16Array);
    this.#costs = grown(this.#costs, Float64Array);
  }
}

const CATEGORIES_MAX = 4_000;
const CATEGORY_OTHER = "(other)";

function grown<Column extends Int32Array | Uint16Array | Float64Array>(
  column: Column,
  Type: new (length: number) => Column,
): Column {
  const larger = new Type(Math.max(16, column.length * 2));
  larger.set(column);
  return larger;
}

/** The given rows, in the given order. */
export function selectRows(table: Table, rows: ArrayLike<number>): Table {
  const [featureCount, tierCount, count] = [table.featureNames.length, table.tierNames.length, rows.length];
  const features = new Int32Array(count * featureCount);
  const categories = new Uint16Array(count);
  const outcomesBps = new Uint16Array(count * tierCount);
  const costsMicrocents = new Float64Array(count * tierCount);
  const baselines = table.baseline === undefined ? undefined : new Float64Array(count);
  const texts: string[] | undefined = table.texts === undefined ? undefined : [];
  for (let at = 0; at < count; at += 1) {
    const row = rows[at] ?? 0;
    features.set(table.features.subarray(row * featureCount, (row + 1) * featureCount), at * featureCount);
    categories[at] = table.categories[row] ?? 0;
    outcomesBps.set(table.outcomesBps.subarray(row * tierCount, (row + 1) * tierCount), at * tierCount);
    costsMicrocents.set(table.costsMicrocents.subarray(row * tierCount, (row + 1) * tierCount), at * tierCount);
    if (baselines !== undefined) baselines[at] = table.baseline?.scores[row] ?? 0;
    texts?.push(table.texts?.[row] ?? "");
  }
  const baseline =
    table.baseline === undefined || baselines === undefined ? undefined : { ...table.baseline, scores: baselines };
  return { ...table, rowCount: count, features, categories, outcomesBps, costsMicrocents, texts, baseline };
}

/** Row indexes from `from` up to, but not including, `to`. */
export function rowRange(from: number, to: number): Int32Array {
  return Int32Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
}

/** The gain of the most expensive tier over the cheapest on each row, in bps. */
export function gainsBps(table: Table): Int32Array {
  const tierCount = table.tierNames.length;
  const gains = new Int32Array(table.rowCount);
  for (let row = 0; row < table.rowCount; row += 1) {
    gains[row] = (table.outcomesBps[row * tierCount + tierCount - 1] ?? 0) - (table.outcomesBps[row * tierCount] ?? 0);
  }
  return gains;
}

/** The gain of the most expensive tier over the worst other tier, in bps. */
export function gainsOverWorstBps(table: Table): Int32Array {
  const tierCount = table.tierNames.length;
  return Int32Array.from({ length: table.rowCount }, (_, row) => {
    const outcomes = table.outcomesBps.subarray(row * tierCount, (row + 1) * tierCount);
    const top = outcomes[tierCount - 1] ?? 0;
    return top - Math.min(...outcomes.subarray(0, Math.max(1, tierCount - 1)));
  });
}

export { FEATURE_MISSING };
