/**
 * Chains the next batch while the writer thread waits for the disk. It is started when the journal is first busy, and
 * sleeps when it is not. It owns nothing: whatever it leaves undone the writer does itself.
 * @module
 */
import { workerData } from "node:worker_threads";
import { nodeChain } from "./chain-hash.ts";
import { ChainStage } from "./chain-stage.ts";
import { sharedMemory, sleepUnless, WORD, wake } from "./shared-memory.ts";

export interface ChainThreadData {
  readonly chaining: SharedArrayBuffer;
  readonly key: Uint8Array | undefined;
}

if (isChainThreadData(workerData)) {
  const { chaining, key } = workerData;
  const memory = sharedMemory(chaining);
  const { words } = memory;
  const stage = new ChainStage(memory, key === undefined ? undefined : nodeChain(key));
  const isClosing = (): boolean => Atomics.load(words, WORD.closing) === 1;
  while (!isClosing()) {
    if (stage.chainSome()) wake(words, WORD.writerAsleep);
    else sleepUnless(words, WORD.chainerAsleep, isClosing);
  }
}

function isChainThreadData(data: unknown): data is ChainThreadData {
  return typeof data === "object" && data !== null && "chaining" in data;
}
