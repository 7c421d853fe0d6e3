import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { FEATURE_MISSING } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { judge, type Table } from "@calybris/learning";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ColumnAsked, FeatureColumn } from "../feature-column.ts";
import { columnReadings, loadTable, ROWS_MIN, readTable } from "../table-file.ts";
import { parseTableMap, type TableMap, tableMapJsonSchema } from "../table-map.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "calybris-table-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MAP: TableMap = {
  features: ["x"],
  tiers: [
    { name: "cheap", outcome: "a", cost: { const: 1, unit: "cents" } },
    { name: "dear", outcome: "b", cost: { const: 5, unit: "cents" } },
  ],
};

function written(text: string | Uint8Array): string {
  const file = join(folder, `t${Math.random().toString(36).slice(2)}.csv`);
  writeFileSync(file, text);
  return file;
}

/** The same row again and again, so that there are enough. */
function csv(header: string, rows: readonly string[], times = ROWS_MIN): string {
  return `${header}\n${Array.from({ length: times }, () => rows.join("\n")).join("\n")}\n`;
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
    return "none";
  } catch (error) {
    return error instanceof CalybrisError ? `${error.code}: ${error.message}` : `bug: ${String(error)}`;
  }
}

function column(cells: readonly string[]): ReturnType<FeatureColumn["finish"]> {
  const made = new FeatureColumn();
  for (const cell of cells) made.add(cell);
  return made.finish();
}

describe("docs/tables.md", () => {
  const fence = (kind: string): string =>
    new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``).exec(
      readFileSync(fileURLToPath(new URL("../../docs/tables.md", import.meta.url)), "utf8"),
    )?.[1] ?? "";

  test("its table is read with its map: quoted line breaks, dates, tokens, words for right and wrong", async () => {
    const [header = "", ...rest] = fence("csv").split("\n");
    const rows = rest.join("\n").trimEnd();
    const map = parseTableMap(JSON.parse(fence("json")), "map");
    const table = await readTable(written(csv(header, [rows])), map);
    // Two of three rows: the last lacks the tokens that came out.
    expect([table.rowCount, table.rowsLeftOut]).toEqual([40, [{ reason: "a cost is missing", count: 20 }]]);
    expect(table.texts?.[0]).toBe("How do I reset\nmy password?");
    expect(table.tierNames).toEqual(["small", "large"]);
    expect([...table.outcomesBps.slice(0, 4)]).toEqual([10_000, 10_000, 0, 10_000]);
    // $0.0004, and 31 × $2.5 + 120 × $10 a million: 40,000 and 127,750 microcents.
    expect([...table.costsMicrocents.slice(0, 2)]).toEqual([40_000, 127_750]);
    expect(table.features[1]).toBe(Date.UTC(2024, 2, 1, 9, 12) / 60_000);
  });
});

test("datasets/table-map.schema.json is the schema of the code", () => {
  const file = fileURLToPath(new URL("../table-map.schema.json", import.meta.url));
  const text = `${JSON.stringify(tableMapJsonSchema(), null, 2)}\n`;
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(file, text);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(text));
});

