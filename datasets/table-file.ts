/**
 * A user's labelled table: CSV, also as gzip, read with a map. Rows without an outcome or a cost are skipped and counted; a
 * cell with an impossible value is a mistake, reported with its line.
 * @module
 */
import { csvRows, type MistakeBounds, Mistakes, streamFile } from "@calybris/engine/internal";
import { CalybrisError, type Mistake } from "@calybris/kernel";
import { type Table, TableBuilder } from "@calybris/learning";
import { type ColumnReading, FeatureColumn, isMissing, NUMBER } from "./feature-column.ts";
import {
  checkColumns,
  type CostMap,
  featureColumns,
  MICROCENTS_PER,
  readTableMap,
  type TableMap,
  type TierMap,
} from "./table-map.ts";

/** The rows of a table are similar, so a few mistakes represent all of them. */
const MISTAKE_BOUNDS: MistakeBounds = { max: 20, suggestionsMax: 0 };
/** With fewer rows, folds would be too small to measure anything. */
export const ROWS_MIN = 20;
const COST_MAX_MICROCENTS = 2 ** 50;
const TOKENS_PER_PRICE = 1_000_000;

interface Kept {
  readonly category: string;
  readonly text: string | undefined;
  readonly outcomesBps: readonly number[];
  readonly costsMicrocents: readonly number[];
}

/** The conversions of a loaded table's columns to integers, by feature name. */
export const columnReadings: WeakMap<Table, ReadonlyMap<string, ColumnReading>> = new WeakMap();

/**
 * @throws CalybrisError `CAL_TABLE_INVALID` with the mistakes of the map or of the rows; `CAL_INPUT_MALFORMED` if the file
 *   is not CSV or lacks a column; `CAL_INPUT_UNREADABLE`.
 */
export async function loadTable(file: string, mapFile: string): Promise<Table> {
  return await readTable(file, await readTableMap(mapFile));
}

export async function readTable(file: string, map: TableMap): Promise<Table> {
  const names = featureColumns(map);
  const columns = (map.features ?? []).map((each) => new FeatureColumn(typeof each === "string" ? {} : each));
  const kept: Kept[] = [];
  const leftOut: string[] = [];
  const mistakes = new Mistakes(undefined, MISTAKE_BOUNDS);
  const { delimiter = "," } = map;
  const checkHeader = (header: readonly string[]): void => checkColumns(map, header, file);
  for await (const { line, cells: record } of csvRows(streamFile(file), { file, delimiter, checkHeader })) {
    const outcomes = map.tiers.map((tier, at) => outcomeOf(record, tier, at));
    const costs = map.tiers.map((tier, at) => costOf(record, tier.cost, at));
    const category = map.category === undefined ? "" : (record[map.category] ?? "");
    for (const each of [...outcomes, ...costs, categoryMistake(category)])
      if (typeof each === "object") mistakes.add([each.path], each.problem, each.remedy, line);
    if (mistakes.isFull) break;
    if (outcomes.includes(undefined)) leftOut.push("an outcome is missing");
    else if (costs.includes(undefined)) leftOut.push("a cost is missing");
    else {
      names.forEach((name, at) => {
        columns[at]?.add(record[name] ?? "");
      });
      kept.push({
        category: category.slice(0, 128).toWellFormed(),
        text: map.text === undefined ? undefined : (record[map.text] ?? ""),
        outcomesBps: outcomes as number[],
        costsMicrocents: costs as number[],
      });
    }
  }
  if (!mistakes.isEmpty) throw new CalybrisError("CAL_TABLE_INVALID", { mistakes: mistakes.list, file });
  if (kept.length < ROWS_MIN) {
    const problem = `has ${kept.length} rows with every outcome and cost (${leftOut.length} lack one)`;
    const remedy = `Give at least ${ROWS_MIN}; a few thousand say more.`;
    throw new CalybrisError("CAL_TABLE_INVALID", { mistakes: [{ path: "", problem, remedy }], file });
  }
  return tableOf(map, columns, kept, leftOut);
}

function tableOf(
  map: TableMap,
  columns: readonly FeatureColumn[],
  kept: readonly Kept[],
  leftOut: readonly string[],
): Table {
  const names = featureColumns(map);
  const order = cheapestFirst(map.tiers, kept);
  const builder = new TableBuilder(
    map.name ?? "table",
    names,
    order.map((at) => map.tiers[at]?.name ?? ""),
    kept.length,
  );
  const finished = columns.map((column) => column.finish());
  const features = new Array<number>(names.length);
  for (const [row, { category, text, outcomesBps, costsMicrocents }] of kept.entries()) {
    for (let at = 0; at < finished.length; at += 1) features[at] = finished[at]?.values[row] ?? 0;
    builder.add({
      features,
      category,
      ...(text === undefined ? {} : { text }),
      outcomesBps: order.map((at) => outcomesBps[at] ?? 0),
      costsMicrocents: order.map((at) => costsMicrocents[at] ?? 0),
    });
  }
  for (const reason of leftOut) builder.leaveOut(reason);
  const table = builder.finish({ isInTimeOrder: map.timeOrdered ?? false });
  columnReadings.set(
    table,
    new Map(
      names.map((name, at) => [name, finished[at]?.reading ?? { kind: "number", scale: 1, words: [], isFixed: false }]),
    ),
  );
  return table;
}

