import { parentPort } from "node:worker_threads";
import { trySequences } from "./search.ts";

// Tries the sequences that it is given, and reports the results.
parentPort?.on("message", async ({ seed, count, on }: { seed: number; count: number; on: "ledger" | "engine" }) => {
  try {
    parentPort?.postMessage({ tried: await trySequences(seed, count, on) });
  } catch (error) {
    parentPort?.postMessage({ problem: (error as Error).message });
  }
});
