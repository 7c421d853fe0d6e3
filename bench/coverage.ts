/**
 * How often anytime-valid intervals, checked after every row, miss the true value at any time, compared with the standard
 * interval; and how much wider they are.
 * @module
 */
import { missesOf, widthRatio, WORLDS } from "../packages/estimate/test/logging-worlds.ts";
import { markdownTable } from "./harness.ts";

const [LOGS, SMOKE_LOGS] = [1_000, 3];
const ROWS = 2_000;
const [WIDE_LOGS, WIDE_ROWS, SMOKE_WIDE_ROWS] = [10, 6_000, 200];

/** Prints two tables. `requests` is the number of logs per environment; default: 1,000. */
export async function benchCoverage(options: { readonly full: boolean; readonly requests?: number }): Promise<string> {
  const logs = options.requests ?? (options.full ? LOGS : SMOKE_LOGS);
  const misses = WORLDS.map((world) => {
    const all = Array.from({ length: logs }, (_, log) => missesOf(world, log + 1, ROWS));
    const share = (count: number): string => `${((100 * count) / logs).toFixed(1)} %`;
    return [
      world.name,
      logs.toLocaleString("en"),
      share(all.filter(({ own }) => own).length),
      share(all.filter(({ wald }) => wald).length),
    ];
  });
  const rows = options.full ? WIDE_ROWS : SMOKE_WIDE_ROWS;
  const wide = WORLDS.filter(({ isDrifting }) => isDrifting === undefined).map((world) => {
    const ratios = Array.from({ length: options.full ? WIDE_LOGS : 1 }, (_, log) => widthRatio(world, log + 1, rows));
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    return [world.name, rows.toLocaleString("en"), String(world.k), mean.toFixed(2)];
  });
  return [
    markdownTable(["log", "logs", "interval missed", "Wald missed"], misses),
    markdownTable(["log", "rows", "k", "width, times that of Wald"], wide),
  ].join("\n\n");
}
