/**
 * Warnings about an estimate, and reasons in the log to refuse it.
 * @module
 */
import type { BanditLog, OddRewards } from "@calybris/datasets";
import type { Refusal, Support } from "@calybris/estimate";
import { showValue } from "@calybris/engine/internal";

/** Maximum share of unusable rows. With more, the remaining rows do not represent the log. */
const UNUSABLE_SHARE_MAX = 0.05;

/** Refusals for the file's rows, as opposed to its probabilities. */
export function fileRefusals({ rowsOutOfRange, rowCount, leftOut }: FileFindings): Refusal[] {
  const refusals: Refusal[] = [];
  if (rowsOutOfRange !== undefined)
    refusals.push({
      reason: "reward_out_of_range",
      explanation: `${cellsText(rowsOutOfRange, "reward lies outside the range of the map", "rewards lie outside the range of the map")}. Without those rows, an estimate is biased: set \`reward\` to {"column", "min", "max"} with the minimum and maximum possible reward.`,
    });
  const unusable = leftOut.reduce((sum, { rows }) => sum + rows, 0) - (rowsOutOfRange?.rows ?? 0);
  if (unusable < rowCount && unusable > UNUSABLE_SHARE_MAX * rowCount)
    refusals.push({
      reason: "rows_unusable",
      explanation: `${unusable.toLocaleString("en")} of ${rowCount.toLocaleString("en")} rows are unusable; at most ${100 * UNUSABLE_SHARE_MAX} % may be. Correct the map or the rows listed below.`,
    });
  return refusals;
}

/**
 * A refusal for lack of rows or outcomes, with the rows that were left out; `leftOut` begins with the most frequent reason.
 */
export function explained(
  refusal: Refusal,
  { leftOut }: Pick<FileFindings, "leftOut">,
  notNumbers?: OddRewards,
): Refusal {
  const [most] = leftOut;
  if (refusal.reason === "no_rows" && most !== undefined)
    return {
      ...refusal,
      explanation: `The log has no usable row. Of ${most.rows.toLocaleString("en")}, the first in line ${most.firstLine}: ${most.reason}.`,
    };
  if (refusal.reason === "no_outcomes" && notNumbers !== undefined)
    return {
      ...refusal,
      explanation: `${refusal.explanation} ${cellsText(notNumbers, "reward is not a number", "rewards are not numbers")}: write numbers, or true and false.`,
    };
  return refusal;
}

interface FileFindings {
  readonly rowsOutOfRange: OddRewards | undefined;
  readonly rowCount: number;
  readonly leftOut: BanditLog["leftOut"];
}

export function warningsOf(
  support: Support,
  notNumbers: OddRewards | undefined,
  ifMissing: { readonly lower: number; readonly upper: number } | null,
): string[] {
  const { rows, missing, chosenOnly, rowsClipped, weightMassClipped, targetMassUnlogged, targetMassClipped } = support;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const short = (value: number): string => String(Number(value.toPrecision(4)));
  const warnings: string[] = [];
  if (notNumbers !== undefined)
    warnings.push(
      `${cellsText(notNumbers, "reward is not a number", "rewards are not numbers")}. They count as missing.`,
    );
  if (missing > 0)
    warnings.push(
      `${missing.toLocaleString("en")} of ${rows.toLocaleString("en")} rows have no outcome. Estimates leave them out; the interval covers whatever they were.${
        ifMissing === null ? "" : ` DR lies between ${short(ifMissing.lower)} and ${short(ifMissing.upper)} with them.`
      }`,
    );
  if (chosenOnly > 0)
    warnings.push(
      "The log has only the probability of the arm that ran. Its coverage of the target's other choices is unknown, and the interval uses k = 0.",
    );
  if (rowsClipped > 0)
    warnings.push(
      `${rowsClipped === 1 ? "1 row has" : `${rowsClipped.toLocaleString("en")} rows have`} a weight above the cap. The clipped estimates lose ${percent(weightMassClipped)} of the weight and are biased by that much.`,
    );
  if (targetMassClipped > 0) warnings.push(`${percent(targetMassClipped)} of the target's choices lie beyond the cap.`);
  if (targetMassUnlogged > 0)
    warnings.push(`${percent(targetMassUnlogged)} of the target's choices were never logged.`);
  return warnings;
}

/** Warns if the estimate is outside its own interval, which indicates dependent rows. */
export function contradictionWarnings(
  value: number,
  interval: { readonly lower: number; readonly upper: number } | undefined,
): string[] {
  if (interval === undefined || (value >= interval.lower && value <= interval.upper)) return [];
  return [
    "The estimate is outside the interval, so one of them is wrong: rows are repeated or out of order, values change over time (use `--interval drifting`), or the propensities are not those of the log.",
  ];
}

/** `3 rewards are not numbers (the first in line 7: "none yet")`. */
function cellsText({ rows, firstLine, first }: OddRewards, one: string, several: string): string {
  return `${rows === 1 ? `1 ${one}` : `${rows.toLocaleString("en")} ${several}`} (the first in line ${firstLine}: ${showValue(first)})`;
}
