/**
 * From an export of usage to a report: the cost paid, and the cost at each quality floor. One pass, constant memory.
 * @module
 */
import type { CatalogFile } from "@calybris/engine";
import { showValue } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { Breakdown, byPaid, type NamedUsage, type Usage, UsageSum } from "./breakdown.ts";
import { type ChoiceLimits, Choices } from "./choices.ts";
import { Curve, type CurvePoint, safePoint, type Flow, pointAt } from "./curve.ts";
import { recognise } from "./exports.ts";
import { guessMap } from "./guess-map.ts";
import { type MarginalSavings, marginalSavings } from "./marginal-savings.ts";
import { ModelNames } from "./model-names.ts";
import { costOf, estimateOf } from "./prices.ts";
import { unrecognised } from "./savings-errors.ts";
import { readTable, type TableFormat } from "./table-text.ts";
import { columnsOf, type UsageMap } from "./usage-map.ts";
import { RowReader } from "./usage-row.ts";

export interface SavingsOptions extends ChoiceLimits {
  /** The name of the export in errors and in the report. */
  readonly file: string;
  readonly catalog: CatalogFile;
  /** The meaning of the columns. Default: recognised from their names. */
  readonly map?: UsageMap | undefined;
  /** The model of every row, for a file without a model column. */
  readonly model?: string | undefined;
  /** The column to group by, instead of the recognised one. */
  readonly tag?: string | undefined;
  readonly delimiter?: string | undefined;
  /** The floor to report on. Default: that of {@link safePoint}. */
  readonly floorBps?: number | undefined;
}

/** A row that was not used, and the reason. */
export interface BadRow {
  /** From 1; in a JSON document, the number of the row. */
  readonly line: number;
  readonly problem: string;
}

export interface SavingsReport {
  readonly format: 1;
  readonly file: string;
  readonly source: {
    /** The recognised export, `map` for a given map, or `guess`. */
    readonly name: string;
    readonly title: string;
    readonly documentation?: string;
    readonly map: UsageMap;
  };
  readonly catalog: { readonly name: string; readonly title: string };
  readonly rows: {
    readonly used: number;
    readonly empty: number;
    readonly bad: number;
    readonly batch: number;
    readonly unreadTimes: number;
  };
  /** The first bad rows. */
  readonly badRows: readonly BadRow[];
  readonly firstDay?: string;
  readonly lastDay?: string;
  readonly total: Usage & {
    /** The part of the cost paid that the export reports; the other part is estimated at catalog prices. */
    readonly reportedMicrocents: bigint;
    readonly estimatedMicrocents: bigint;
    readonly cachedInputTokens: bigint;
  };
  readonly models: readonly (NamedUsage & { readonly writtenAs: readonly string[] })[];
  readonly unknownModels: readonly NamedUsage[];
  readonly days: readonly NamedUsage[];
  readonly tags: readonly NamedUsage[];
  /** The cost paid of the rows in the curve: those with a known model and tokens. */
  readonly comparableMicrocents: bigint;
  /** The largest catalog cost of one request. */
  readonly largestRequestMicrocents: bigint;
  readonly curve: readonly CurvePoint[];
  /** Absent if no row could be compared. */
  readonly chosen?: ChosenPoint;
  /** The saving at the chosen floor over the alternatives, for the rows that are compared. Present with `chosen`. */
  readonly marginal?: MarginalSavings;
}

export interface ChosenPoint extends CurvePoint {
  /** Whether it was chosen by {@link safePoint}. */
  readonly isDefault: boolean;
  readonly flows: readonly Flow[];
  /** Capabilities that the requested candidate has and the chosen one lacks, with the number of affected requests. */
  readonly lostCapabilities: readonly { readonly name: string; readonly requests: number }[];
  /** Requests that move to a reasoning candidate, whose reasoning costs output tokens that are not estimated here. */
  readonly newlyReasoningRequests: number;
}

const DAYS_MAX = 3_660;
const TAGS_MAX = 1_000;
const UNKNOWN_MODELS_MAX = 1_000;
const BAD_ROWS_SHOWN = 20;
const WRITTEN_AS_MAX = 5;

/**
 * Reads an entire export and reports on it.
 *
 * An unusable row is reported with its line and the reason; the other rows are used. A row whose model is not in the catalog
 * is counted under `unknownModels` and keeps its cost at every floor.
 *
 * @throws {@link CalybrisError} `CAL_USAGE_UNRECOGNISED` if the columns are not recognised; `CAL_INPUT_MALFORMED` if no row
 *   is usable or the text is not a table; any error of `chunks`.
 */
export async function savings(chunks: AsyncIterable<Uint8Array>, options: SavingsOptions): Promise<SavingsReport> {
  const tally = new Tally(options);
  try {
    await readTable(chunks, options, tally);
  } catch (cause) {
    if (cause instanceof CalybrisError || !(cause instanceof Error) || cause.constructor !== Error) throw cause;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file: options.file, problem: cause.message }, { cause });
  }
  return tally.report();
}

