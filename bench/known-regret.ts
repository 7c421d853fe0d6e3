/**
 * Estimated regret compared with true regret: logs by Thompson sampling on tables where the outcome of every tier is known,
 * so that the reward of each policy is a mean and not an estimate.
 * @module
 */
import { join } from "node:path";
import { DATA_SETS, dataDirectory } from "@calybris/datasets";
import { RunningMean, WatchedValue } from "@calybris/estimate";
import type { Table } from "@calybris/learning";
import { draw, seeded, Successes, thompson } from "../packages/estimate/test/logging-worlds.ts";
import { markdownTable } from "./harness.ts";

const SETS = ["routellm-mmlu", "routellm-gsm8k", "mmlu-pro-gemini"];
const [LOGS, SMOKE_LOGS] = [30, 1];
const SMOKE_ROWS = 300;
const HEADER = ["set", "rows", "logs", "true regret", "estimated", "error (RMS)", "intervals that hold the value"];
const BPS = 10_000;
/** Cost of the most expensive tier as a share of the value of a success; the cheapest is free. */
const COST = 0.2;

interface Judged {
  readonly trueRegret: number;
  readonly regret: number;
  /** For policies with a fixed tier: the number of final intervals that contain the true value. */
  readonly held: number;
  readonly policies: number;
}

/** Prints a table. `requests` is the number of logs per set; default: 30. */
export async function benchKnownRegret(options: {
  readonly full: boolean;
  readonly requests?: number;
}): Promise<string> {
  const logs = options.requests ?? (options.full ? LOGS : SMOKE_LOGS);
  const directory = dataDirectory(join(import.meta.dirname, ".."));
  const rows: string[][] = [];
  if (directory === undefined) return `${markdownTable(HEADER, rows)}\n\nNo data: CALYBRIS_DATA names its folder.`;
  for (const name of SETS) {
    const table = await DATA_SETS.find((set) => set.name === name)?.load({ directory });
    if (table === undefined) throw new Error(`there is no data set ${name}`);
    const count = options.full ? table.rowCount : Math.min(SMOKE_ROWS, table.rowCount);
    const judged = Array.from({ length: logs }, (_, log) => judge(table, count, log + 1));
    const mean = (of: (one: Judged) => number): number => judged.reduce((sum, one) => sum + of(one), 0) / logs;
    const error = Math.sqrt(mean(({ regret, trueRegret }) => (regret - trueRegret) ** 2));
    const held = mean(({ held }) => held) / mean(({ policies }) => policies);
    rows.push([
      name,
      count.toLocaleString("en"),
      String(logs),
      points(mean(({ trueRegret }) => trueRegret)),
      points(mean(({ regret }) => regret)),
      points(error),
      `${(100 * held).toFixed(0)} %`,
    ]);
  }
  return markdownTable(HEADER, rows);
}

const points = (share: number): string => (100 * share).toFixed(2);

/** Runs one log, in an order drawn with the seed. */
function judge({ tierNames, outcomesBps }: Table, count: number, seed: number): Judged {
  const tiers = tierNames.length;
  const random = seeded(seed);
  const known = new Successes(tiers);
  const ran = new RunningMean();
  const values = tierNames.map(() => new WatchedValue({ method: "drifting" }));
  const truths = tierNames.map(() => new RunningMean());
  const order = Array.from({ length: count }, (_, row) => [random(), row] as const).sort(
    ([one], [other]) => one - other,
  );
  for (const [, row] of order) {
    const rewards = tierNames.map((_, tier) =>
      rewardOf((outcomesBps[row * tiers + tier] as number) / BPS, tier, tiers),
    );
    const logged = thompson(known);
    const predicted = known.means;
    const chosen = draw(logged, random);
    const reward = rewards[chosen] as number;
    ran.add(reward);
    for (let tier = 0; tier < tiers; tier += 1) {
      truths[tier]?.add(rewards[tier] as number);
      const target = tierNames.map((_, other) => (other === tier ? 1 : 0));
      values[tier]?.add({ logged, target, predicted, chosen, reward });
    }
    known.add({ chosen, reward });
  }
  const estimates = values.map((value) => value.watched());
  const trueValues = truths.map(({ mean }) => mean);
  return {
    trueRegret: Math.max(...trueValues) - ran.mean,
    regret: Math.max(...estimates.map((one) => one.estimates.dr.value)) - ran.mean,
    held: estimates.filter(({ interval }, tier) => {
      const value = trueValues[tier] as number;
      return interval !== undefined && interval.lower <= value && value <= interval.upper;
    }).length,
    policies: tiers,
  };
}

/** Net reward, from 0 to 1. */
function rewardOf(success: number, tier: number, tiers: number): number {
  const cost = tiers === 1 ? 0 : (COST * tier) / (tiers - 1);
  return (success - cost + COST) / (1 + COST);
}
