/** Eight real threads on one tenant, a million operations and more; the whole history is decided, the totals are exact. @module */
import { raceThreads } from "../../packages/engine/test/ledger/threads/threads.ts";
import type { Budget } from "./search.ts";

export const name = "real threads on the ledger";

const WORKERS = 8;
const OPERATIONS = 1_000_000;
const ROUNDS_MAX = 5;
/** Half of the time is kept for the last round. */
const SHARE = 0.5;

export async function run({ seed, milliseconds }: Budget): Promise<{ cases: number }> {
  const endMs = performance.now() + milliseconds * SHARE;
  let cases = 0;
  for (let round = 0; round < ROUNDS_MAX && (round === 0 || performance.now() < endMs); round += 1) {
    const raced = await raceThreads({ workers: WORKERS, operations: OPERATIONS, seed: seed * ROUNDS_MAX + round });
    const { operations, overlapped, overlapMax, ordered, refusedByFold } = raced;
    console.log(
      `${operations} operations by ${WORKERS} workers and the ordering thread: linearizable, totals exact; ` +
        `${overlapped} overlapped, ${overlapMax} at most; ${ordered} ordered, ${refusedByFold} refused by the fold and undone`,
    );
    cases += operations;
  }
  return { cases };
}
