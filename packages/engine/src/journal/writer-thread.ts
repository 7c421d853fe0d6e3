/**
 * The thread that owns the journal's files: chains, writes and reports ordered entries, and sleeps when there are none. It
 * never returns to its event loop, so that nothing delays the next write after a sync. After a failure it reports the error
 * and ends.
 * @module
 */
import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { CalybrisError } from "@calybris/kernel";
import { nodeChain } from "./chain-hash.ts";
import { nodeDisk } from "./disk.ts";
import { LineWriter } from "./line-writer.ts";
import { publishResult } from "./results.ts";
import { SegmentWriter, type WriterStart } from "./segment-writer.ts";
import { sharedMemory, sleepUnless, WORD, wake } from "./shared-memory.ts";

export interface WriterThreadData {
  readonly start: WriterStart;
  readonly key: Uint8Array | undefined;
  readonly shared: SharedArrayBuffer;
  /** Receives tails too long for the ring; sends wake-ups and the failure. */
  readonly port: MessagePort;
}

/** A message to the engine's thread: results are available, or the problem that ended the writer. */
export type FromWriter = "written" | { readonly problem: string };

/** Idle time after which space is prepared. */
const IDLE_MS = 5;
/**
 * How long the thread polls for the next entry after a small batch, before it sleeps: a few callers that were just answered
 * return within this time. Many callers take longer, and polling would only take processor time from them.
 */
const SPIN_US = 60;
const SPIN_ENTRIES_MAX = 4;

if (isWriterThreadData(workerData)) {
  const { port } = workerData;
  try {
    run(workerData);
  } catch (error) {
    port.postMessage({ problem: problemOf(error) } satisfies FromWriter);
  }
  port.close();
}

function run({ start, key, shared, port }: WriterThreadData): void {
  const memory = sharedMemory(shared);
  const { words } = memory;
  const keyedChain = key === undefined ? undefined : nodeChain(key);
  const writer = new LineWriter(memory, start, keyedChain, {
    files: new SegmentWriter(nodeDisk, start, keyedChain),
    outsideTail: () => receiveMessageOnPort(port)?.message as string,
    onDurable: (result, tree) => {
      publishResult(memory, result, tree);
      if (wake(words, WORD.engineAsleep)) port.postMessage("written" satisfies FromWriter);
    },
  });
  const isClosing = (): boolean => Atomics.load(words, WORD.closing) === 1;
  const hasWork = (): boolean => writer.hasWork();
  let isPrepared = true;
  let lastCount = 0;
  for (;;) {
    const count = writer.step();
    if (count > 0) {
      isPrepared = false;
      lastCount = count;
    } else if (isClosing()) {
      writer.close();
      return;
    } else if (lastCount > SPIN_ENTRIES_MAX || !spinUntil(hasWork)) {
      sleepUnless(words, WORD.writerAsleep, () => hasWork() || isClosing(), isPrepared ? undefined : IDLE_MS);
      if (!hasWork() && !isClosing()) isPrepared = !writer.prepareAhead();
    }
  }
}

function spinUntil(ready: () => boolean): boolean {
  const end = performance.now() + SPIN_US / 1_000;
  while (performance.now() < end) {
    if (ready()) return true;
  }
  return false;
}

function problemOf(error: unknown): string {
  if (error instanceof CalybrisError && error.code === "CAL_JOURNAL_FAILED")
    return (error.details as { problem: string }).problem;
  return error instanceof Error ? error.message : String(error);
}

function isWriterThreadData(data: unknown): data is WriterThreadData {
  return typeof data === "object" && data !== null && "start" in data && "shared" in data;
}
