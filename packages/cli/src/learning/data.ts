/**
 * The tables that `train`, `certify` and `benchmark` work on: data sets by their names, or anyone's file with a map.
 * @module
 */
import { fileURLToPath } from "node:url";
import { DATA_SETS, dataDirectory, dataSetNamed, loadTable } from "@calybris/datasets";
import { nameRemedy } from "@calybris/engine/internal";
import type { Table } from "@calybris/learning";
import { CalybrisError } from "@calybris/kernel";

/** What the options said. */
export interface DataOptions {
  /** The name of a set, or a file: with a map anyone's table, with `set` the set's own layout. */
  readonly data?: string;
  readonly map?: string;
  readonly set?: readonly string[];
}

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** One table a name, in the order asked for; without a name or a file, every set that can be had. */
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

/** Collects an option that may be given several times. */
export function collected(word: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), word];
}
