import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gainsBps, type Table } from "@calybris/learning";
import { beforeAll, describe, expect, test } from "vitest";
import { longTest } from "../../test/share.ts";
import { dataDirectory } from "../checked-file.ts";
import { DATA_SETS, dataSetNamed } from "../sets.ts";
import { flights } from "../flights.ts";

const directory = dataDirectory(fileURLToPath(new URL("../../", import.meta.url)));
const place = { directory };

/** Shares of the two tiers' outcomes: both right, only the cheap one, only the premium one, neither. */
function crossTable(table: Table): readonly number[] {
  const counts = [0, 0, 0, 0];
  const tiers = table.tierNames.length;
  for (let row = 0; row < table.rowCount; row += 1) {
    const cheap = (table.outcomesBps[row * tiers] ?? 0) === 10_000;
    const premium = (table.outcomesBps[row * tiers + tiers - 1] ?? 0) === 10_000;
    const at = cheap ? (premium ? 0 : 1) : premium ? 2 : 3;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

function neededShare(table: Table): number {
  return gainsBps(table).reduce((sum, gain) => sum + (gain > 0 ? 1 : 0), 0) / table.rowCount;
}

const tables = new Map<string, Promise<Table>>();

/** Each set is read once. */
function loaded(name: string): Promise<Table> {
  const set = dataSetNamed(name);
  if (set === undefined) throw new Error(`there is no ${name}`);
  const table = tables.get(name) ?? set.load(place);
  tables.set(name, table);
  return table;
}

test("flights come with npm: 20,000 of them, in the order of time, 22.755 % late", async () => {
  const table = await flights({ directory: undefined });
  expect([table.rowCount, table.isInTimeOrder]).toEqual([20_000, true]);
  expect(neededShare(table)).toBeCloseTo(0.22755, 10);
});

// Skipped where the data sets are not: set CALYBRIS_DATA to their folder.
describe.skipIf(directory === undefined)("figures of ground_truth.json", () => {
  let truth: Record<string, Record<string, Record<string, unknown>>>;
  beforeAll(() => {
    truth = JSON.parse(readFileSync(`${directory}/ground_truth.json`, "utf8"));
  });

  longTest("all 622,710 rows of the four sets without text are read, and so are those of the others", async () => {
    const rows = new Map<string, number>();
    for (const { name } of DATA_SETS) rows.set(name, (await loaded(name)).rowsRead);
    const sum = (names: readonly string[]): number => names.reduce((all, name) => all + (rows.get(name) ?? 0), 0);
    expect(sum(["kdd99", "covtype", "california-housing", "sp500"])).toBe(622_710);
    expect(rows.get("kdd99-unique")).toBe(494_021);
    expect(sum(["mmlu-pro-gemini", "routellm-gsm8k", "routellm-mmlu", "routerbench", "routerdc7"])).toBe(
      12_032 + 1_319 + 14_042 + 3_178 + 20_600,
    );
  });

  test("KDD: the share of attacks, and 348,435 copies", async () => {
    const unique = await loaded("kdd99-unique");
    expect(unique.rowsLeftOut).toEqual([
      { reason: "a copy of an earlier row", count: truth["kdd99"]?.["duplicate_rows"] },
    ]);
    expect(neededShare(await loaded("kdd99"))).toBeCloseTo(0.803089, 6);
  });

  test("S&P: the share of days that move by more than 2 percent", async () => {
    const table = await loaded("sp500");
    expect(table.rowCount).toBe(truth["sp500"]?.["sp500_30tickers_2y"]?.["next_day_returns" as never]);
    expect(neededShare(table)).toBeCloseTo(0.144451, 6);
  });

  test.each([
    ["mmlu-pro-gemini", [6725, 967, 1705, 2605]],
    ["mmlu-pro-llama", [4503, 814, 3056, 3659]],
    ["routerbench", [2235, 112, 549, 268]],
    ["routellm-gsm8k", [747, 95, 383, 94]],
    ["routellm-mmlu", [8818, 742, 2497, 1985]],
  ])("%s: both right, only cheap, only premium, neither", async (name, expected) => {
    expect(crossTable(await loaded(name))).toEqual(expected);
  });

  test("routerdc7: tiers are in the order of their mean score, the last has .4946", async () => {
    const table = await loaded("routerdc7");
    const means = table.tierNames.map(
      (_, tier) =>
        Array.from({ length: table.rowCount }, (__, row) => table.outcomesBps[row * 7 + tier] ?? 0).reduce(
          (a, b) => a + b,
          0,
        ) / table.rowCount,
    );
    expect(means).toEqual(means.toSorted((a, b) => a - b));
    expect((means[6] ?? 0) / 10_000).toBeCloseTo(0.4946, 4);
  });
});
