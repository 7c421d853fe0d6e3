/**
 * Parses the cells of a bandit log's row: shares, targets and predictions, in the order of the arms.
 * @module
 */
import { type BanditMap, rewardRange } from "./bandit-map.ts";

/** Parses a decimal number as people and programs write it; `undefined` for an empty or invalid cell. */
export function numberOf(cell: string | undefined): number | undefined {
  const words = (cell ?? "").trim().toLowerCase();
  if (words === "true") return 1;
  if (words === "false") return 0;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(words) ? Number(words) : undefined;
}

export function shareOf(cells: Readonly<Record<string, string>>, column: string): number | undefined {
  const value = numberOf(cells[column]);
  return value !== undefined && value >= 0 && value <= 1 ? value : undefined;
}

/** The reason that the probabilities of a row are invalid. */
export function propensityProblem(
  cells: Readonly<Record<string, string>>,
  columns: string | Readonly<Record<string, string>>,
): string {
  const named = typeof columns === "string" ? [columns] : Object.values(columns);
  const arePercent = named.some((column) => {
    const cell = (cells[column] ?? "").trim();
    return cell.endsWith("%") ? numberOf(cell.slice(0, -1)) !== undefined : (numberOf(cell) ?? 0) > 1;
  });
  return arePercent
    ? "a propensity is above 1 or in percent: divide percentages by 100"
    : "a propensity is not a number from 0 to 1";
}

export function sharesOf(
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

/**
 * Derives the other probabilities from one: a probability of 1 leaves 0 for all others, and with two arms the other has the
 * rest.
 */
export function onlyAt(
  chosen: number,
  share: number | undefined,
  arms: number,
  areListed: boolean,
): readonly (number | undefined)[] | undefined {
  if (share === undefined) return undefined;
  const others = share === 1 ? 0 : areListed && arms === 2 ? 1 - share : undefined;
  return Array.from({ length: arms }, (_, arm) => (arm === chosen ? share : others));
}

export function targetOf(
  cells: Readonly<Record<string, string>>,
  { target }: BanditMap,
  arms: readonly string[],
): readonly number[] | undefined | string {
  if (target === undefined) return undefined;
  if (typeof target === "object")
    return sharesOf(cells, target, arms) ?? "a target probability is not a number from 0 to 1";
  const arm = arms.indexOf(cells[target] ?? "");
  return arm === -1 ? `${target} is not an arm` : arms.map((_, index) => (index === arm ? 1 : 0));
}

export function numbersOf(
  cells: Readonly<Record<string, string>>,
  map: BanditMap,
  arms: readonly string[],
): readonly number[] | string {
  const { min, max } = rewardRange(map);
  const { predicted = {} } = map;
  const values = arms.map((arm) => numberOf(cells[predicted[arm] ?? ""]));
  if (values.includes(undefined)) return "a prediction is not a number";
  // A model may predict a value outside the range; it is clamped to the nearest possible reward.
  return (values as number[]).map((value) => Math.min(Math.max((value - min) / (max - min), 0), 1));
}
