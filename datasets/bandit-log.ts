/**
 * Anyone's bandit log: CSV, gzip and zstd as well, streamed with a map. A row that cannot be used is left out and
 * counted with its reason; it never costs the others.
 * @module
 */
import { csvRows, nameRemedy, showValue, streamFile } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { ARMS_MAX, banditColumns, type BanditMap, listedArms } from "./bandit-map.ts";

/** One usable row. Lists are in the order of the arms. */
export interface BanditRow {
  readonly line: number;
  readonly logged: readonly (number | undefined)[];
  readonly target: readonly number[] | undefined;
  readonly predicted: readonly number[] | undefined;
  readonly chosen: number;
  /** From 0 to 1; `undefined` where the cell is empty. */
  readonly reward: number | undefined;
}

/** Rows that are left out for one reason. */
export interface LeftOut {
  readonly reason: string;
  readonly rows: number;
  readonly firstLine: number;
}

export class BanditLog {
  readonly file: string;
  readonly map: BanditMap;
  readonly arms: readonly string[];
  /** Usable or not. */
  readonly rowCount: number;
  readonly #leftOut = new Map<string, { rows: number; firstLine: number }>();

  private constructor(file: string, map: BanditMap, arms: readonly string[], rowCount: number) {
    this.file = file;
    this.map = map;
    this.arms = arms;
    this.rowCount = rowCount;
  }

  /**
   * Reads the file once, for its arms and its length.
   *
   * @throws CalybrisError `CAL_INPUT_MALFORMED` for what is not CSV, lacks a column or holds no row; `CAL_INPUT_UNREADABLE`.
   */
  static async open(file: string, map: BanditMap, onRead?: (bytes: number) => void): Promise<BanditLog> {
    const listed = listedArms(map);
    const found = new Set<string>();
    let rows = 0;
    for await (const { line, cells } of rowsOf(file, map, onRead)) {
      rows += 1;
      if (listed !== undefined) continue;
      for (const name of [map.chosen, typeof map.target === "string" ? map.target : map.chosen])
        if (cells[name] !== "") found.add(cells[name] ?? "");
      if (found.size > ARMS_MAX) {
        const problem = `has more than ${ARMS_MAX} arms in ${showValue(map.chosen)}`;
        throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line, problem });
      }
    }
    if (rows === 0) throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem: "has no rows" });
    const byName = new Intl.Collator("en", { numeric: true });
    return new BanditLog(file, map, listed ?? [...found].sort(byName.compare), rows);
  }

  /** Rows that were left out of the last reading, most frequent reason first. */
  get leftOut(): readonly LeftOut[] {
    return [...this.#leftOut].map(([reason, counted]) => ({ reason, ...counted })).sort((a, b) => b.rows - a.rows);
  }

  async *rows(onRead?: (bytes: number) => void): AsyncGenerator<BanditRow> {
    this.#leftOut.clear();
    for await (const { line, cells } of rowsOf(this.file, this.map, onRead)) {
      const row = this.#rowOf(cells, line);
      if (typeof row === "object") yield row;
      else this.leaveOut(row, line);
    }
  }

  leaveOut(reason: string, line: number): void {
    const { rows = 0, firstLine = line } = this.#leftOut.get(reason) ?? {};
    this.#leftOut.set(reason, { rows: rows + 1, firstLine });
  }

  /** The row, or why it cannot be used. */
  #rowOf(cells: Readonly<Record<string, string>>, line: number): BanditRow | string {
    const { map, arms } = this;
    const chosen = arms.indexOf(cells[map.chosen] ?? "");
    if (chosen === -1) return `${map.chosen} is ${cells[map.chosen] === "" ? "empty" : "no arm of the map"}`;
    const reward = rewardOf(cells, map);
    if (typeof reward === "string") return reward;
    const logged =
      typeof map.propensity === "string"
        ? onlyAt(chosen, shareOf(cells, map.propensity), arms.length)
        : sharesOf(cells, map.propensity, arms);
    if (logged === undefined) return "a propensity is no number from 0 to 1";
    if (!((logged[chosen] ?? 0) > 0)) return "the propensity of the arm that ran is 0";
    const target = targetOf(cells, map, arms);
    if (typeof target === "string") return target;
    const predicted = map.predicted === undefined ? undefined : numbersOf(cells, map, arms);
    if (typeof predicted === "string") return predicted;
    return { line, logged, target, predicted, chosen, reward };
  }
}

