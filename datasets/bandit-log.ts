/**
 * A user's bandit log: CSV, also as gzip or zstd, streamed with a map. A row that cannot be used is skipped and counted with
 * its reason; it does not affect other rows.
 * @module
 */
import { csvRows, nameRemedy, showValue, streamFile } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { numberOf, numbersOf, onlyAt, propensityProblem, shareOf, sharesOf, targetOf } from "./bandit-cells.ts";
import { ARMS_MAX, banditColumns, type BanditMap, listedArms, rewardRange } from "./bandit-map.ts";
import { armsOfPolicy, sharesIn } from "./target-policy.ts";

/** One usable row. Lists are in the order of the arms. */
export interface BanditRow {
  readonly line: number;
  readonly logged: readonly (number | undefined)[];
  /** As `TargetSource` selects; `undefined` for `none`. */
  readonly target: readonly number[] | undefined;
  readonly predicted: readonly number[] | undefined;
  readonly chosen: number;
  /** From 0 to 1; `undefined` if the cell is empty or not a number. */
  readonly reward: number | undefined;
}

/** The source of the target's probabilities: the map's `target`, its `policy`, or neither. */
export type TargetSource = "column" | "policy" | "none";

/** Rows skipped for one reason. */
export interface LeftOut {
  readonly reason: string;
  readonly rows: number;
  readonly firstLine: number;
}

/** The number of cells that are not rewards in the log's range, and the first of them. */
export interface OddRewards {
  readonly rows: number;
  readonly firstLine: number;
  readonly first: string;
}

export class BanditLog {
  readonly file: string;
  readonly map: BanditMap;
  readonly arms: readonly string[];
  /** Number of rows, usable or not. */
  readonly rowCount: number;
  readonly #source: TargetSource;
  readonly #policyShares: (text: string) => readonly number[] | undefined;
  readonly #leftOut = new Map<string, { rows: number; firstLine: number }>();
  #outOfRange: OddRewards | undefined;
  #notNumbers: OddRewards | undefined;

  private constructor(
    file: string,
    map: BanditMap,
    source: TargetSource,
    { arms, rowCount }: { readonly arms: readonly string[]; readonly rowCount: number },
  ) {
    this.file = file;
    this.map = map;
    this.#source = source;
    this.#policyShares = sharesIn(map.policy ?? {}, arms);
    this.arms = arms;
    this.rowCount = rowCount;
  }

