/**
 * Calls to one deployment.
 *
 * `undici` and its `dispatch`, not `fetch`: bodies stay as they were compressed, headers as they were written, nothing follows a
 * redirect, and the body is read no faster than the client takes it. Version 7 is the last that runs on Node 22.18.
 * @module
 */
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import type { Pool } from "undici";
import { decodedBody } from "./answer-encoding.ts";
import { CallDeadlines, type CallTimeouts } from "./call-deadlines.ts";
import { type Asked, type Deployment, pathOf, requestHeaders } from "./deployment.ts";
import { type CallHealth, DeploymentGuard, type GuardedCall, type GuardOptions } from "./deployment-guard.ts";
import type { LeaveSignal } from "./leave-signal.ts";
import { UpstreamExchange, type UpstreamHead } from "./upstream-exchange.ts";
import { failureOf, UpstreamFailure } from "./upstream-failure.ts";

export interface UpstreamRequest {
  /** One of the deployment's dialects. */
  readonly asked: Asked;
  /** Of the client, name and value in turns; only listed ones are sent. */
  readonly headers: readonly string[];
  /** Pieces, as {@link splice} gives them: a large body is not copied. */
  readonly body: readonly Uint8Array[];
  readonly attemptId: string;
  /** Behind the deployment's address, where the dialect alone does not give it. */
  readonly path?: string;
}

export interface SendOptions {
  readonly timeouts: CallTimeouts;
  /** Aborted when the client leaves; the provider's connection is closed at once. */
  readonly left: LeaveSignal;
  readonly call: GuardedCall;
}

export interface UpstreamOptions extends Omit<GuardOptions, "concurrencyMax"> {
  readonly connectMs: number;
  /** A connection is not used after it was idle so long: providers close them, and a request that meets that is lost. */
  readonly keepAliveMs: number;
}

/** The pool alone: the whole package is five times as many files, with `fetch`, WebSockets and caches, and takes 14 MiB more. */
const PoolOfUndici = createRequire(import.meta.url)("undici/lib/dispatcher/pool.js") as typeof Pool;
/** A smaller body is sent as one piece. */
const JOINED_BYTES_MAX = 64 * 1024;

export class Upstream {
  readonly deployment: Deployment;
  readonly guard: DeploymentGuard;
  readonly #pool: Pool;

  constructor(deployment: Deployment, { halfOpenAfterMs, connectMs, keepAliveMs }: UpstreamOptions) {
    this.deployment = deployment;
    this.guard = new DeploymentGuard({ concurrencyMax: deployment.concurrencyMax, halfOpenAfterMs });
    this.#pool = new PoolOfUndici(deployment.baseUrl.origin, {
      connect: { timeout: connectMs },
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      // The call's own deadlines are exact.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  get weight(): number {
    return this.deployment.weight;
  }

  /**
   * Sends a request once, and resolves when the head of an answer is there. The call is ended here only if it fails.
   *
   * @throws UpstreamFailure
   */
  async send(request: UpstreamRequest, { timeouts, left, call }: SendOptions): Promise<UpstreamAnswer> {
    const exchange = new UpstreamExchange();
    const deadlines = new CallDeadlines(timeouts, (deadline) =>
      exchange.fail(new UpstreamFailure(`timeout-${deadline}`, exchange.isSent)),
    );
    const leave = (): void => exchange.fail(new UpstreamFailure("left", exchange.isSent));
    left.addEventListener("abort", leave, { once: true });
    const settle = (health: CallHealth): void => {
      deadlines.stop();
      left.removeEventListener("abort", leave);
      call.end(health);
    };
    try {
      if (left.aborted) leave();
      else this.#dispatch(request, exchange);
      const head = await exchange.head;
      deadlines.enter("firstToken");
      return new UpstreamAnswer(head, exchange, deadlines, settle);
    } catch (error) {
      const failure = failureOf(error);
      settle(failure.kind === "left" ? "unknown" : "fault");
      throw failure;
    }
  }

