/** No call of the disk that goes wrong makes the journal say what is not durable. @module */
import { faultSummary, searchAllFaults } from "../../packages/engine/test/search/fault/scenarios.ts";
import type { Budget, Found } from "./search.ts";

export const name = "every fault of the disk";

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const counts = await searchAllFaults({ seed, milliseconds, every: 1, progress });
  return { cases: counts.faults, summary: faultSummary(counts) };
}