/** Tiers by ascending mean cost; tiers of equal cost stay in the map's order. */
function cheapestFirst(tiers: readonly TierMap[], kept: readonly Kept[]): readonly number[] {
  const sums = tiers.map((_, tier) => kept.reduce((sum, { costsMicrocents }) => sum + (costsMicrocents[tier] ?? 0), 0));
  return tiers.map((_, tier) => tier).sort((a, b) => (sums[a] ?? 0) - (sums[b] ?? 0) || a - b);
}

/** Parses plain decimal digits. Other notations that programming languages accept are refused. */
function plainNumber(cell: string): number {
  return NUMBER.test(cell) ? Number(cell) : Number.NaN;
}

/** U+FFFD marks bytes that were not UTF-8. No request would ever match that name. */
function categoryMistake(category: string): Mistake | undefined {
  if (!category.includes("\uFFFD")) return undefined;
  const problem = `is ${JSON.stringify(category.slice(0, 40))}, which was not written as UTF-8`;
  return { path: "category", problem, remedy: "Save the table as UTF-8." };
}

const RIGHT: ReadonlyMap<string, number> = new Map([
  ["true", 10_000],
  ["yes", 10_000],
  ["false", 0],
  ["no", 0],
]);

/** The outcome in bps; `undefined` for an empty cell, a mistake for an unreadable one. */
function outcomeOf(
  record: Readonly<Record<string, string>>,
  { outcome }: TierMap,
  tier: number,
): number | Mistake | undefined {
  const { column, max } = typeof outcome === "string" ? { column: outcome, max: 1 } : outcome;
  const cell = (record[column] ?? "").trim();
  if (isMissing(cell)) return undefined;
  const word = RIGHT.get(cell.toLowerCase());
  if (word !== undefined) return word;
  const share = plainNumber(cell) / max;
  if (Number.isFinite(share) && share >= 0 && share <= 1) return Math.round(share * 10_000);
  return {
    path: `tiers[${tier}].outcome`,
    problem: `is ${JSON.stringify(cell.slice(0, 40))} in column ${JSON.stringify(column)}`,
    remedy: `Outcomes are 0 to ${max}, true or false. A score that goes higher is mapped as {"column": …, "max": …}.`,
  };
}

function costOf(record: Readonly<Record<string, string>>, cost: CostMap, tier: number): number | Mistake | undefined {
  const scale = MICROCENTS_PER[cost.unit];
  const wrong = (column: string, cell: string): Mistake => ({
    path: `tiers[${tier}].cost`,
    problem: `is ${JSON.stringify(cell.slice(0, 40))} in column ${JSON.stringify(column)}`,
    remedy: "Costs and tokens are plain numbers of at least 0; the map has the unit.",
  });
  const numberAt = (from: string | number): number | Mistake | undefined => {
    if (typeof from === "number") return from;
    const cell = (record[from] ?? "").trim();
    if (isMissing(cell)) return undefined;
    const value = plainNumber(cell);
    return Number.isFinite(value) && value >= 0 ? value : wrong(from, cell);
  };
  if ("const" in cost) return whole(cost.const * scale, tier);
  if ("column" in cost) {
    const value = numberAt(cost.column);
    return typeof value === "number" ? whole(value * scale, tier) : value;
  }
  const [input, output] = [numberAt(cost.inputTokens), numberAt(cost.outputTokens ?? 0)];
  if (typeof input !== "number") return input;
  if (typeof output !== "number") return output;
  return whole(
    ((input * cost.inputPerMillion + output * (cost.outputPerMillion ?? 0)) * scale) / TOKENS_PER_PRICE,
    tier,
  );
}

/** Rounded up, like every price. A floating-point error below a millionth of a microcent is ignored. */
function whole(microcents: number, tier: number): number | Mistake {
  const value = Math.ceil(Number(microcents.toFixed(6)));
  if (value <= COST_MAX_MICROCENTS) return value;
  const remedy = "Check the unit: one request may cost up to about $11 million.";
  return { path: `tiers[${tier}].cost`, problem: `is ${microcents} microcents`, remedy };
}
