/**
 * Forest cover types: a stratified sample of 92,962 cells, in the layout of UCI's covtype.data, so that the full file of
 * 581,012 rows can be read too.
 *
 * The cheap rule predicts the most frequent cover of the cell's wilderness area; premium was needed if that is wrong. UCI
 * Covertype, CC BY 4.0. Copyright Jock A. Blackard and Colorado State University.
 * @module
 */
import { type Table, TableBuilder } from "@calybris/learning";
import { type DataPlace, outcomeBps, PLAIN_COSTS_MICROCENTS, setText } from "./set-file.ts";

const FILE = {
  set: "covtype",
  path: "covtype/covtype.sample92962.data.gz",
  sha256: "a8f4e76f1eeb6f179dd5796bbbd394449512309700a0f7a6276f1f8db0a25257",
} as const;

const QUANTITIES = [
  "elevation",
  "aspect",
  "slope",
  "horizontalToWater",
  "verticalToWater",
  "horizontalToRoad",
  "hillshade9",
  "hillshadeNoon",
  "hillshade15",
  "horizontalToFire",
];
const COLUMN_COUNT = 55;
const AREAS_FROM = 10;
const SOILS_FROM = 14;
const CLASS_COUNT = 7;

export async function covtype(place: DataPlace): Promise<Table> {
  const rows: Int16Array[] = [];
  for (const line of (await setText(FILE, place)).split("\n")) {
    if (line.trim() === "") continue;
    const cells = Int16Array.from(line.split(","), Number);
    if (cells.length !== COLUMN_COUNT) throw new Error(`a row of Covertype has ${cells.length} columns`);
    rows.push(cells);
  }
  const usual = usualCovers(rows);
  const builder = new TableBuilder("covtype", [...QUANTITIES, "soil"], ["by area", "by survey"], rows.length);
  for (const cells of rows) {
    const area = codeOf(cells, AREAS_FROM, SOILS_FROM);
    builder.add({
      features: [...cells.subarray(0, QUANTITIES.length), codeOf(cells, SOILS_FROM, COLUMN_COUNT - 1)],
      category: `area ${area + 1}`,
      outcomesBps: [outcomeBps(cells[COLUMN_COUNT - 1] === usual[area]), outcomeBps(true)],
      costsMicrocents: PLAIN_COSTS_MICROCENTS,
    });
  }
  return builder.finish({ isInTimeOrder: false });
}

/** The index of the column that is set. */
function codeOf(cells: Int16Array, from: number, to: number): number {
  return cells.subarray(from, to).indexOf(1);
}

function usualCovers(rows: readonly Int16Array[]): readonly number[] {
  const counts = Array.from({ length: SOILS_FROM - AREAS_FROM }, () => new Float64Array(CLASS_COUNT + 1));
  for (const cells of rows) {
    const area = counts[codeOf(cells, AREAS_FROM, SOILS_FROM)];
    const cover = cells[COLUMN_COUNT - 1] ?? 0;
    if (area !== undefined) area[cover] = (area[cover] ?? 0) + 1;
  }
  return counts.map((area) => area.indexOf(Math.max(...area)));
}
