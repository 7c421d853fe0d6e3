/** No honest journal is called broken: random histories through the engine's public interface, audited from the bytes alone. @module */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Answer, Range } from "../../packages/audit/test/histories/history-worker.ts";
import type { Budget, Found } from "./search.ts";

export const name = "honest histories";

const HISTORIES = 100_000;
const HISTORIES_A_ROUND = 50;
const WORKERS_MAX = 4;
const WORKER = new URL("../../packages/audit/test/histories/history-worker.ts", import.meta.url);

/** Rounds of their own seeds, dealt out to a worker a core. */
export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  const seen = new Map<string, number>();
  let next = 0;
  const workers = Array.from({ length: Math.min(availableParallelism(), WORKERS_MAX) }, () => new Worker(WORKER));
  try {
    await Promise.all(
      workers.map(async (worker) => {
        while (next < HISTORIES && performance.now() < endMs) {
          const range: Range = { from: seed * HISTORIES + next, count: HISTORIES_A_ROUND };
          next += HISTORIES_A_ROUND;
          worker.postMessage(range);
          const [answer] = (await once(worker, "message")) as [Answer];
          if ("problem" in answer) throw new Error(answer.problem);
          for (const [what, count] of answer.seen) seen.set(what, (seen.get(what) ?? 0) + count);
          progress?.(`${next} histories`);
        }
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  const met = ["entry", "outcome", "taught", "policy", "regimes", "prior", "certificate", "period", "state"];
  const counts = met.map((what) => `${what} ${seen.get(what) ?? 0}`).join(", ");
  return { cases: next, summary: `${next} histories from ${seed * HISTORIES} on; ${counts}` };
}
