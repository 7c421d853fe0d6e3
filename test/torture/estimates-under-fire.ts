/** Calls that are reserved by a calibrated estimate exceed it no oftener than stated, and are charged what is billed. @module */
import { estimatedCalls } from "../../packages/cli/test/fire/estimated-calls.ts";
import type { Budget, Found } from "./search.ts";

export const name = "estimates under fire";

const CALLS = 5_000;
const CALLS_SHARE = 0.8;
/** As the gateway states it, and five standard deviations of the share of 5,000 above. */
const MISS_SHARE = 0.01;
const MISS_SHARE_MAX = 0.017;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const report = await estimatedCalls({ seed, calls: CALLS, milliseconds: milliseconds * CALLS_SHARE, progress });
  const { estimated, overruns, overrunMicrocents, overrunBpsMax, reservedMicrocents } = report;
  const share = overruns / estimated;
  const percent = (of: number): string => `${(of * 100).toFixed(2)} %`;
  const size = Number(overrunMicrocents) / Number(reservedMicrocents);
  const summary = [
    `${overruns} of ${estimated} calls exceeded their estimate: ${percent(share)}, stated ${percent(MISS_SHARE)}`,
    `by ${overrunMicrocents} microcents in all, ${percent(size)} of what was reserved, and ${percent(overrunBpsMax / 10_000)} of its own at most`,
  ].join("\n  ");
  if (estimated === CALLS && share > MISS_SHARE_MAX) throw new Error(summary);
  return { cases: estimated, summary };
}
