/**
 * The fast path. A plain POST is answered without Node's HTTP server, which costs about as much as a decision: the head is
 * parsed, the pipeline runs, and the answer is one write, or one per piece. All POST routes use it. A request that is not
 * plain goes to Fastify, which gives the same answer; the next request of the connection may be plain again.
 * @module
 */
import type { EndListener, Exchange, PiecesHead, RequestHeaders } from "./exchange.ts";
import { ChunkedAnswer, type ChunkConnection } from "./chunked-answer.ts";
import { type PlainHead, readPlainHead } from "./plain-head.ts";
import { CLOSE_LINES, chunkedHeadText, headText, keepAliveLines } from "./raw-answer.ts";
import type { ActiveRequest } from "./active-request.ts";
import type { RequestPipeline } from "./request-pipeline.ts";
import { parametersOf, type Route } from "./route-contract.ts";

/** A body in several pieces is gathered here up to this length; Node reads longer ones. */
const BODY_BYTES_MAX = 64 * 1024;
/** The same limit for a body that its handler reads: prompts are long. */
const RAW_BODY_BYTES_MAX = 256 * 1024;

export function bodyBytesMaxOf({ contract }: Route): number {
  return contract.rawBody === undefined ? BODY_BYTES_MAX : RAW_BODY_BYTES_MAX;
}

/** A plain request at the start of the received bytes. */
export interface FastRequest {
  readonly route: Route;
  readonly parameters: { readonly [name: string]: string };
  readonly head: PlainHead;
  readonly bodyAt: number;
}

export interface FastPathOptions {
  readonly routes: readonly Route[];
  readonly pipeline: RequestPipeline;
  readonly headerBytesMax: number;
  readonly bodyBytesMax: number;
  readonly idleMs: number;
}

/** A shorter binary body is copied behind its head: sending one buffer takes half the time of two. */
const JOINED_BYTES_MAX = 16 * 1024;
const HEAD_END = Buffer.from("\r\n\r\n");
const P = 0x50;
const O = 0x4f;
/** Size of the cache of parsed heads: clients repeat a few of them. */
const HEADS_MAX = 256;
const HEAD_CHARACTERS_MAX = 1_024;
const NO_PARAMETERS: { readonly [name: string]: string } = Object.freeze({});

interface Target {
  readonly route: Route;
  readonly parameters: { readonly [name: string]: string };
}

export class FastPath {
  readonly #pipeline: RequestPipeline;
  readonly #limits: FastPathOptions;
  readonly #exact = new Map<string, Target>();
  readonly #patterns: readonly { readonly route: Route; readonly pattern: RegExp; readonly names: readonly string[] }[];
  readonly #heads = new Map<string, PlainHead | undefined>();
  readonly #keepAlive: string;

  constructor(options: FastPathOptions) {
    this.#pipeline = options.pipeline;
    this.#limits = options;
    this.#keepAlive = keepAliveLines(options.idleMs);
    const routes = options.routes.filter(({ contract }) => contract.method === "POST");
    for (const route of routes)
      if (parametersOf(route.contract).length === 0)
        this.#exact.set(route.contract.path, { route, parameters: NO_PARAMETERS });
    this.#patterns = routes
      .map((route) => ({ route, names: parametersOf(route.contract), pattern: patternOf(route.contract.path) }))
      .filter(({ names }) => names.length > 0);
  }

