/** No port that fails, no lack of room and no retry makes the engine take a command in part, twice, or after a stop. @module */
import { searchLies } from "../../packages/engine/test/search/lie-search.ts";
import { searchRetries } from "../../packages/engine/test/search/retry-search.ts";
import { searchRoom } from "../../packages/engine/test/search/room-search.ts";
import { searchStops } from "../../packages/engine/test/search/stop-search.ts";
import type { Budget, Found } from "./search.ts";

export const name = "commands that meet a failing port, a full queue, or themselves";

/** Histories of each kind in a round. */
const ROUND = 10;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  const tried = { faults: 0, lies: 0, retries: 0, refusals: 0 };
  const summary = (): string =>
    `${tried.faults} faults of ports, ${tried.lies} lies of kernels, ${tried.retries} retries, ${tried.refusals} refusals for want of room`;
  for (let first = seed; performance.now() < endMs; first += ROUND) {
    tried.faults += (await searchStops({ seed: first, cases: ROUND })).faults;
    const { stopped, held } = await searchLies(first * ROUND, ROUND * ROUND);
    tried.lies += stopped + held;
    tried.retries += (await searchRetries(first, ROUND)).repeated;
    tried.refusals += (await searchRoom(first, ROUND)).overloaded;
    progress?.(summary());
  }
  return { cases: tried.faults + tried.lies + tried.retries + tried.refusals, summary: summary() };
}
