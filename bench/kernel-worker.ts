/** One of two threads: an instance of its own over the same sources, given how long to decide, and reporting its rate. */
import { parentPort, workerData } from "node:worker_threads";
import { WasmKernel } from "../packages/kernel/src/index.ts";
import { ratePerSecond } from "./harness.ts";
import { WORKLOADS } from "./workload.ts";

const { candidateCount, count, seed } = workerData as { candidateCount: number; count: number; seed: number };
const { policyOf, requestsOf } = WORKLOADS.mixedGates;
const kernel = new WasmKernel(policyOf(candidateCount, seed), count);
let index = 0;
for (const request of requestsOf(count, candidateCount, seed)) kernel.writeRequest(index++, request);
kernel.decideBatch(count);

parentPort?.on("message", (seconds: number) => {
  parentPort?.postMessage(ratePerSecond(() => kernel.decideBatch(count), count, seconds));
});
parentPort?.postMessage("ready");