  /** The plain request at the start of `bytes`; `undefined` if it is not plain, or its head is incomplete. */
  find(bytes: Buffer): FastRequest | undefined {
    if (bytes[0] !== P || bytes[1] !== O) return undefined;
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd === -1 || headEnd + HEAD_END.byteLength > this.#limits.headerBytesMax) return undefined;
    const head = this.#headOf(bytes.toString("latin1", 0, headEnd + 2));
    if (head === undefined) return undefined;
    const target = this.#exact.get(head.path) ?? this.#matched(head.path);
    if (target === undefined) return undefined;
    const { ignoresQuery, rawBody } = target.route.contract;
    if (head.length > (rawBody?.bytesMax ?? this.#limits.bodyBytesMax)) return undefined;
    if (head.url !== head.path && ignoresQuery !== true) return undefined;
    return { route: target.route, parameters: target.parameters, head, bodyAt: headEnd + HEAD_END.byteLength };
  }

  /** Admits a request once its head is complete; `undefined` if it was refused. */
  begin(exchange: FastExchange, { route, parameters, head }: FastRequest): ActiveRequest | undefined {
    exchange.begin(head, this.#keepAlive);
    return this.#pipeline.begin(exchange, route, parameters, head.length);
  }

  finish(request: ActiveRequest, body: Buffer): void {
    this.#pipeline.finish(request, body);
  }

  #headOf(text: string): PlainHead | undefined {
    const known = this.#heads.get(text);
    if (known !== undefined) return known;
    const head = readPlainHead(text);
    if (head === undefined || text.length > HEAD_CHARACTERS_MAX) return head;
    if (this.#heads.size >= HEADS_MAX) this.#heads.clear();
    this.#heads.set(text, head);
    return head;
  }

  #matched(path: string): Target | undefined {
    for (const { route, pattern, names } of this.#patterns) {
      const match = pattern.exec(path);
      if (match === null) continue;
      return { route, parameters: Object.fromEntries(names.map((name, index) => [name, match[index + 1] ?? ""])) };
    }
    return undefined;
  }
}

/** Matches a path whose parameters have no percent-encoding; others are not plain. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{[a-z]+\}/gi, "([A-Za-z0-9_.~-]+)")}$`);
}

/** The part of a connection that the fast path uses. */
interface FastConnection extends ChunkConnection {
  together(write: () => void): void;
  answered(): void;
  end(): void;
  onLeave(left: () => void): void;
}

/** The exchanges of one connection, in sequence. */
export class FastExchange implements Exchange {
  readonly method = "POST";
  readonly hasArrived = true;
  url = "";
  headers: RequestHeaders = {};
  readonly #connection: FastConnection;
  #keepAlive = "";
  #isOpen = false;
  #isLast = false;
  #headers: readonly string[] = [];
  #listener: EndListener | undefined;
  #chunks: ChunkedAnswer | undefined;

  constructor(connection: FastConnection) {
    this.#connection = connection;
  }

  get connection(): object {
    return this.#connection;
  }

  get isOver(): boolean {
    return !this.#isOpen;
  }

  begin(head: PlainHead, keepAlive: string): void {
    this.url = head.url;
    this.headers = head.headers;
    this.#keepAlive = keepAlive;
    this.#isOpen = true;
    this.#isLast = false;
    this.#headers = [];
  }

  addHeaders(headers: readonly string[]): void {
    this.#headers = [...this.#headers, ...headers];
  }

  closeAfter(): void {
    this.#isLast = true;
  }

  onEnd(listener: EndListener): void {
    this.#listener = listener;
  }

  onLeave(left: () => void): void {
    this.#connection.onLeave(left);
  }

  send(
    status: number,
    body: string | Uint8Array,
    contentType: string,
    headers?: readonly string[],
    isAscii?: boolean,
  ): void {
    this.#isOpen = false;
    const bytes = typeof body !== "string" ? body.byteLength : isAscii === true ? body.length : Buffer.byteLength(body);
    const own = this.#headers;
    const more = headers === undefined ? own : own.length === 0 ? headers : [...own, ...headers];
    const head = `${headText(status, contentType, bytes, more)}${this.#isLast ? CLOSE_LINES : this.#keepAlive}\r\n`;
    if (typeof body === "string") {
      // Latin-1 text is written several times as fast as UTF-8.
      const encoding = bytes === body.length ? "latin1" : "utf8";
      this.#connection.write(head + body, encoding, head.length + bytes, this.#taken);
      return;
    }
    if (bytes <= JOINED_BYTES_MAX) {
      const answer = Buffer.allocUnsafe(head.length + bytes);
      answer.write(head, "latin1");
      answer.set(body, head.length);
      this.#connection.write(answer, "latin1", answer.byteLength, this.#taken);
      return;
    }
    this.#connection.together(() => {
      this.#connection.write(head, "latin1", head.length, () => undefined);
      this.#connection.write(body, "latin1", bytes, this.#taken);
    });
  }

  sendPieces(
    pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    { status, contentType, headers, refused, failed }: PiecesHead,
  ): void {
    this.#chunks = new ChunkedAnswer(this.#connection, pieces, {
      head: () => {
        this.#isOpen = false;
        const head = chunkedHeadText(status, contentType, [...this.#headers, ...headers]);
        return `${head}${this.#isLast ? CLOSE_LINES : this.#keepAlive}\r\n`;
      },
      refused,
      failed,
      taken: this.#taken,
    });
    void this.#chunks.send();
  }

  /** Called when the connection is closed. */
  gone(): void {
    this.#isOpen = false;
    this.#chunks?.gone();
    this.#end(false);
  }

  readonly #taken = (error?: Error | null): void => {
    this.#chunks = undefined;
    this.#end(error === undefined || error === null);
    if (this.#isLast) this.#connection.end();
    else this.#connection.answered();
  };

  #end(isAnswered: boolean): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.ended(isAnswered);
  }
}
