/**
 * The thread that verifies the entries before the snapshot of a start. It reports its progress after each slice, and the
 * result at the end.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import type { CalybrisError } from "@calybris/kernel";
import type { ChainPosition } from "../journal/chain-check.ts";
import { nodeChain } from "../journal/chain-hash.ts";
import { nodeDisk } from "../journal/disk.ts";
import { OlderEntries } from "./older-entries.ts";
import { olderLines } from "./older-lines.ts";
import type { OlderVerification } from "./storage.ts";

export interface OlderThreadData {
  readonly verifiesOlderOf: string;
  readonly key: Uint8Array | undefined;
  readonly until: ChainPosition;
  readonly beforeSegment: number;
  readonly bytesPerSecond: number;
}

/** The progress; if it is broken, also the error. */
export interface OlderReport {
  readonly status: OlderVerification;
  readonly broken?: { readonly code: string; readonly details: object };
}

if (isOlderThreadData(workerData)) {
  const { verifiesOlderOf, key, until, beforeSegment, bytesPerSecond } = workerData;
  const post = (status: OlderVerification, error?: CalybrisError): void => {
    const broken = error && { code: error.code, details: error.details as object };
    parentPort?.postMessage((broken === undefined ? { status } : { status, broken }) satisfies OlderReport);
  };
  const older = new OlderEntries({
    lines: olderLines(nodeDisk, verifiesOlderOf, beforeSegment),
    key,
    chain: nodeChain(key),
    until,
    bytesPerSecond,
    onSlice: post,
    onEnd: post,
  });
  older.start();
  // Keeps the thread alive, which the pauses alone do not: the engine terminates it.
  parentPort?.on("message", () => undefined);
}

function isOlderThreadData(data: unknown): data is OlderThreadData {
  return typeof data === "object" && data !== null && "verifiesOlderOf" in data;
}
