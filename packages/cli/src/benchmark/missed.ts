/**
 * The goals that the default method misses, with figures. Reports show them before the goals that are met.
 * @module
 */
import { driftRows, MISSED, priorRows, regretGoals, type Rows } from "./regret-lines.ts";
import type { BenchmarkResult } from "./run.ts";

/** One line per missed goal; empty if no track with goals was run. */
export function missedGoals({ regret = [], priors = [], drift = [] }: BenchmarkResult): readonly string[] {
  return [
    ...missedOf(regret.length === 0 ? [] : regretGoals(regret, priors)).map(
      ([goal, target, measured]) => `${goal}: ${measured}; the goal is ${target}`,
    ),
    ...missedOf(priors.length === 0 ? [] : priorRows(priors)).map(
      ([set, _rows, prior, category, _heads, goal]) =>
        `${set}: the default prior recovers ${prior} of the quality gap, and the category alone ${category}; the goal is ${goal}`,
    ),
    ...missedOf(drift.length === 0 ? [] : driftRows(drift)).map(
      ([world, _fixed, _regimes, offsets, decisions, goal]) =>
        offsets === ""
          ? `a world that moves: ${decisions} decisions until it is followed; the goal is ${goal}`
          : `${world}: ${offsets} points; the goal is ${goal}`,
    ),
  ];
}

function missedOf(rows: Rows): Rows {
  return rows.filter((row) => row.at(-1) === MISSED);
}
