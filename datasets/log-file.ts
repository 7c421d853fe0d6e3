/**
 * A bandit log as CSV: the predicted gain, whether the cheap tier ran, the probability that it would, and whether it failed.
 * @module
 */
import { csvRows, type MistakeBounds, Mistakes, streamFile } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";

export interface FileRow {
  readonly scoreBps: number;
  readonly ranCheap: boolean;
  readonly cheapPropensity: number;
  readonly failed: boolean;
}

const COLUMNS = ["scoreBps", "ranCheap", "cheapPropensity", "failed"];
/** The rows of a table are similar, so a few mistakes represent all of them. */
const MISTAKE_BOUNDS: MistakeBounds = { max: 20, suggestionsMax: 0 };
const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["true", true],
  ["0", false],
  ["false", false],
]);

/** @throws CalybrisError `CAL_INPUT_MALFORMED` if a column is missing, `CAL_TABLE_INVALID` with the mistakes of the rows. */
export async function loadLog(file: string): Promise<readonly FileRow[]> {
  const mistakes = new Mistakes(undefined, MISTAKE_BOUNDS);
  const rows: FileRow[] = [];
  const checkHeader = (header: readonly string[]): void => requireColumns(header, file);
  for await (const { line, cells } of csvRows(streamFile(file), { file, checkHeader })) {
    const row = rowOf(cells);
    if (row !== undefined) rows.push(row);
    else
      mistakes.add(
        [],
        "is not a logged row",
        "scoreBps is an integer, cheapPropensity a share above 0 where the cheap tier ran, ranCheap and failed are 0 or 1.",
        line,
      );
    if (mistakes.isFull) break;
  }
  if (!mistakes.isEmpty) throw new CalybrisError("CAL_TABLE_INVALID", { mistakes: mistakes.list, file });
  if (rows.length === 0) requireColumns([], file);
  return rows;
}

function requireColumns(header: readonly string[], file: string): void {
  const missing = COLUMNS.find((name) => !header.includes(name));
  if (missing !== undefined)
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line: 1, problem: `has no column "${missing}"` });
}

function rowOf(cells: Readonly<Record<string, string>>): FileRow | undefined {
  const [scoreBps, cheapPropensity] = [Number(cells["scoreBps"]), Number(cells["cheapPropensity"])];
  const ranCheap = TRUTHS.get((cells["ranCheap"] ?? "").toLowerCase());
  const failed = TRUTHS.get((cells["failed"] ?? "").toLowerCase()) ?? (ranCheap === false ? false : undefined);
  if (!Number.isInteger(scoreBps) || !(cheapPropensity >= 0 && cheapPropensity <= 1)) return undefined;
  if (ranCheap === undefined || failed === undefined || (ranCheap && cheapPropensity === 0)) return undefined;
  return { scoreBps, ranCheap, cheapPropensity, failed };
}
