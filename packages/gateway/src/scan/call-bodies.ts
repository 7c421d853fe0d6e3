/**
 * Reads the bodies of model calls. A short, uncompressed body is scanned synchronously. Any other is decompressed, validated
 * and scanned in a separate thread, so that the deciding thread never waits for 32 MB.
 *
 * The thread has one body at a time, which takes at most {@link CALL_BOUNDS} bytes besides the bytes that arrived. The size
 * of a decompressed body is then charged to the limit of all bodies in flight.
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

/** Scanning this many bytes takes a millisecond. */
const INLINE_BYTES_MAX = 256 * 1024;
/** 32 MB take half a second. */
const TASK_MS_MAX = 20_000;
/** Bodies are outside the heap. */
const HEAP_MIB = 128;

export interface CallBody {
  readonly dialect: WireDialect;
  /** The `content-encoding` header. */
  readonly encoding: string | undefined;
  readonly principal: Principal;
  /**
   * Called with the bytes that the body takes beyond those that arrived.
   *
   * @throws CalybrisError if they exceed the limit.
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
   * @param raw - as it arrived. The memory of a long one is transferred: it must not be used afterwards.
   * @returns synchronously for a short body, whose errors are thrown synchronously too.
   * @throws GatewayError as `JsonSpanScanner` does; `CAL_GATEWAY_MEDIA_TYPE` for an unknown encoding; `CAL_GATEWAY_OVERLOADED`;
   *   any error of `takeBytes`.
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
