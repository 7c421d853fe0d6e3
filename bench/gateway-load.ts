/**
 * The load generator of the gateway benchmark, in its own process. Closed loop: every connection calls again as soon as it
 * is answered. Open loop: calls are due at fixed times, independent of earlier answers, and each is timed from its due time.
 * Every answer is compared with the provider's bytes.
 *
 *     node bench/gateway-load.ts '{"port":8787,"connections":128,…}'
 * @module
 */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { callBody, JSON_ANSWER, STREAM_ANSWER } from "./gateway-answers.ts";

export interface CallPlan {
  readonly port: number;
  readonly connections: number;
  readonly isStreamed: boolean;
  /** Calls that must be answered, followed by `warmMs`, before measurement begins. */
  readonly warmCalls: number;
  readonly warmMs: number;
  readonly measureMs: number;
  /** Calls per second of an open loop; without it, the loop is closed. */
  readonly perSecond?: number;
  readonly headers: { readonly [name: string]: string };
  readonly run: string;
}

export interface CallResult {
  readonly calls: number;
  /** All answers, including those before the measurement. */
  readonly answered: number;
  readonly seconds: number;
  /** Answers with a status other than 200, and broken connections. */
  readonly errors: number;
  /** Answers with status 200 whose bytes differ from the provider's. */
  readonly changed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time per answer of the load generator itself, over its whole run. */
  readonly loadUsPerCall: number;
  readonly firstError?: string;
}

const LATENCIES_MAX = 4_000_000;
const CHUNKED_END = Buffer.from("0\r\n\r\n");
/** Maximum number of overdue calls that wait for a connection. Further ones count as errors. */
const WAITING_MAX = 100_000;
const WARM_LOOK_MS = 20;

class Connection {
  readonly #load: Load;
  readonly #socket: Socket;
  #held: Buffer | undefined;
  #dueMs = 0;

  constructor(load: Load, port: number) {
    this.#load = load;
    this.#socket = connect(port, "127.0.0.1", () => load.idle(this));
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (data) => this.#take(data));
    this.#socket.on("error", () => load.failed("the connection broke"));
    this.#socket.on("close", () => load.failed("the connection was closed"));
  }

  call(dueMs: number): void {
    this.#dueMs = dueMs;
    this.#socket.write(this.#load.request(), "latin1");
  }

  end(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    const answer = this.#held === undefined ? data : Buffer.concat([this.#held, data]);
    const body = bodyOf(answer);
    if (body === undefined) {
      this.#held = answer;
      return;
    }
    this.#held = undefined;
    this.#load.answered(this.#dueMs, answer, body);
    this.#load.idle(this);
  }
}

/** The body of a complete answer; `undefined` before. A connection sends nothing before it has read its answer. */
function bodyOf(answer: Buffer): Buffer | undefined {
  const headEnd = answer.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const head = answer.toString("latin1", 0, headEnd);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  const body = answer.subarray(headEnd + 4);
  if (length !== undefined) return body.byteLength < Number(length) ? undefined : body;
  const isEnded = body.subarray(-CHUNKED_END.byteLength).equals(CHUNKED_END);
  return isEnded ? joined(body) : undefined;
}

function joined(chunked: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = chunked.indexOf("\r\n", at);
    const bytes = Number.parseInt(chunked.toString("latin1", at, lineEnd), 16);
    if (!(bytes > 0)) return Buffer.concat(pieces);
    pieces.push(chunked.subarray(lineEnd + 2, lineEnd + 2 + bytes));
    at = lineEnd + 2 + bytes + 2;
  }
}

class Load {
  readonly #plan: CallPlan;
  readonly #expected: Buffer;
  readonly #idle: Connection[] = [];
  /** Due times of calls that wait for a free connection. */
  readonly #waiting: number[] = [];
  readonly #latencies = new Float64Array(LATENCIES_MAX);
  #calls = 0;
  #errors = 0;
  #changed = 0;
  #asked = 0;
  #answered = 0;
  #isCounting = false;
  #isOver = false;
  #firstError: string | undefined;

  constructor(plan: CallPlan) {
    this.#plan = plan;
    this.#expected = plan.isStreamed ? STREAM_ANSWER : JSON_ANSWER;
  }

  request(): string {
    const { port, headers, run, isStreamed } = this.#plan;
    this.#asked += 1;
    const body = callBody(`${run}-${this.#asked}`, isStreamed);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n${lines.join("")}content-length: ${body.length}\r\n\r\n${body}`;
  }

  idle(connection: Connection): void {
    if (this.#isOver) return;
    if (this.#plan.perSecond === undefined) connection.call(performance.now());
    else {
      const dueMs = this.#waiting.shift();
      if (dueMs === undefined) this.#idle.push(connection);
      else connection.call(dueMs);
    }
  }

  answered(dueMs: number, answer: Buffer, body: Buffer): void {
    this.#answered += 1;
    const isOk = answer.toString("latin1", 9, 12) === "200";
    if (!isOk) this.failed(answer.toString("latin1").slice(0, 2_000));
    else if (!body.equals(this.#expected)) {
      this.#changed += 1;
      this.#firstError ??= body.toString().slice(0, 500);
    }
    if (!this.#isCounting || !isOk) return;
    this.#latencies[this.#calls % LATENCIES_MAX] = performance.now() - dueMs;
    this.#calls += 1;
  }

  failed(text: string): void {
    if (this.#isOver) return;
    this.#errors += 1;
    this.#firstError ??= text;
  }

  async run(): Promise<CallResult> {
    const { connections, port, warmCalls, warmMs, measureMs, perSecond } = this.#plan;
    const all = Array.from({ length: connections }, () => new Connection(this, port));
    const pacing = perSecond === undefined ? undefined : this.#pace(perSecond);
    while (this.#answered < warmCalls && this.#errors < connections) await sleep(WARM_LOOK_MS);
    await sleep(warmMs);
    const startedMs = performance.now();
    this.#isCounting = true;
    await sleep(measureMs);
    this.#isCounting = false;
    this.#isOver = true;
    clearInterval(pacing);
    const seconds = (performance.now() - startedMs) / 1_000;
    for (const one of all) one.end();
    const sorted = this.#latencies.subarray(0, Math.min(this.#calls, LATENCIES_MAX)).sort();
    const { user, system } = process.cpuUsage();
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
    return {
      ...{ calls: this.#calls, answered: this.#answered, seconds, errors: this.#errors, changed: this.#changed },
      ...{ p50Ms: at(0.5), p99Ms: at(0.99), loadUsPerCall: (user + system) / Math.max(1, this.#answered) },
      ...(this.#firstError === undefined ? {} : { firstError: this.#firstError }),
    };
  }

  #pace(perSecond: number): NodeJS.Timeout {
    const startedMs = performance.now();
    let due = 0;
    return setInterval(() => {
      for (; due < ((performance.now() - startedMs) * perSecond) / 1_000; due += 1) {
        const dueMs = startedMs + (due * 1_000) / perSecond;
        const connection = this.#idle.pop();
        if (connection !== undefined) connection.call(dueMs);
        else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(dueMs);
        else this.failed("more calls wait than the load keeps");
      }
    }, 1);
  }
}

if (import.meta.main) {
  const load = new Load(JSON.parse(process.argv[2] ?? "{}") as CallPlan);
  console.log(JSON.stringify(await load.run()));
  process.exit();
}
