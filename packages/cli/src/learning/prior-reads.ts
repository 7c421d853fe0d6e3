/**
 * Checks that a table has the columns that a prior reads, encoded as when the prior was fitted. A missing column would count
 * as unknown, and a different encoding as a different request, so the scores would not match those in production.
 * @module
 */
import { type ColumnReading, columnReadings } from "@calybris/datasets";
import type { Prior } from "@calybris/engine";
import type { Mistake } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import type { Table } from "@calybris/learning";

/** Maximum length of a prior's remark. */
const ABOUT_MAX_CHARACTERS = 4_000;
const MADE_OF = " Integers were made of: ";

/** The remark in a prior: how it was fitted, and how non-integer columns were encoded. */
export function aboutText(fitted: string, table: Table): string {
  const notes = [...(columnReadings.get(table) ?? [])].flatMap(([name, reading]) => noteOf(name, reading) ?? []);
  return `${fitted}.${notes.length === 0 ? "" : `${MADE_OF}${notes.join(", ")}.`}`.slice(0, ABOUT_MAX_CHARACTERS);
}

/**
 * @param about - the prior's remark, if it has one.
 * @throws CalybrisError `CAL_PRIOR_INVALID` naming the columns that are missing or encoded differently.
 */
export function requirePriorReads(prior: Prior, about: unknown, file: string, table: Table): void {
  const mistakes = prior.featureNames.flatMap((name) => mistakeOf(name, about, table) ?? []);
  if (prior.text !== undefined && table.texts === undefined)
    mistakes.push({
      path: "text",
      problem: `is read, and ${table.name} has none`,
      remedy: "Name its column in the map.",
    });
  if (mistakes.length > 0) throw new EngineError("CAL_PRIOR_INVALID", { mistakes, file });
}

function mistakeOf(name: string, about: unknown, table: Table): Mistake | undefined {
  const path = "features";
  if (!table.featureNames.includes(name)) {
    const remedy = "Name the column under `features` in the table's map.";
    return { path, problem: `read ${name}, which ${table.name} lacks`, remedy };
  }
  const reading = columnReadings.get(table)?.get(name);
  if (reading === undefined) return undefined;
  if (reading.kind === "code" && !reading.isFixed) {
    const problem = `read ${name}, whose words got their codes from how frequent they are in ${table.name}`;
    const remedy = "Fix `words` of the column in the map, as `train --json` lists them under `columns`.";
    return { path, problem, remedy };
  }
  if (typeof about !== "string" || about.length >= ABOUT_MAX_CHARACTERS) return undefined;
  const notes = about.split(MADE_OF)[1]?.slice(0, -1).split(", ") ?? [];
  const then = notes.find((note) => note.startsWith(`${name} × `) || note.startsWith(`${name} as `));
  const now = noteOf(name, reading);
  if (then === now) return undefined;
  const problem = `read ${then ?? `${name} as it is`}, and in ${table.name} it is ${now ?? "as it is"}`;
  return { path, problem, remedy: "Fix `scale` of the column in the map, for both tables." };
}

function noteOf(name: string, { kind, scale, isFixed }: ColumnReading): string | undefined {
  if (kind === "number") return scale === 1 ? undefined : `${name} × ${scale}`;
  if (kind === "date") return `${name} as minutes since 1970`;
  return `${name} as codes: ${isFixed ? "places of the words in the map" : "the most frequent word is 0"}`;
}
