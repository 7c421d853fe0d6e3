/**
 * Decisions per second of the kernels. All contestants decide the same requests, and must come to the same checksum.
 * @module
 */
import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { type Decision, type Policy, prescribe, type Request, WasmKernel } from "../packages/kernel/src/index.ts";
import { alternate, checksum, markdownTable } from "./harness.ts";
import { workloadPolicy, workloadRequests } from "./workload.ts";

export interface BenchOptions {
  /** A million requests and published rounds; else a smoke run, which only shows that the benchmark works. */
  readonly full: boolean;
}

const SEED = 20_260_101;
/** How many times the walk each catalog size is held to. */
const TARGETS: ReadonlyMap<number, number> = new Map([
  [4, 1.7],
  [22, 3.5],
  [64, 6],
]);
/** Objects are two orders slower than records, so fewer of them tell as much. */
const OBJECT_SHARE = 50;

export async function benchKernel({ full }: BenchOptions): Promise<string> {
  const count = full ? 1_000_000 : 500;
  const rows: string[][] = [];
  for (const [candidateCount, target] of TARGETS)
    rows.push(await benchSize(candidateCount, target, count, full ? 7 : 1));
  const header = [
    "candidates",
    "reference",
    "per call with marshalling",
    "walk",
    "batch",
    "per call",
    "two threads",
    "batch / walk",
    "target",
    "per call / batch",
    "batch bytes allocated per decision",
    "checksum",
  ];
  return `Millions of decisions per second, ${count} varied requests, seed ${SEED}.\n\n${markdownTable(header, rows)}\n`;
}

async function benchSize(candidateCount: number, target: number, count: number, rounds: number): Promise<string[]> {
  const policy = workloadPolicy(candidateCount, SEED);
  const kernel = new WasmKernel(policy, count);
  const objects: Request[] = [];
  let index = 0;
  for (const request of workloadRequests(count, candidateCount, SEED)) {
    if (index < Math.max(count / OBJECT_SHARE, 100)) objects.push(request);
    kernel.writeRequest(index++, request);
  }
  const sum = verify(kernel, policy, objects, count);

  const single = new WasmKernel(policy);
  let sink: Decision | undefined;
  const rates = alternate(
    [
      { name: "walk", count, run: () => kernel.walkBatch(count) },
      { name: "batch", count, run: () => kernel.decideBatch(count) },
      {
        name: "per call",
        count,
        run: () => {
          for (let at = 0; at < count; at++) kernel.decideAt(at);
        },
      },
      {
        name: "marshalled",
        count: objects.length,
        run: () => {
          for (const request of objects) sink = single.prescribe(request);
        },
      },
      {
        name: "reference",
        count: objects.length,
        run: () => {
          for (const request of objects) sink = prescribe(policy, request).decision;
        },
      },
    ],
    rounds,
  );
  assert(sink !== undefined);
  const rate = (name: string): number => rates.get(name) ?? Number.NaN;
  const millions = (name: string): string => (rate(name) / 1e6).toFixed(2);
  return [
    `${candidateCount}`,
    millions("reference"),
    millions("marshalled"),
    millions("walk"),
    millions("batch"),
    millions("per call"),
    ((await twoThreads(candidateCount, count, rounds)) / 1e6).toFixed(2),
    (rate("batch") / rate("walk")).toFixed(2),
    target.toFixed(1),
    (rate("per call") / rate("batch")).toFixed(2),
    `${allocatedBytes(kernel, count, rounds)}`,
    sum.toString(16),
  ];
}

/** Every way of deciding gives the same records, and the first of them are the reference's. */
function verify(kernel: WasmKernel, policy: Policy, objects: readonly Request[], count: number): number {
  kernel.walkBatch(count);
  const walked = checksum(kernel.decisionWords());
  kernel.decideBatch(count);
  const sum = checksum(kernel.decisionWords());
  assert.equal(sum, walked, "batch and walk agree");
  for (let index = 0; index < count; index++) kernel.decideAt(index);
  assert.equal(checksum(kernel.decisionWords()), sum, "single calls and batch agree");
  for (const [index, request] of objects.entries()) {
    assert.deepEqual(kernel.readDecision(index), prescribe(policy, request).decision);
  }
  return sum;
}

/** The heap's growth over the batches, per decision, in whole bytes. A collection in between would make it too low. */
function allocatedBytes(kernel: WasmKernel, count: number, rounds: number): number {
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < rounds; round++) kernel.decideBatch(count);
  const grown = process.memoryUsage().heapUsed - before;
  return Math.max(0, Math.round(grown / (count * rounds)));
}

/** Both threads decide the whole workload at once; decisions per second of the two together. */
async function twoThreads(candidateCount: number, count: number, rounds: number): Promise<number> {
  const workerData = { candidateCount, count, seed: SEED };
  const workers = [0, 1].map(() => new Worker(new URL("./kernel-worker.ts", import.meta.url), { workerData }));
  await Promise.all(workers.map(nextMessage));
  const start = performance.now();
  for (const worker of workers) worker.postMessage(rounds);
  await Promise.all(workers.map(nextMessage));
  const seconds = (performance.now() - start) / 1_000;
  await Promise.all(workers.map((worker) => worker.terminate()));
  return (2 * count * rounds) / seconds;
}

function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}