class Tally {
  readonly #options: SavingsOptions;
  readonly #names: ModelNames;
  readonly #choices: Choices;
  readonly #curve: Curve;
  readonly #total = new UsageSum();
  readonly #reported = new UsageSum();
  readonly #comparable = new UsageSum();
  readonly #comparableByModel: (UsageSum | undefined)[] = [];
  readonly #byModel: (UsageSum | undefined)[] = [];
  readonly #writtenAs: Set<string>[] = [];
  readonly #unknown = new Breakdown(UNKNOWN_MODELS_MAX);
  readonly #days = new Breakdown(DAYS_MAX);
  readonly #tags = new Breakdown(TAGS_MAX);
  readonly #badRows: BadRow[] = [];
  readonly #rows = { used: 0, empty: 0, bad: 0, batch: 0, unreadTimes: 0 };
  #cachedTokens = 0n;
  #largestRequest = 0;
  #source: SavingsReport["source"] | undefined;
  #reader: RowReader | undefined;

  constructor(options: SavingsOptions) {
    this.#options = options;
    this.#names = new ModelNames(options.catalog.candidates.map(({ name }) => name));
    this.#choices = new Choices(options.catalog, options);
    this.#curve = new Curve(this.#choices);
  }

  readonly begin = (format: TableFormat): readonly string[] => {
    this.#source = this.#sourceOf(format);
    const wanted = columnsOf(this.#source.map);
    const columns = format.kind === "json" ? wanted : format.columns;
    this.#reader = new RowReader(this.#source.map, columns);
    return columns;
  };

  readonly bad = (line: number, problem: string): void => {
    this.#rows.bad += 1;
    if (this.#badRows.length < BAD_ROWS_SHOWN) this.#badRows.push({ line, problem });
  };

  readonly row = (cells: readonly string[], line: number): void => {
    const reader = this.#reader as RowReader;
    const reading = reader.read(cells);
    if (reading === "empty") this.#rows.empty += 1;
    else if (reading !== "used") this.bad(line, reading.problem);
    else this.#add(reader, line);
  };

  #add({ row }: RowReader, line: number): void {
    const index = this.#names.indexOf(row.model);
    const candidate = this.#options.catalog.candidates[index];
    const catalogCost =
      candidate === undefined || !row.hasTokens ? undefined : costOf(candidate, row.inputTokens, row.outputTokens);
    const estimate = candidate === undefined || catalogCost === undefined ? undefined : estimateOf(candidate, row);
    if (Math.max(catalogCost ?? 0, estimate ?? 0) === Number.POSITIVE_INFINITY) {
      this.bad(line, "costs more than can be added up exactly");
      return;
    }
    const isReported = row.paidMicrocents !== -1;
    const paid = isReported ? row.paidMicrocents : estimate;
    this.#rows.used += 1;
    if (row.isBatch) this.#rows.batch += 1;
    if (row.isTimeUnread) this.#rows.unreadTimes += 1;
    this.#total.add(row, paid);
    if (isReported) this.#reported.add(row, paid);
    if (row.cacheReadTokens > 0) this.#cachedTokens += BigInt(row.cacheReadTokens);
    this.#days.add(row.day === "" ? NO_DAY : row.day, row, paid);
    this.#tags.add(row.tag === "" ? NO_TAG : row.tag, row, paid);
    if (candidate === undefined) this.#unknown.add(row.model === "" ? NO_MODEL : row.model, row, paid);
    else this.#addKnown(index, row.model).add(row, paid);
    if (catalogCost === undefined || paid === undefined) return;
    this.#comparable.add(row, paid);
    this.#comparableByModel[index] ??= new UsageSum();
    this.#comparableByModel[index].add(row, paid);
    this.#largestRequest = Math.max(this.#largestRequest, Math.ceil(catalogCost / Math.max(1, row.requests)));
    this.#curve.add(index, row, paid, catalogCost);
  }

  #addKnown(index: number, written: string): UsageSum {
    this.#byModel[index] ??= new UsageSum();
    this.#writtenAs[index] ??= new Set();
    const names = this.#writtenAs[index];
    if (names.size < WRITTEN_AS_MAX && !names.has(written)) names.add(Buffer.from(written).toString());
    return this.#byModel[index];
  }

