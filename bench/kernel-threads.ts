/**
 * Two threads, each with its own kernel instance, deciding in parallel: the gain from a second processor.
 * @module
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { markdownTable, median, type Sampling } from "./harness.ts";

/**
 * One thread and two, in alternating rounds, for each catalog size. The rate of two is the sum of both, each by its own
 * processor time while the other is deciding too.
 */
export async function threadsTable(
  candidateCounts: readonly number[],
  count: number,
  seed: number,
  { rounds, sampleSeconds }: Sampling,
): Promise<string> {
  const rows: string[][] = [];
  for (const candidateCount of candidateCounts) {
    const workerData = { candidateCount, count, seed };
    const workers = [0, 1].map(() => new Worker(new URL("./kernel-worker.ts", import.meta.url), { workerData }));
    await Promise.all(workers.map((worker) => once(worker, "message")));
    const one: number[] = [];
    const two: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const [alone, together] = [
        await rateOf(workers.slice(0, 1), sampleSeconds),
        await rateOf(workers, sampleSeconds),
      ];
      if (round === 0 && rounds > 1) continue;
      one.push(alone);
      two.push(together);
    }
    await Promise.all(workers.map((worker) => worker.terminate()));
    rows.push([
      `${candidateCount}`,
      millions(median(one)),
      millions(median(two)),
      (median(two) / median(one)).toFixed(2),
    ]);
  }
  return markdownTable(["candidates", "one thread", "two threads", "two / one"], rows);
}

async function rateOf(workers: readonly Worker[], seconds: number): Promise<number> {
  for (const worker of workers) worker.postMessage(seconds);
  const rates = await Promise.all(workers.map(async (worker) => (await once(worker, "message"))[0] as number));
  return rates.reduce((sum, rate) => sum + rate, 0);
}

function millions(decisionsPerSecond: number): string {
  return (decisionsPerSecond / 1e6).toFixed(2);
}