  /**
   * Reads the file once to find its arms and its length.
   *
   * @throws CalybrisError `CAL_INPUT_MALFORMED` if it is not CSV, lacks a column or has no rows; `CAL_INPUT_UNREADABLE`.
   */
  static async open(
    file: string,
    map: BanditMap,
    source: TargetSource = "none",
    onRead?: (bytes: number) => void,
  ): Promise<BanditLog> {
    const listed = listedArms(map);
    const found = new Set<string>(source === "policy" ? armsOfPolicy(map.policy ?? {}) : []);
    let rows = 0;
    for await (const { line, cells } of rowsOf(file, map, onRead)) {
      rows += 1;
      if (listed !== undefined) continue;
      for (const name of [map.chosen, typeof map.target === "string" && source === "column" ? map.target : map.chosen])
        if (cells[name] !== "") found.add(cells[name] ?? "");
      if (found.size > ARMS_MAX) {
        const problem = `has more than ${ARMS_MAX} arms in ${showValue(map.chosen)}`;
        throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line, problem });
      }
    }
    if (rows === 0) throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem: "has no rows" });
    const byName = new Intl.Collator("en", { numeric: true });
    return new BanditLog(file, map, source, { arms: listed ?? [...found].sort(byName.compare), rowCount: rows });
  }

  /** Rows skipped in the last pass, most frequent reason first. */
  get leftOut(): readonly LeftOut[] {
    return [...this.#leftOut].map(([reason, counted]) => ({ reason, ...counted })).sort((a, b) => b.rows - a.rows);
  }

  /** Rewards outside the map's range in the last pass. Their rows are skipped. */
  get rewardsOutOfRange(): OddRewards | undefined {
    return this.#outOfRange;
  }

  /** Rewards that are not numbers in the last pass. They count as missing outcomes. */
  get rewardsNotNumbers(): OddRewards | undefined {
    return this.#notNumbers;
  }

  async *rows(onRead?: (bytes: number) => void): AsyncGenerator<BanditRow> {
    this.#leftOut.clear();
    this.#outOfRange = undefined;
    this.#notNumbers = undefined;
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

  /** The row, or the reason that it cannot be used. */
  #rowOf(cells: Readonly<Record<string, string>>, line: number): BanditRow | string {
    const { map, arms } = this;
    const chosen = arms.indexOf(cells[map.chosen] ?? "");
    if (chosen === -1) return `${map.chosen} is ${cells[map.chosen] === "" ? "empty" : "not an arm of the map"}`;
    const reward = this.#rewardOf(cells, line);
    if (typeof reward === "string") return reward;
    const logged =
      typeof map.propensity === "string"
        ? onlyAt(chosen, shareOf(cells, map.propensity), arms.length, map.arms !== undefined)
        : sharesOf(cells, map.propensity, arms);
    if (logged === undefined) return propensityProblem(cells, map.propensity);
    if (!((logged[chosen] ?? 0) > 0)) return "the propensity of the arm that ran is 0";
    const target = this.#targetOf(cells);
    if (typeof target === "string") return target;
    const predicted = map.predicted === undefined ? undefined : numbersOf(cells, map, arms);
    if (typeof predicted === "string") return predicted;
    return { line, logged, target, predicted, chosen, reward };
  }

  #rewardOf(cells: Readonly<Record<string, string>>, line: number): number | undefined | string {
    const { column, min, max } = rewardRange(this.map);
    const cell = (cells[column] ?? "").trim();
    if (MISSING.has(cell.toLowerCase())) return undefined;
    const value = /^[+-]?inf(inity)?$/i.test(cell) ? Number.POSITIVE_INFINITY : numberOf(cell);
    if (value === undefined) {
      this.#notNumbers = oneMore(this.#notNumbers, cell, line);
      return undefined;
    }
    if (value >= min && value <= max) return (value - min) / (max - min);
    this.#outOfRange = oneMore(this.#outOfRange, cell, line);
    return `${column} lies outside ${min} to ${max}`;
  }

  #targetOf(cells: Readonly<Record<string, string>>): readonly number[] | undefined | string {
    const { map, arms } = this;
    if (this.#source === "column") return targetOf(cells, map, arms);
    if (this.#source === "none") return undefined;
    const column = map.policy?.column;
    return this.#policyShares(cells[column ?? ""] ?? "") ?? `${column} is not a case of the target policy`;
  }
}

function oneMore(found: OddRewards | undefined, first: string, firstLine: number): OddRewards {
  return found === undefined ? { rows: 1, firstLine, first } : { ...found, rows: found.rows + 1 };
}

function rowsOf(file: string, map: BanditMap, onRead?: (bytes: number) => void): ReturnType<typeof csvRows> {
  const { delimiter = "," } = map;
  const checkHeader = (header: readonly string[]): void => {
    const missing = banditColumns(map).find((name) => !header.includes(name));
    if (missing === undefined) return;
    const problem = `has no column ${showValue(missing)}. ${columnRemedy(missing, header)}`;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line: 1, problem });
  };
  return csvRows(streamFile(file, onRead), { file, delimiter, checkHeader });
}

/** A header with a single cell indicates the wrong separator. */
function columnRemedy(missing: string, header: readonly string[]): string {
  const split = DELIMITERS.find((one) => header.length === 1 && header[0]?.split(one).includes(missing));
  if (split === undefined) return nameRemedy(missing, header);
  return `Its columns are separated by ${showValue(split)}: set \`delimiter\` in the map.`;
}

const DELIMITERS = [",", ";", "\t", "|"];

const MISSING: ReadonlySet<string> = new Set(["", "na", "nan", "null", "none"]);
