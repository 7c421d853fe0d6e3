/**
 * Calls to one deployment.
 *
 * Uses undici's `dispatch` and not `fetch`: bodies stay compressed, headers stay as written, redirects are not followed, and
 * the body is read no faster than the client takes it. Version 7 is the last that supports Node 22.18.
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
  /** The client's headers, names and values alternating; only listed ones are sent. */
  readonly headers: readonly string[];
  /** Pieces from {@link splice}, so that a large body is not copied. */
  readonly body: readonly Uint8Array[];
  readonly attemptId: string;
  /** Path after the deployment's address, if it does not follow from the dialect. */
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
  /** Maximum idle time of a connection before reuse. Providers close idle connections, which would lose a request. */
  readonly keepAliveMs: number;
}

/** Only the pool: the whole package, with `fetch`, WebSockets and caches, has five times the files and takes 14 MiB more. */
const PoolOfUndici = createRequire(import.meta.url)("undici/lib/dispatcher/pool.js") as typeof Pool;
/** Smaller bodies are sent as one piece. */
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
      // `CallDeadlines` replaces undici's inexact timers.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  get weight(): number {
    return this.deployment.weight;
  }

  /**
   * Sends a request once, and resolves with the head of the answer. Ends the call only on failure.
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

  /** Closes every connection, including those of calls in progress. */
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

/** The bytes of an answer, read no faster than they are taken. Leaving the iteration early closes the connection. */
export type AnswerPieces = AsyncIterableIterator<Buffer, undefined, undefined>;

/** An answer whose head has arrived. It must be ended, however much of it is read. */
export class UpstreamAnswer {
  readonly status: number;
  /** Names and values alternating, as the provider wrote them. */
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

  /** Bytes read from the connection and not taken yet. */
  get heldBytes(): number {
    return this.#exchange.heldBytes;
  }

  /** Call on the first token: the idle deadline applies from then on. */
  begun(): void {
    this.#deadlines.enter("idle");
  }

  /**
   * @throws UpstreamFailure, from `next`, if the connection ends before the answer, a deadline passes or the client leaves.
   */
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
    // Without a listener, a failing body that is not being read would end the process. A reader gets the error as well.
    for (const stream of [body, decoded]) stream.on("error", () => undefined);
    return decodedPieces(decoded);
  }

  /**
   * The whole body.
   *
   * @throws UpstreamFailure like {@link pieces}, and `too-large`.
   */
  async whole(bytesMax: number): Promise<Buffer> {
    this.begun();
    const read: Buffer[] = [];
    let bytes = 0;
    const pieces = this.pieces();
    const isRaw = pieces instanceof RawPieces;
    for (;;) {
      // A short answer arrives with its head, and is taken without waiting.
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

  /**
   * Ends the call with its outcome, and closes the connection if the answer was not read to its end. Only the first call
   * counts.
   */
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
