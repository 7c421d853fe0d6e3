import { describe, expect, test } from "vitest";
import { somePlanted } from "../../../test/share.ts";
import { compileAltered } from "./altered-sources.ts";
import { type Batch, firstDifference, randomBatches } from "./equality.ts";
import { WASM_MUTANTS } from "./wasm-mutants.ts";
import { worstShares } from "./worst-shares.ts";

// Goal: the search that finds no difference between the Wasm kernel and the definition would find one.
// Method: one fault at a time is planted in the sources; the same cases, decided once by the definition, must show it.
const CASES = 60_000;

describe("a planted fault is found", () => {
  const batches: readonly Batch[] = [...worstShares(), ...randomBatches({ cases: CASES, seed: 1 })];

  test("but none where none was planted", async () => {
    const module = await compileAltered([]);
    expect(batches.map((batch) => firstDifference(batch, module)).filter((found) => found !== undefined)).toEqual([]);
  });

  test.each(somePlanted(WASM_MUTANTS, 9))("$fault", async (mutant) => {
    const module = await compileAltered([mutant]);
    const found = batches.some((batch) => firstDifference(batch, module) !== undefined);
    expect(found, `within ${CASES} cases`).toBe(true);
  });
});
