import { parentPort, workerData } from "node:worker_threads";
import { Beliefs } from "../../src/router/beliefs.ts";

/** One of eight: reports its outcomes, and reads between them as a recommendation would. */
export interface BeliefStart {
  readonly beliefs: SharedArrayBuffer;
  /** 0 until all may begin. */
  readonly gate: SharedArrayBuffer;
  readonly tier: number;
  readonly rewardBps: number;
  readonly outcomes: number;
  readonly discountPpm: number;
  /** No count that is read may be between its multiples, below 1 or above the most. */
  readonly unit: number;
  readonly most: number;
}

const start = workerData as BeliefStart;
const beliefs = new Beliefs(start.beliefs);
let torn = 0;
parentPort?.postMessage("ready");
Atomics.wait(new Int32Array(start.gate), 0, 0);
for (let outcome = 0; outcome < start.outcomes; outcome++) {
  beliefs.observe(0, start.tier, start.rewardBps, start.discountPpm);
  for (let tier = 0; tier < 8; tier++) {
    for (const count of [beliefs.alpha(0, tier), beliefs.beta(0, tier)])
      if (count < start.unit || count > start.most || count % start.unit !== 0) torn += 1;
  }
}
parentPort?.postMessage(torn);