describe("a column", () => {
  test("of whole numbers stays as it is; of decimals is multiplied; huge ones are divided until they fit", () => {
    expect([...column(["3", "-4", "0"]).values]).toEqual([3, -4, 0]);
    expect([...column(["0.25", "1.5"]).values]).toEqual([25, 150]);
    const huge = column(["9007199254740993", "-1e18", "5"]);
    expect(Math.max(...huge.values.map(Math.abs))).toBeLessThanOrEqual(2_000_000_000);
    expect(huge.reading.scale).toBeLessThan(1);
  });

  test("of words becomes codes, the most frequent first; without a cell it is not known", () => {
    const { values, reading } = column(["b", "a", "a", "", "N/A", "c c"]);
    expect([...values]).toEqual([1, 0, 0, FEATURE_MISSING, FEATURE_MISSING, 2]);
    expect(reading.words).toEqual(["a", "b", "c c"]);
  });

  test("is read as the map fixes it, whatever its cells ask for; a word that was not foreseen is not known", () => {
    const fixed = (asked: ColumnAsked, cells: readonly string[]): readonly number[] => {
      const made = new FeatureColumn(asked);
      for (const cell of cells) made.add(cell);
      return [...made.finish().values];
    };
    expect(fixed({ scale: 100 }, ["1.5", "2", "", "x"])).toEqual([150, 200, FEATURE_MISSING, FEATURE_MISSING]);
    expect(fixed({ scale: 1_000_000 }, ["4e9", "-4e9"])).toEqual([2_000_000_000, -2_000_000_000]);
    expect(fixed({ words: ["red", " blue"] }, ["blue", "blue", "red", "green", ""])).toEqual([
      1,
      1,
      0,
      FEATURE_MISSING,
      FEATURE_MISSING,
    ]);
  });

  test("that is empty, constant or a mix of numbers and words is read all the same", () => {
    expect([...column(["", ""]).values]).toEqual([FEATURE_MISSING, FEATURE_MISSING]);
    expect([...column(["7", "7"]).values]).toEqual([7, 7]);
    expect(column(["7", "seven"]).reading.kind).toBe("code");
    expect(column(["Infinity", "1e999", "0x10"]).reading.kind).toBe("code");
    expect(column(["2024-02-30T99:99", "2024-01-01"]).reading.kind).toBe("code");
  });

  test("whatever the cells, every value is a 32-bit integer", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String))), (cells) => {
        const { values } = column(cells);
        expect(values.length).toBe(cells.length);
        expect([...values].every(Number.isInteger)).toBe(true);
      }),
    );
  });
});

describe("a table that cannot be used is refused by its code", () => {
  test.each([
    ["no rows", "x,a,b\n", "CAL_TABLE_INVALID"],
    ["one row", "x,a,b\n1,0,1\n", "CAL_TABLE_INVALID"],
    ["a column that is not there", csv("x,a", ["1,0"]), "CAL_INPUT_MALFORMED"],
    ["a column twice", csv("x,a,b,a", ["1,0,1,0"]), "CAL_INPUT_MALFORMED"],
    ["ragged rows", csv("x,a,b", ["1,0"]), "CAL_INPUT_MALFORMED"],
    ["an open quote", 'x,a,b\n1,"0,1\n', "CAL_INPUT_MALFORMED"],
    ["an outcome above its best", csv("x,a,b", ["1,0,5"]), "CAL_TABLE_INVALID"],
    ["an outcome below 0", csv("x,a,b", ["1,-1,1"]), "CAL_TABLE_INVALID"],
    ["an outcome in words", csv("x,a,b", ["1,fine,1"]), "CAL_TABLE_INVALID"],
    ["an outcome in another notation", csv("x,a,b", ["1,0x1,1"]), "CAL_TABLE_INVALID"],
    ["another delimiter than the map's", csv("x;a;b", ["1;0;1"]), 'separated by ";"'],
    ["only missing outcomes", csv("x,a,b", ["1,,1"]), "CAL_TABLE_INVALID"],
    ["an empty file", "", "CAL_TABLE_INVALID"],
  ])("%s", async (_name, text, code) => {
    expect(await codeOf(readTable(written(text), MAP))).toContain(code);
  });

  test.each(["0x10", "0b1", "1_000", "1,5", "Infinity", "1e999", "$1", "-0.1"])(
    "a cost of %s is no number",
    async (cost) => {
      const map: TableMap = {
        ...MAP,
        tiers: [{ name: "cheap", outcome: "a", cost: { column: "c", unit: "cents" } }, MAP.tiers[1] as never],
      };
      expect(await codeOf(readTable(written(csv("x,a,b,c", [`1,0,1,"${cost}"`])), map))).toContain("tiers[0].cost");
    },
  );

  test("a category whose bytes are not UTF-8 is named; a text may be anything", async () => {
    const latin = Buffer.from(csv("x,a,b,t", ["1,0,1,caf\u00e9"]), "latin1");
    expect(await codeOf(readTable(written(latin), { ...MAP, category: "t" }))).toContain("UTF-8");
    expect((await readTable(written(latin), { ...MAP, text: "t" })).rowCount).toBe(ROWS_MIN);
  });

  test("a negative cost is named with its line", async () => {
    const map: TableMap = {
      ...MAP,
      tiers: [{ name: "cheap", outcome: "a", cost: { column: "x", unit: "cents" } }, MAP.tiers[1] as never],
    };
    expect(await codeOf(readTable(written(csv("x,a,b", ["-1,0,1"])), map))).toContain("line 2");
  });
});

