/**
 * Reads the bodies of model calls. A short one that is not compressed is scanned at once. Any other is decompressed, checked
 * and scanned by a thread of its own, so that the thread that decides never waits for 32 MB.
 *
 * The thread has one body at a time, which takes at most {@link CALL_BOUNDS} bytes besides what arrived; what a body came to
 * is then taken from the bound of all bodies in flight.
 * @module
 */
import { createSecretKey, type KeyObject } from "node:crypto";
import { BodyWorker } from "../http/body-worker.ts";
import type { Principal } from "../keys/keyring.ts";
import type { WireDialect } from "../wire/dialect.ts";
import { CALL_BOUNDS } from "../wire/json-spans.ts";
import type { CallBodyTask } from "./call-body-thread.ts";
import { type ScannedCall, scanCall } from "./call-scan.ts";
import { encodingOf } from "./decompress.ts";

/** Scanning so many bytes takes a millisecond. */
const INLINE_BYTES_MAX = 256 * 1024;
/** 32 MB take half a second. */
const TASK_MS_MAX = 20_000;
/** Bodies are not on the heap. */
const HEAP_MIB = 128;

export interface CallBody {
  readonly dialect: WireDialect;
  /** The `content-encoding` header. */
  readonly encoding: string | undefined;
  readonly principal: Principal;
  /**
   * Called with the bytes that the body holds beyond those that arrived.
   *
   * @throws CalybrisError when they may not be held.
   */
  readonly takeBytes: (bytes: number) => void;
}

export class CallBodies {
  readonly #digestKey: KeyObject;
  readonly #worker: BodyWorker<CallBodyTask>;

  /** @param digestKey - 32 secret bytes that stay the same across restarts. */
  constructor(digestKey: Uint8Array) {
    this.#digestKey = createSecretKey(digestKey);
    const program = new URL("./call-body-thread.ts", import.meta.url);
    this.#worker = new BodyWorker<CallBodyTask>(CALL_BOUNDS.bytesMax, {
      program,
      taskMs: TASK_MS_MAX,
      heapMiB: HEAP_MIB,
    });
  }

  /**
   * @param raw - as it arrived. A long one is given away: it must not be used any more.
   * @returns at once for a short body; so are its errors thrown.
   * @throws GatewayError as `JsonSpanScanner` does; `CAL_GATEWAY_MEDIA_TYPE` for an unknown encoding; `CAL_GATEWAY_OVERLOADED`;
   *   whatever `takeBytes` throws.
   */
  scan(raw: Buffer, { dialect, encoding: header, principal, takeBytes }: CallBody): ScannedCall | Promise<ScannedCall> {
    const encoding = encodingOf(header);
    const digestKey = this.#digestKey;
    if (encoding === undefined && raw.byteLength <= INLINE_BYTES_MAX) return scanCall(raw, dialect, digestKey);
    const arrived = raw.byteLength;
    return this.#worker.run({ bytes: raw, encoding, dialect, digestKey }, principal).then((value) => {
      const call = value as ScannedCall;
      takeBytes(Math.max(0, call.bytes.byteLength - arrived));
      return call;
    });
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}
