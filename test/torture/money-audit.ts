/** The audit folds the engine's money, whatever was done. @module */
import { searchMoney } from "../../packages/audit/test/money-search.ts";
import type { Budget, Found } from "./search.ts";

export const name = "money folded twice";

const RUNS_AT_ONCE = 100;
const RUNS = 5_000;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  let entries = 0;
  let runs = 0;
  while (runs < RUNS && performance.now() < endMs) {
    const seen = await searchMoney(RUNS_AT_ONCE, seed + runs);
    runs += RUNS_AT_ONCE;
    entries += seen.get("entry") ?? 0;
    progress?.(`${runs} journals, ${entries} entries`);
  }
  return { cases: entries, summary: `${runs} journals, ${entries} entries, each folded by the engine and the audit` };
}