  #sourceOf(format: TableFormat): SavingsReport["source"] {
    const { map, tag } = this.#options;
    const source = map === undefined ? this.#recognised(format) : { name: "map", title: "the map given", map };
    const named = columnsOf(source.map).concat(tag ?? []);
    // In JSON, the first rows may lack a member that later ones have.
    const missing = format.kind === "json" ? [] : named.filter((column) => !format.columns.includes(column));
    if (missing.length > 0) {
      const problem = `has no column ${showValue(missing[0])}; its columns are ${format.columns.map(showValue).join(", ")}`;
      throw new CalybrisError("CAL_INPUT_MALFORMED", { file: this.#options.file, line: 1, problem });
    }
    return tag === undefined ? source : { ...source, map: { ...source.map, tag: [tag] } };
  }

  #recognised(format: TableFormat): SavingsReport["source"] {
    const { model, file } = this.#options;
    const known = recognise(format.columns);
    const constant = model === undefined ? {} : { model: { const: model } };
    if (known !== undefined) {
      const { name, title, documentation, map } = known;
      return { name, title, documentation, map: { ...map, ...constant } };
    }
    const { map, start } = guessMap(format.columns, model);
    if (map !== undefined)
      return { name: "guess", title: "no known export; columns taken by their names", map: { ...map, ...constant } };
    throw unrecognised(file, format.columns, start);
  }

  report(): SavingsReport {
    const { file, catalog, floorBps } = this.#options;
    if (this.#rows.used === 0) throw this.#nothingUsed();
    const total = this.#total.usage;
    const reportedMicrocents = this.#reported.usage.paidMicrocents;
    const comparable = this.#comparable.usage;
    const curve = comparable.rows === 0 ? [] : this.#curve.points();
    const chosen = floorBps === undefined ? safePoint(curve) : pointAt(curve, floorBps);
    const days = this.#days.list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const dated = days.filter(({ name }) => !name.startsWith("("));
    const [first, last] = [dated[0], dated.at(-1)];
    return {
      format: 1,
      file,
      source: this.#source as SavingsReport["source"],
      catalog: { name: catalog.name, title: catalog.title },
      rows: { ...this.#rows },
      badRows: this.#badRows,
      ...(first === undefined || last === undefined ? {} : { firstDay: first.name, lastDay: last.name }),
      total: {
        ...total,
        reportedMicrocents,
        estimatedMicrocents: total.paidMicrocents - reportedMicrocents,
        cachedInputTokens: this.#cachedTokens,
      },
      models: this.#models().toSorted(byPaid),
      unknownModels: this.#unknown.list.toSorted(byPaid),
      days,
      tags: this.#tags.list.toSorted(byPaid),
      comparableMicrocents: comparable.paidMicrocents,
      largestRequestMicrocents: BigInt(this.#largestRequest),
      curve,
      ...(chosen === undefined ? {} : { chosen: this.#chosen(chosen), marginal: this.#marginal(chosen) }),
    };
  }

  #marginal(point: CurvePoint): MarginalSavings {
    const usages = this.#comparableByModel.flatMap((sum, index) => {
      if (sum === undefined) return [];
      const { requests, inputTokens, outputTokens, paidMicrocents } = sum.usage;
      return [{ index, requests, inputTokens, outputTokens, paidMicrocents }];
    });
    const cost = this.#comparable.usage.paidMicrocents - point.savedMicrocents;
    return marginalSavings(usages, this.#choices, point, cost);
  }

  #chosen(point: CurvePoint): ChosenPoint {
    const { catalog, floorBps } = this.#options;
    const flows = this.#curve.flowsAt(point.policyFloorBps);
    const bits = new Map(catalog.candidates.map(({ name, capabilities }) => [name, capabilities as bigint]));
    const has = (name: string, bit: number): boolean => (((bits.get(name) ?? 0n) >> BigInt(bit)) & 1n) === 1n;
    const requests = (of: (flow: Flow) => boolean): number =>
      flows.reduce((sum, flow) => (of(flow) ? sum + flow.requests : sum), 0);
    const lost = catalog.capabilities.map((name, bit) => {
      return { name, requests: requests((flow) => has(flow.requested, bit) && !has(flow.chosen, bit)) };
    });
    const reasoning = catalog.capabilities.indexOf("reasoning");
    return {
      ...point,
      isDefault: floorBps === undefined,
      flows,
      lostCapabilities: lost.filter((each) => each.requests > 0),
      newlyReasoningRequests:
        reasoning === -1 ? 0 : requests((flow) => !has(flow.requested, reasoning) && has(flow.chosen, reasoning)),
    };
  }

  #models(): SavingsReport["models"] {
    return this.#byModel.flatMap((sum, index) => {
      const name = this.#options.catalog.candidates[index]?.name ?? "";
      return sum === undefined ? [] : [{ name, writtenAs: [...(this.#writtenAs[index] ?? [])].sort(), ...sum.usage }];
    });
  }

  #nothingUsed(): CalybrisError {
    const { file } = this.#options;
    const [first] = this.#badRows;
    if (first === undefined)
      return new CalybrisError("CAL_INPUT_MALFORMED", { file, problem: "holds no row of usage" });
    const problem = `${first.problem}; no row of the file can be used`;
    return new CalybrisError("CAL_INPUT_MALFORMED", { file, line: first.line, problem });
  }
}

/** Names for rows without a day, a tag or a model. */
const NO_DAY = "(no date)";
const NO_TAG = "(no tag)";
const NO_MODEL = "(no model)";
