/** One of two threads: an instance of its own over the same module, told how many rounds to decide. */
import { parentPort, workerData } from "node:worker_threads";
import { WasmKernel } from "../packages/kernel/src/index.ts";
import { workloadPolicy, workloadRequests } from "./workload.ts";

const { candidateCount, count, seed } = workerData as { candidateCount: number; count: number; seed: number };
const kernel = new WasmKernel(workloadPolicy(candidateCount, seed), count);
let index = 0;
for (const request of workloadRequests(count, candidateCount, seed)) kernel.writeRequest(index++, request);
kernel.decideBatch(count);

parentPort?.on("message", (rounds: number) => {
  for (let round = 0; round < rounds; round++) kernel.decideBatch(count);
  parentPort?.postMessage("decided");
});
parentPort?.postMessage("ready");
