/** Everything that may be done to the ledger, in any order, beside the simplest ledger that could be right. @module */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Budget } from "./search.ts";

export const name = "the ledger beside its model";

const SEQUENCES = 100_000;
const SEQUENCES_A_ROUND = 500;
const ENGINE_SEQUENCES_A_ROUND = 20;
/** Every so many rounds one is on whole engines. */
const ENGINE_ROUND = 20;
const WORKERS_MAX = 4;
const WORKER = new URL("../../packages/engine/test/ledger/model/search-worker.ts", import.meta.url);

interface Round {
  readonly seed: number;
  readonly count: number;
  readonly on: "ledger" | "engine";
}

/** Rounds of their own seeds, dealt out to a worker a core. */
export async function run({ seed, milliseconds }: Budget): Promise<{ cases: number }> {
  const endMs = performance.now() + milliseconds;
  const tried = { ledger: 0, engine: 0 };
  let rounds = 0;
  const next = (): Round | undefined => {
    if (tried.ledger + tried.engine >= SEQUENCES || performance.now() >= endMs) return undefined;
    rounds += 1;
    const isEngine = rounds % ENGINE_ROUND === 0;
    const round = { seed: seed * 100_000 + rounds, on: isEngine ? ("engine" as const) : ("ledger" as const) };
    return { ...round, count: isEngine ? ENGINE_SEQUENCES_A_ROUND : SEQUENCES_A_ROUND };
  };
  const workers = Array.from({ length: Math.min(availableParallelism(), WORKERS_MAX) }, () => new Worker(WORKER));
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (let round = next(); round !== undefined; round = next()) tried[round.on] += await tryRound(worker, round);
      }),
    );
  } finally {
    for (const worker of workers) worker.terminate();
  }
  console.log(`${tried.ledger} sequences on the ledger, ${tried.engine} on whole engines`);
  return { cases: tried.ledger + tried.engine };
}

async function tryRound(worker: Worker, round: Round): Promise<number> {
  worker.postMessage(round);
  const [{ tried, problem }] = (await once(worker, "message")) as [{ tried?: number; problem?: string }];
  if (tried === undefined) throw new Error(`round ${JSON.stringify(round)}: ${problem}`);
  return tried;
}
