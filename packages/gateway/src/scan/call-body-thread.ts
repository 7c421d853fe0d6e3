/**
 * The thread of {@link CallBodies}: decompresses a body, validates it while reading, and returns it with the scan result.
 * @module
 */
import { parentPort } from "node:worker_threads";
import { CalybrisError } from "@calybris/kernel";
import type { BodyTaskResult } from "../http/body-worker-thread.ts";
import { GatheredBody } from "../http/request-body.ts";
import type { WireDialect } from "../wire/dialect.ts";
import { CALL_BOUNDS, JsonSpanScanner } from "../wire/json-spans.ts";
import { measured, type ScannedCall } from "./call-scan.ts";
import { type CallEncoding, decompress } from "./decompress.ts";
import type { DigestKey } from "./keyed-digest.ts";

export interface CallBodyTask {
  readonly bytes: Uint8Array;
  readonly encoding: CallEncoding | undefined;
  readonly dialect: WireDialect;
  readonly digestKey: DigestKey;
}

const PIECE_BYTES = 64 * 1024;

async function scanned({ bytes, encoding, dialect, digestKey }: CallBodyTask): Promise<ScannedCall> {
  const scanner = new JsonSpanScanner(CALL_BOUNDS);
  let whole = bytes;
  if (encoding === undefined)
    for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) scanner.push(bytes.subarray(at, at + PIECE_BYTES));
  else {
    const gathered = new GatheredBody(undefined);
    await decompress(bytes, encoding, (piece) => {
      scanner.push(piece);
      gathered.add(piece);
    });
    whole = gathered.whole();
  }
  return measured(whole, scanner.end(), dialect, digestKey);
}

const port = parentPort;
if (port !== null) {
  port.on("message", (task: CallBodyTask) => {
    scanned(task).then(
      (value) => {
        const { buffer } = value.bytes;
        port.postMessage({ value } satisfies BodyTaskResult, [buffer as ArrayBuffer]);
      },
      (error: unknown) => {
        if (error instanceof CalybrisError) port.postMessage({ code: error.code, details: error.details });
        else port.postMessage({ bug: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      },
    );
  });
  port.postMessage({ isReady: true } satisfies BodyTaskResult);
}
