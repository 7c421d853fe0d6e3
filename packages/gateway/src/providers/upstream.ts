/**
 * Calls to one deployment.
 *
 * `undici` and its `request`, not `fetch`: bodies stay as they were compressed, headers as they were written, nothing follows a
 * redirect, and the body is read no faster than the client takes it. Version 7 is the last that runs on Node 22.18.
 * @module
 */
import { Readable } from "node:stream";
import { Pool } from "undici";
import { decodedBody } from "./answer-encoding.ts";
import { CallDeadlines, type CallTimeouts } from "./call-deadlines.ts";
import { type Asked, type Deployment, pathOf, requestHeaders } from "./deployment.ts";
import { type CallHealth, DeploymentGuard, type GuardedCall, type GuardOptions } from "./deployment-guard.ts";
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
  readonly left: AbortSignal;
  readonly call: GuardedCall;
}

export interface UpstreamOptions extends Omit<GuardOptions, "concurrencyMax"> {
  readonly connectMs: number;
  /** A connection is not used after it was idle so long: providers close them, and a request that meets that is lost. */
  readonly keepAliveMs: number;
}

/** Of an answer, between the socket and the client: one piece of undici's parser beside it. */
export const HELD_BYTES_MAX: number = 64 * 1024;
/** A smaller body is sent as one piece. */
const JOINED_BYTES_MAX = 64 * 1024;

export class Upstream {
  readonly deployment: Deployment;
  readonly guard: DeploymentGuard;
  readonly #pool: Pool;

  constructor(deployment: Deployment, { halfOpenAfterMs, connectMs, keepAliveMs }: UpstreamOptions) {
    this.deployment = deployment;
    this.guard = new DeploymentGuard({ concurrencyMax: deployment.concurrencyMax, halfOpenAfterMs });
    this.#pool = new Pool(deployment.baseUrl.origin, {
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
    const abort = new AbortController();
    const fail = (failure: UpstreamFailure): void => abort.abort(failure);
    const deadlines = new CallDeadlines(timeouts, (deadline) => fail(new UpstreamFailure(`timeout-${deadline}`, true)));
    const leave = (): void => fail(new UpstreamFailure("left", true));
    left.addEventListener("abort", leave, { once: true });
    const settle = (health: CallHealth): void => {
      deadlines.stop();
      left.removeEventListener("abort", leave);
      call.end(health);
    };
    try {
      if (left.aborted) throw new UpstreamFailure("left", false);
      const { statusCode, headers, body } = await this.#pool.request({
        method: "POST",
        path: pathOf(this.deployment, request.asked, request.path),
        headers: this.#headers(request),
        body: bodyOf(request.body),
        signal: abort.signal,
        responseHeaders: "raw",
        highWaterMark: HELD_BYTES_MAX,
      });
      deadlines.enter("firstToken");
      // With `raw` they are name and value in turns, whatever the type says.
      return new UpstreamAnswer(statusCode, headers as unknown as readonly string[], body, deadlines, settle);
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

  #headers({ asked, headers, body, attemptId }: UpstreamRequest): string[] {
    const bytes = body.reduce((sum, { byteLength }) => sum + byteLength, 0);
    return [...requestHeaders(this.deployment, asked, headers, attemptId), "content-length", String(bytes)];
  }
}

function bodyOf(pieces: readonly Uint8Array[]): Uint8Array | Readable {
  const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  return bytes <= JOINED_BYTES_MAX ? Buffer.concat(pieces) : Readable.from(pieces, { objectMode: false });
}

/** An answer whose head is there. It must be ended, however it is read. */
export class UpstreamAnswer {
  readonly status: number;
  /** Name and value in turns, as the provider wrote them. */
  readonly headers: readonly string[];
  readonly #body: Readable;
  readonly #deadlines: CallDeadlines;
  readonly #settle: (health: CallHealth) => void;
  #isEnded = false;

  constructor(
    status: number,
    headers: readonly string[],
    body: Readable,
    deadlines: CallDeadlines,
    settle: (health: CallHealth) => void,
  ) {
    this.status = status;
    this.headers = headers;
    this.#body = decodedBody(body, this.header("content-encoding"));
    this.#deadlines = deadlines;
    this.#settle = settle;
    // A body that fails while nobody reads it is no crash: the reader, if there is one, gets the error as well.
    for (const stream of [body, this.#body]) stream.on("error", () => undefined);
  }

  header(name: string): string | undefined {
    const at = this.headers.findIndex((part, index) => index % 2 === 0 && part.toLowerCase() === name);
    return at === -1 ? undefined : this.headers[at + 1];
  }

  /** Bytes that were read from the connection and not taken yet. */
  get heldBytes(): number {
    return this.#body.readableLength;
  }

  /** The first token came: from now on the answer may be idle for its own time, and no longer. */
  begun(): void {
    this.#deadlines.enter("idle");
  }

  /** The bytes as they come, and no faster than they are taken. To leave the loop early closes the connection.
   *
   * @throws UpstreamFailure when the connection ends before the answer does, a deadline passes or the client leaves.
   */
  async *pieces(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for await (const piece of this.#body as AsyncIterable<Buffer>) {
        this.#deadlines.pause();
        yield piece;
        this.#deadlines.resume();
      }
    } catch (error) {
      throw failureOf(error);
    }
  }

  /** All of the bytes.
   *
   * @throws UpstreamFailure as {@link pieces}, and `too-large`.
   */
  async whole(bytesMax: number): Promise<Buffer> {
    this.begun();
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of this.pieces()) {
      bytes += piece.byteLength;
      if (bytes > bytesMax) throw new UpstreamFailure("too-large", true);
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /** Says how the call ended, and closes the connection if the answer was not read to its end. Only the first call counts. */
  end(health: CallHealth): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#settle(health);
    if (!this.#body.readableEnded) this.#body.destroy();
  }
}
