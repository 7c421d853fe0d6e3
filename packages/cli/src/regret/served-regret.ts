/**
 * Fetches the regret report of a running service, once it covers the journal's present end.
 * @module
 */
import { setTimeout } from "node:timers/promises";
import type { CalybrisClient } from "@calybris/client";
import type { RegretReport } from "@calybris/engine";

/** Time between requests. A service that is catching up also waits for 2 seconds before it answers. */
const AGAIN_MS = 200;

export async function servedRegret(client: CalybrisClient): Promise<RegretReport> {
  const first = await client.regret();
  let answer = first;
  while (answer.sequence < first.headSequence) {
    await setTimeout(AGAIN_MS);
    answer = await client.regret();
  }
  const { sequence: _sequence, headSequence: _head, all, ...rest } = answer;
  return { ...rest, by: null, target: null, groups: [], all: { ...all, targetDifference: null } } as RegretReport;
}