  /** Ends every connection, calls that are being answered included. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #dispatch({ asked, path, headers, body, attemptId }: UpstreamRequest, exchange: UpstreamExchange): void {
    const bytes = body.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const sent = requestHeaders(this.deployment, asked, headers, attemptId);
    sent.push("content-length", String(bytes));
    this.#pool.dispatch(
      { method: "POST", path: pathOf(this.deployment, asked, path), headers: sent, body: bodyOf(body, bytes) },
      exchange,
    );
  }
}

function bodyOf(pieces: readonly Uint8Array[], bytes: number): Uint8Array | Readable {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  return bytes <= JOINED_BYTES_MAX ? Buffer.concat(pieces, bytes) : Readable.from(pieces, { objectMode: false });
}

/** The bytes of an answer as they come, and no faster than they are taken. To leave them early closes the connection. */
export type AnswerPieces = AsyncIterableIterator<Buffer, undefined, undefined>;

/** An answer whose head is there. It must be ended, however it is read. */
export class UpstreamAnswer {
  readonly status: number;
  /** Name and value in turns, as the provider wrote them. */
  readonly headers: readonly string[];
  readonly #exchange: UpstreamExchange;
  readonly #deadlines: CallDeadlines;
  readonly #settle: (health: CallHealth) => void;
  #pieces: AnswerPieces | undefined;
  #isEnded = false;

  constructor(
    { status, headers }: UpstreamHead,
    exchange: UpstreamExchange,
    deadlines: CallDeadlines,
    settle: (health: CallHealth) => void,
  ) {
    this.status = status;
    this.headers = headers;
    this.#exchange = exchange;
    this.#deadlines = deadlines;
    this.#settle = settle;
  }

  header(name: string): string | undefined {
    for (let at = 0; at < this.headers.length; at += 2)
      if (this.headers[at]?.length === name.length && this.headers[at]?.toLowerCase() === name)
        return this.headers[at + 1];
    return undefined;
  }

  /** Bytes that were read from the connection and not taken yet. */
  get heldBytes(): number {
    return this.#exchange.heldBytes;
  }

  /** The first token came: from now on the answer may be idle for its own time, and no longer. */
  begun(): void {
    this.#deadlines.enter("idle");
  }

  /** @throws UpstreamFailure, from `next`, when the connection ends before the answer does, a deadline passes or the client leaves. */
  pieces(): AnswerPieces {
    this.#pieces ??= this.#plainPieces();
    return this.#pieces;
  }

  #plainPieces(): AnswerPieces {
    const raw = new RawPieces(this.#exchange, this.#deadlines);
    const encoding = this.header("content-encoding");
    if (encoding === undefined) return raw;
    const body = Readable.from(raw, { objectMode: false });
    const decoded = decodedBody(body, encoding);
    // A body that fails while nobody reads it is no crash: the reader, if there is one, gets the error as well.
    for (const stream of [body, decoded]) stream.on("error", () => undefined);
    return decodedPieces(decoded);
  }

  /** All of the bytes.
   *
   * @throws UpstreamFailure as {@link pieces}, and `too-large`.
   */
  async whole(bytesMax: number): Promise<Buffer> {
    this.begun();
    const read: Buffer[] = [];
    let bytes = 0;
    const pieces = this.pieces();
    const isRaw = pieces instanceof RawPieces;
    for (;;) {
      // A short answer came with its head, and then nothing is waited for.
      const { done, value } = (isRaw ? this.#exchange.ready() : undefined) ?? (await pieces.next());
      if (done === true) break;
      bytes += value.byteLength;
      if (bytes > bytesMax) {
        this.#exchange.drop();
        throw new UpstreamFailure("too-large", true);
      }
      read.push(value);
    }
    const [only] = read;
    return only !== undefined && read.length === 1 ? only : Buffer.concat(read, bytes);
  }

  /** Says how the call ended, and closes the connection if the answer was not read to its end. Only the first call counts. */
  end(health: CallHealth): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#settle(health);
    this.#exchange.drop();
  }
}

class RawPieces implements AnswerPieces {
  readonly #exchange: UpstreamExchange;
  readonly #deadlines: CallDeadlines;
  #isWithClient = false;

  constructor(exchange: UpstreamExchange, deadlines: CallDeadlines) {
    this.#exchange = exchange;
    this.#deadlines = deadlines;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#isWithClient) this.#deadlines.resume();
    this.#isWithClient = false;
    const result = await this.#exchange.next();
    if (result.done === true) return result;
    this.#isWithClient = true;
    this.#deadlines.pause();
    return result;
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#exchange.drop();
    return Promise.resolve({ done: true, value: undefined });
  }
}

async function* decodedPieces(body: Readable): AsyncGenerator<Buffer, undefined, undefined> {
  try {
    yield* body as AsyncIterable<Buffer>;
    return undefined;
  } catch (error) {
    throw failureOf(error);
  }
}
