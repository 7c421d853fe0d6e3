/**
 * The report of regret that a running service keeps, once it covers the journal as it is now.
 * @module
 */
import { setTimeout } from "node:timers/promises";
import type { CalybrisClient } from "@calybris/client";
import type { RegretReport } from "@calybris/engine";

/** A service that catches up waits for 2 seconds itself. */
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
