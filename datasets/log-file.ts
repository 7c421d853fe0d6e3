/**
 * A bandit's log as CSV: the predicted gain, whether the cheap tier ran, with which probability it would, and whether it
 * failed.
 * @module
 */
import { readFileBytes } from "@calybris/engine";
import { CalybrisError, type Mistake } from "@calybris/kernel";
import { parse } from "csv-parse/sync";

export interface FileRow {
  readonly scoreBps: number;
  readonly ranCheap: boolean;
  readonly cheapPropensity: number;
  readonly failed: boolean;
}

const COLUMNS = ["scoreBps", "ranCheap", "cheapPropensity", "failed"];
const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["true", true],
  ["0", false],
  ["false", false],
]);

/** @throws CalybrisError `CAL_INPUT_MALFORMED` without a column, `CAL_TABLE_INVALID` with the mistakes of the rows. */
export async function loadLog(file: string): Promise<readonly FileRow[]> {
  const text = Buffer.from(await readFileBytes(file)).toString("utf8");
  let rows: readonly Readonly<Record<string, string>>[];
  try {
    rows = parse(text, { bom: true, columns: true, skip_empty_lines: true }) as typeof rows;
  } catch (cause) {
    const problem = `is not CSV: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem }, { cause });
  }
  const missing = COLUMNS.find((name) => rows[0] === undefined || !(name in rows[0]));
  if (missing !== undefined)
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line: 1, problem: `has no column "${missing}"` });
  const mistakes: Mistake[] = [];
  const read = rows.map((row, at) => {
    const [score, propensity] = [Number(row["scoreBps"]), Number(row["cheapPropensity"])];
    const ran = TRUTHS.get((row["ranCheap"] ?? "").toLowerCase());
    const failed = TRUTHS.get((row["failed"] ?? "").toLowerCase()) ?? (ran === false ? false : undefined);
    const isRight =
      Number.isInteger(score) && propensity >= 0 && propensity <= 1 && ran !== undefined && failed !== undefined;
    if (!isRight || (ran && propensity === 0))
      mistakes.push({
        path: "",
        problem: "is no logged row",
        remedy:
          "scoreBps is whole, cheapPropensity a share above 0 where the cheap tier ran, ranCheap and failed are 0 or 1.",
        line: at + 2,
      });
    return { scoreBps: score, ranCheap: ran ?? false, cheapPropensity: propensity, failed: failed ?? false };
  });
  if (mistakes.length > 0) throw new CalybrisError("CAL_TABLE_INVALID", { mistakes: mistakes.slice(0, 20), file });
  return read;
}
