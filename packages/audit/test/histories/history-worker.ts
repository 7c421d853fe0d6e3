/** Searches histories in a thread of its own: a range of seeds in, how many entries were met or the problem out. */
import { parentPort } from "node:worker_threads";
import { type Seen, searchHistories } from "./search-histories.ts";

export interface Range {
  readonly from: number;
  readonly count: number;
}

export type Answer = { readonly seen: Seen } | { readonly problem: string };

parentPort?.on("message", async ({ from, count }: Range) => {
  try {
    const { seen } = await searchHistories(from, count);
    parentPort?.postMessage({ seen } satisfies Answer);
  } catch (error) {
    parentPort?.postMessage({ problem: (error as Error).message } satisfies Answer);
  }
});
