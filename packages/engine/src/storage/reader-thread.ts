/**
 * The thread that reads entries for the engine: one answer per question, in order.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { CalybrisError } from "@calybris/kernel";
import { nodeChain } from "../journal/chain-hash.ts";
import { nodeDisk } from "../journal/disk.ts";
import { type BeforeStart, EntryReader } from "./entry-reader.ts";
import { type Ask, answerOf } from "./stored-entries.ts";

export interface ReaderThreadData {
  readonly readsEntriesOf: string;
  readonly key: Uint8Array | undefined;
  readonly before: BeforeStart | undefined;
}

export interface ReaderQuestion {
  readonly id: number;
  readonly ask: Ask;
}

export type ReaderAnswer = { readonly id: number } & (
  | { readonly answer: unknown }
  | { readonly code: string; readonly details: object }
  | { readonly problem: string }
);

if (isReaderThreadData(workerData)) {
  const { readsEntriesOf, key, before } = workerData;
  const reader = new EntryReader(nodeDisk, readsEntriesOf, nodeChain(key), before);
  parentPort?.on("message", ({ id, ask }: ReaderQuestion) => parentPort?.postMessage(answerTo(reader, id, ask)));
}

function answerTo(reader: EntryReader, id: number, ask: Ask): ReaderAnswer {
  try {
    return { id, answer: answerOf(reader, ask) };
  } catch (error) {
    if (error instanceof CalybrisError) return { id, code: error.code, details: error.details as object };
    return { id, problem: error instanceof Error ? error.message : String(error) };
  }
}

function isReaderThreadData(data: unknown): data is ReaderThreadData {
  return typeof data === "object" && data !== null && "readsEntriesOf" in data;
}
