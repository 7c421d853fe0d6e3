/** No legal crash loses, invents or doubles an entry. @module */
import { crashSummary, searchCrashes } from "../../packages/engine/test/search/crash/workloads.ts";
import type { Budget, Found } from "./search.ts";

export const name = "every legal crash";

const STATES_MIN = 1_000_000;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const counts = await searchCrashes({ seed, milliseconds, states: STATES_MIN, progress });
  return { cases: counts.states, summary: crashSummary(counts) };
}