function rowsOf(file: string, map: BanditMap, onRead?: (bytes: number) => void): ReturnType<typeof csvRows> {
  const { delimiter = "," } = map;
  const checkHeader = (header: readonly string[]): void => {
    const missing = banditColumns(map).find((name) => !header.includes(name));
    if (missing === undefined) return;
    const problem = `has no column ${showValue(missing)}. ${nameRemedy(missing, header)}`;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line: 1, problem });
  };
  return csvRows(streamFile(file, onRead), { file, delimiter, checkHeader });
}

/** A decimal as people and programs write it; `undefined` for an empty cell and for what is no number. */
function numberOf(cell: string | undefined): number | undefined {
  const words = (cell ?? "").trim().toLowerCase();
  if (words === "true") return 1;
  if (words === "false") return 0;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(words) ? Number(words) : undefined;
}

function shareOf(cells: Readonly<Record<string, string>>, column: string): number | undefined {
  const value = numberOf(cells[column]);
  return value !== undefined && value >= 0 && value <= 1 ? value : undefined;
}

function sharesOf(
  cells: Readonly<Record<string, string>>,
  columns: Readonly<Record<string, string>>,
  arms: readonly string[],
): readonly number[] | undefined {
  const shares = arms.map((arm) => {
    const column = columns[arm];
    return column === undefined ? 0 : shareOf(cells, column);
  });
  return shares.includes(undefined) ? undefined : (shares as number[]);
}

function onlyAt(chosen: number, share: number | undefined, arms: number): readonly (number | undefined)[] | undefined {
  if (share === undefined) return undefined;
  return Array.from({ length: arms }, (_, arm) => (arm === chosen ? share : undefined));
}

const MISSING: ReadonlySet<string> = new Set(["", "na", "nan", "null", "none"]);

function rewardOf(cells: Readonly<Record<string, string>>, { reward }: BanditMap): number | undefined | string {
  const { column, min, max } = typeof reward === "string" ? { column: reward, min: 0, max: 1 } : reward;
  const cell = (cells[column] ?? "").trim();
  if (MISSING.has(cell.toLowerCase())) return undefined;
  const value = numberOf(cell);
  if (value === undefined) return `${column} is no number`;
  if (value < min || value > max) return `${column} lies outside ${min} to ${max}`;
  return (value - min) / (max - min);
}

function targetOf(
  cells: Readonly<Record<string, string>>,
  { target }: BanditMap,
  arms: readonly string[],
): readonly number[] | undefined | string {
  if (target === undefined) return undefined;
  if (typeof target === "object")
    return sharesOf(cells, target, arms) ?? "a target probability is no number from 0 to 1";
  const arm = arms.indexOf(cells[target] ?? "");
  return arm === -1 ? `${target} is no arm` : arms.map((_, index) => (index === arm ? 1 : 0));
}

function numbersOf(
  cells: Readonly<Record<string, string>>,
  { predicted = {}, reward }: BanditMap,
  arms: readonly string[],
): readonly number[] | string {
  const { min, max } = typeof reward === "string" ? { min: 0, max: 1 } : reward;
  const values = arms.map((arm) => numberOf(cells[predicted[arm] ?? ""]));
  if (values.includes(undefined)) return "a prediction is no number";
  // A model may predict beyond the range; the nearest reward that can be is as good a prediction.
  return (values as number[]).map((value) => Math.min(Math.max((value - min) / (max - min), 0), 1));
}
