/**
 * The meaning of an export's columns. Every recognised export has a map; `--map` provides one for any other table.
 *
 * Columns have the names of the header; in JSON, `usage.prompt_tokens` is a nested member. Of several columns for `model`,
 * `time` and `tag`, the first non-empty cell is used; several columns for a count are added.
 * @module
 */
import { isObject, itemsOf, membersOf, Mistakes, showValue } from "@calybris/engine/internal";
import { CalybrisError, type MoneyUnit } from "@calybris/kernel";

export interface UsageMap {
  /** Names of columns, or the one model of every row. */
  readonly model: readonly string[] | { readonly const: string };
  /** All input, cached or not. Absent in an export of costs. */
  readonly inputTokens?: readonly string[];
  readonly outputTokens?: readonly string[];
  /** Parts of `inputTokens`. */
  readonly cacheReadTokens?: readonly string[];
  readonly cacheWriteTokens?: readonly string[];
  /** The number of requests in a row; 1 if it has none. */
  readonly requests?: readonly string[];
  readonly paid?: { readonly columns: readonly string[]; readonly unit: MoneyUnit["name"] };
  /** Holds `true`, `batch` or `flex` if a row was charged half the price. */
  readonly batch?: readonly string[];
  readonly time?: readonly string[];
  readonly tag?: readonly string[];
}

const COLUMN_KEYS = [
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "requests",
  "batch",
  "time",
  "tag",
] as const;
const KEYS: readonly string[] = ["model", ...COLUMN_KEYS, "paid"];
const UNITS: readonly string[] = ["dollars", "cents", "microcents"];
const COLUMNS_REMEDY = "Write the name of a column, or a list of names.";

/** Every column that a map names. */
export function columnsOf(map: UsageMap): readonly string[] {
  const model = "const" in map.model ? [] : map.model;
  const listed = COLUMN_KEYS.flatMap((key) => map[key] ?? []);
  return [...new Set([...model, ...listed, ...(map.paid?.columns ?? [])])];
}

/**
 * Parses the map of `--map`.
 *
 * @param value - such as `{"model": "model_name", "inputTokens": "in", "outputTokens": "out", "paid": "cost_usd"}`.
 * @param model - the model of every row, if the command sets it; the map then needs no column for it.
 * @throws {@link CalybrisError} `CAL_TABLE_INVALID` with every mistake.
 */
export function parseUsageMap(value: unknown, file: string, model?: string): UsageMap {
  const mistakes = new Mistakes();
  if (!isObject(value)) mistakes.add([], `is ${showValue(value)}`, "Write an object.");
  const members = membersOf(value);
  for (const key of Object.keys(members))
    if (!KEYS.includes(key)) mistakes.add([key], "is unknown", mistakes.remedyFor(key, KEYS));
  const named = membersOf(members["model"]);
  const constant = model ?? named["const"];
  if (isObject(members["model"])) {
    if (typeof constant !== "string" || Object.keys(named).length !== 1)
      mistakes.add(["model"], `is ${showValue(members["model"])}`, 'Write a column, or {"const": "gpt-4o"}.');
  } else if (model === undefined || members["model"] !== undefined) checkColumns(members, "model", mistakes);
  for (const key of COLUMN_KEYS) if (members[key] !== undefined) checkColumns(members, key, mistakes);
  const paid = isObject(members["paid"]) ? membersOf(members["paid"]) : { column: members["paid"], unit: "dollars" };
  if (members["paid"] !== undefined) {
    checkColumns(paid, "column", mistakes, ["paid"]);
    if (!UNITS.includes(String(paid["unit"])))
      mistakes.add(["paid", "unit"], `is ${showValue(paid["unit"])}`, `Write one of ${UNITS.join(", ")}.`);
  }
  if (members["paid"] === undefined && (members["inputTokens"] === undefined || members["outputTokens"] === undefined))
    mistakes.add(["inputTokens"], "is missing", "Map `inputTokens` and `outputTokens`, or `paid`, or all three.");
  if (!mistakes.isEmpty) throw new CalybrisError("CAL_TABLE_INVALID", { mistakes: mistakes.list, file });
  return {
    model: typeof constant === "string" ? { const: constant } : namesOf(members["model"]),
    ...Object.fromEntries(COLUMN_KEYS.flatMap((key) => (key in members ? [[key, namesOf(members[key])]] : []))),
    ...(members["paid"] === undefined
      ? {}
      : { paid: { columns: namesOf(paid["column"]), unit: paid["unit"] as MoneyUnit["name"] } }),
  };
}

function checkColumns(
  members: { readonly [key: string]: unknown },
  key: string,
  mistakes: Mistakes,
  at: string[] = [],
): void {
  const value = members[key];
  const names = namesOf(value);
  const isValid = names.length > 0 && names.every((name) => typeof name === "string" && name !== "");
  if (value === undefined) mistakes.add([...at, key], "is missing", COLUMNS_REMEDY);
  else if (!isValid) mistakes.add([...at, key], `is ${showValue(value)}`, COLUMNS_REMEDY);
}

function namesOf(value: unknown): readonly string[] {
  return typeof value === "string" ? [value] : (itemsOf(value) as readonly string[]);
}