describe("a map that cannot be used is refused with every mistake", () => {
  const tier = (name: string, outcome = name): object => ({ name, outcome, cost: { const: 1, unit: "cents" } });
  test.each([
    ["no object", [], ""],
    ["no tiers", { features: ["x"] }, "tiers"],
    ["one tier", { features: ["x"], tiers: [tier("a")] }, "tiers"],
    ["nine tiers", { features: ["x"], tiers: [..."abcdefghi"].map((name) => tier(name)) }, "holds 9"],
    ["a tier twice", { features: ["x"], tiers: [tier("a"), tier("a", "b")] }, "duplicate"],
    ["a feature twice", { features: ["x", { column: "x" }], tiers: [tier("a"), tier("b")] }, "duplicate"],
    ["an outcome as a feature", { features: ["a"], tiers: [tier("a"), tier("b")] }, "is an outcome"],
    ["nothing to learn from", { tiers: [tier("a"), tier("b")] }, "names no features"],
    [
      "a scale of words",
      { features: [{ column: "x", scale: 2, words: ["a"] }], tiers: [tier("a"), tier("b")] },
      "scale",
    ],
    ["a word twice", { features: [{ column: "x", words: ["u", "u"] }], tiers: [tier("a"), tier("b")] }, "once"],
    [
      "a feature that is a number",
      { features: [7], tiers: [tier("a"), tier("b")] },
      "the name of a column), or an object",
    ],
    [
      "a feature read as nothing known",
      { features: [{ column: "x", as: "date2" }], tiers: [tier("a"), tier("b")] },
      "features[0].as",
    ],
    [
      "an unknown member of a feature",
      { features: [{ column: "x", sacle: 2 }], tiers: [tier("a"), tier("b")] },
      'Did you mean \\"scale\\"',
    ],
    [
      "an outcome without its best",
      {
        features: ["x"],
        tiers: [{ name: "a", outcome: { column: "a" }, cost: { const: 1, unit: "cents" } }, tier("b")],
      },
      "tiers[0].outcome.max",
    ],
    ["a scale of nothing", { features: [{ column: "x", scale: 0 }], tiers: [tier("a"), tier("b")] }, "scale"],
    ["an unknown member", { features: ["x"], colour: 1, tiers: [tier("a"), tier("b")] }, "colour"],
    [
      "two ways of a cost",
      {
        features: ["x"],
        tiers: [tier("a"), { name: "b", outcome: "b", cost: { const: 1, column: "c", unit: "cents" } }],
      },
      "cost",
    ],
    [
      "tokens without a price",
      { features: ["x"], tiers: [tier("a"), { name: "b", outcome: "b", cost: { inputPerMillion: 1, unit: "cents" } }] },
      "cost",
    ],
    [
      "a unit that is none",
      { features: ["x"], tiers: [tier("a"), { name: "b", outcome: "b", cost: { const: 1, unit: "euros" } }] },
      "unit",
    ],
    [
      "a unit that every object has",
      { features: ["x"], tiers: [tier("a"), { name: "b", outcome: "b", cost: { const: 1, unit: "toString" } }] },
      "tiers[1].cost.unit",
    ],
  ])("%s", (_name, map, reported) => {
    let error: unknown;
    try {
      parseTableMap(map, "m.json");
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(CalybrisError);
    expect((error as CalybrisError).code).toBe("CAL_TABLE_INVALID");
    expect(JSON.stringify((error as CalybrisError).details) + (error as CalybrisError).message).toContain(reported);
  });
});

describe("a table as it comes", () => {
  const OPTIONS = {
    seeds: 1,
    folds: 2,
    resamplings: 10,
    rowsMax: 1_000,
    rowsFitMax: 500,
    decisionsMax: 5_000,
    seed: 1,
    trials: 4,
    kinds: ["ridge", "small trees"] as const,
  };
  const judged = (table: Table): string => JSON.stringify(judge(table, OPTIONS));

  test("packed, with a byte order mark, semicolons and empty lines, is the same table", async () => {
    const plain = await readTable(written(csv("x,a,b", ["1,0,1", "2,1,1"])), MAP);
    const other = gzipSync(`\uFEFF${csv("x;a;b", ["1;0;1", "", "2;1;1"])}`);
    const packed = await readTable(written(other), { ...MAP, delimiter: ";" });
    expect([...packed.features]).toEqual([...plain.features]);
    expect([...packed.outcomesBps]).toEqual([...plain.outcomesBps]);
  });

  test("its tiers are put in the order of their mean cost", async () => {
    const map: TableMap = { ...MAP, tiers: MAP.tiers.toReversed() };
    expect((await readTable(written(csv("x,a,b", ["1,0,1"])), map)).tierNames).toEqual(["cheap", "dear"]);
  });

  test("its readings are kept, so that a prior can say what its integers mean", async () => {
    const table = await readTable(written(csv("x,a,b", ["0.5,0,1", "1,1,1"])), MAP);
    expect(columnReadings.get(table)?.get("x")).toEqual({ kind: "number", scale: 10, words: [], isFixed: false });
  });

  test.each([
    ["all features equal", (at: number) => `7,${at % 2},1`],
    ["one class: premium never needed", (at: number) => `${at},1,1`],
    ["one class: both always wrong", (at: number) => `${at},0,0`],
    ["premium worse than the cheap tier", (at: number) => `${at},1,${at % 2}`],
    ["no feature known", (at: number) => `,${at % 2},1`],
    ["partial scores", (at: number) => `${at},0.${at % 10},0.9`],
  ])("the whole protocol runs on it: %s", async (_name, row) => {
    const rows = Array.from({ length: 60 }, (_, at) => row(at));
    for (const timeOrdered of [false, true]) {
      const table = await readTable(written(csv("x,a,b", rows, 1)), { ...MAP, timeOrdered });
      expect(judged(table)).toContain('"name":"calybris"');
    }
  });

  test("free tiers, tiers of one price, and eight tiers go through the protocol too", async () => {
    const names = [..."abcdefgh"];
    const rows = Array.from(
      { length: 60 },
      (_, at) => `${at},${names.map((_n, tier) => Number(tier >= at % 8)).join(",")}`,
    );
    for (const price of [0, 1]) {
      const tiers = names.map((name, tier) => ({
        name,
        outcome: name,
        cost: { const: price * (tier + 1), unit: "cents" as const },
      }));
      const table = await readTable(written(csv(`x,${names.join(",")}`, rows, 1)), { features: ["x"], tiers });
      expect(judged(table)).toContain('"name":"calybris"');
    }
  });

  test("a file that is not there, and a map that is not there, are named", async () => {
    expect(await codeOf(loadTable(join(folder, "none.csv"), join(folder, "none.json")))).toContain(
      "CAL_INPUT_UNREADABLE",
    );
  });
});
