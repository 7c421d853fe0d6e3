/**
 * The input tables of `train`, `certify` and `benchmark`: data sets by name, or the user's file with a map.
 * @module
 */
import { fileURLToPath } from "node:url";
import { DATA_SETS, dataDirectory, dataSetNamed, loadTable } from "@calybris/datasets";
import { nameRemedy } from "@calybris/engine/internal";
import type { Table } from "@calybris/learning";
import { CalybrisError } from "@calybris/kernel";

/** The options that select data. */
export interface DataOptions {
  /** The name of a set, or a file: a table described by a map, or, with `set`, one in that set's layout. */
  readonly data?: string;
  readonly map?: string;
  readonly set?: readonly string[];
}

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** One table per name, in the given order; without a name or a file, every available set. */
export async function tablesOf(options: DataOptions): Promise<readonly (() => Promise<Table>)[]> {
  const place = { directory: dataDirectory(ROOT) };
  const { data, map } = options;
  if (map !== undefined) {
    if (data === undefined)
      throw new CalybrisError("CAL_DATA_MISSING", { set: "", problem: "a map was given without a file" });
    return [async () => await loadTable(data, map)];
  }
  const names = [...(options.set ?? [])];
  if (data !== undefined && names.length === 0) {
    if (dataSetNamed(data) === undefined)
      throw new CalybrisError("CAL_DATA_MISSING", {
        set: data,
        problem: `no set has this name, and a file needs --map or --set. ${nameRemedy(data, setNames())}`,
      });
    names.push(data);
  }
  const file = options.set === undefined || data === undefined ? {} : { file: data };
  return (names.length === 0 ? setNames() : names).map((name) => {
    const set = dataSetNamed(name);
    if (set === undefined)
      throw new CalybrisError("CAL_DATA_MISSING", { set: name, problem: nameRemedy(name, setNames()) });
    return async () => await set.load({ ...place, ...file });
  });
}

/** Exactly one table. */
export async function tableOf(options: DataOptions): Promise<Table> {
  const [load] = await tablesOf(options);
  if (load === undefined || options.data === undefined)
    throw new CalybrisError("CAL_DATA_MISSING", { set: "", problem: "name one with --data" });
  return await load();
}

/** The names of all sets. */
export function setNames(): readonly string[] {
  return DATA_SETS.map(({ name }) => name);
}

/** Collects the values of a repeatable option. */
export function collected(word: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), word];
}
