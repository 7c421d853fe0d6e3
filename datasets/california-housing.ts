/**
 * California Housing: 20,640 districts of the 1990 census.
 *
 * The cheap estimate is the median of the district's region; premium was needed if it is off by more than 20 percent. Pace
 * and Barry 1997 (StatLib), no licence stated.
 * @module
 */
import { FEATURE_MISSING, type Table, TableBuilder } from "@calybris/learning";
import { type DataPlace, outcomeBps, PLAIN_COSTS_MICROCENTS, records, setText } from "./set-file.ts";

const FILE = {
  set: "california-housing",
  path: "california_housing/housing.csv.gz",
  sha256: "b2e79251d5497489c09db2cb6b7771e5cb0b1065198c2611c4f2f3c63403d30c",
} as const;

/** Columns, each with the factor that makes its values integers. */
const FEATURES: readonly (readonly [column: string, scale: number])[] = [
  ["longitude", 100],
  ["latitude", 100],
  ["housing_median_age", 1],
  ["total_rooms", 1],
  ["total_bedrooms", 1],
  ["population", 1],
  ["households", 1],
  ["median_income", 10_000],
];
const OFF_MAX = 0.2;

export async function californiaHousing(place: DataPlace): Promise<Table> {
  const rows = records(await setText(FILE, place));
  const medians = regionMedians(rows);
  const builder = new TableBuilder(
    "california-housing",
    FEATURES.map(([column]) => column),
    ["by region", "by survey"],
  );
  for (const row of rows) {
    const region = row["ocean_proximity"] ?? "";
    const value = Number(row["median_house_value"]);
    const isClose = Math.abs((medians.get(region) ?? 0) - value) <= OFF_MAX * value;
    builder.add({
      features: FEATURES.map(([column, scale]) => {
        const cell = row[column] ?? "";
        return cell === "" ? FEATURE_MISSING : Math.round(Number(cell) * scale);
      }),
      category: region,
      outcomesBps: [outcomeBps(isClose), outcomeBps(true)],
      costsMicrocents: PLAIN_COSTS_MICROCENTS,
    });
  }
  return builder.finish({ isInTimeOrder: false });
}

function regionMedians(rows: readonly Readonly<Record<string, string>>[]): ReadonlyMap<string, number> {
  const values = new Map<string, number[]>();
  for (const row of rows) {
    const region = row["ocean_proximity"] ?? "";
    const known = values.get(region) ?? [];
    known.push(Number(row["median_house_value"]));
    values.set(region, known);
  }
  return new Map([...values].map(([region, known]) => [region, known.sort((a, b) => a - b)[known.length >> 1] ?? 0]));
}
