/**
 * The thread that owns the journal's files. It takes batches in order, writes each, and tells where it went; after a
 * failure it answers every batch with that failure.
 * @module
 */

import { parentPort, workerData } from "node:worker_threads";
import { CalybrisError } from "@calybris/kernel";
import { nodeChain } from "./chain-hash.ts";
import { nodeDisk } from "./disk.ts";
import { type Batch, Writer, type WriterStart, type Written } from "./writer.ts";

export type ToWriter = { readonly kind: "batch"; readonly batch: Batch } | { readonly kind: "close" };

export type FromWriter =
  | { readonly kind: "written"; readonly written: Written }
  | { readonly kind: "failed"; readonly problem: string }
  | { readonly kind: "closed" };

export interface WriterThreadData {
  readonly start: WriterStart;
  readonly key: Uint8Array | undefined;
}

if (parentPort !== null) {
  const port = parentPort;
  const { start, key } = workerData as WriterThreadData;
  let writer: Writer | undefined;
  const answer = (message: FromWriter): void => port.postMessage(message);
  const failed = (error: unknown): void => {
    const problem =
      error instanceof CalybrisError && error.code === "CAL_JOURNAL_FAILED"
        ? (error.details as { problem: string }).problem
        : String(error);
    answer({ kind: "failed", problem });
  };
  port.on("message", (message: ToWriter) => {
    try {
      writer ??= new Writer(nodeDisk, start, key === undefined ? undefined : nodeChain(key));
      if (message.kind === "batch") answer({ kind: "written", written: writer.write(message.batch) });
      else {
        writer.close();
        answer({ kind: "closed" });
        port.close();
      }
    } catch (error) {
      failed(error);
      if (message.kind === "close") port.close();
    }
  });
}
