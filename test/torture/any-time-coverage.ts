/** Intervals that are looked at after every row miss the true value in at most 5 % of logs, in every world. @module */
import { ALPHA, missesOf, WORLDS } from "../../packages/estimate/test/logging-worlds.ts";
import type { Budget, Found } from "./search.ts";

export const name = "any-time coverage of intervals";

const LOGS = 1_000;
const ROWS = 2_000;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  const counts = WORLDS.map(() => ({ own: 0, wald: 0 }));
  let logs = 0;
  // By log and then by world: what the budget allows is spread over all of them.
  for (; logs < LOGS && performance.now() < endMs; logs += 1) {
    for (const [index, world] of WORLDS.entries()) {
      const { own, wald } = missesOf(world, seed + logs, ROWS);
      const count = counts[index] as { own: number; wald: number };
      if (own) count.own += 1;
      if (wald) count.wald += 1;
    }
    if (logs % 20 === 0) progress?.(`${logs} logs of each world`);
  }
  const summary = WORLDS.map(({ name: world }, index) => {
    const { own, wald } = counts[index] as { own: number; wald: number };
    return `${world}: ${own} and ${wald}`;
  });
  // Beyond four deviations of a miss in 20, chance is no excuse; a thousand logs are held to 5 % itself.
  const slack = logs === LOGS ? 0 : 4 * Math.sqrt(ALPHA * (1 - ALPHA) * logs);
  const bad = counts.findIndex(({ own }) => own > ALPHA * logs + slack);
  if (bad !== -1)
    throw new Error(`seed ${seed}: of ${logs} logs, missed by the interval and by Wald: ${summary.join("; ")}`);
  return {
    cases: logs * WORLDS.length,
    summary: `of ${logs} logs, missed by the interval and by Wald: ${summary.join("; ")}`,
  };
}
