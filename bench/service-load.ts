/**
 * The load generator of the service benchmark, in its own process: a number of connections, each of which sends a request as
 * soon as the previous one is answered. It uses plain sockets and a minimum of HTTP, so that the benchmark measures the
 * server.
 *
 *     node bench/service-load.ts '{"port":8787,"connections":128,…}'
 * @module
 */
import { connect, type Socket } from "node:net";
import { seededBelow } from "./harness.ts";

export interface LoadPlan {
  readonly port: number;
  readonly key: string;
  readonly connections: number;
  /** Warm-up time, which is not counted. */
  readonly warmMs: number;
  /** Duration of the measurement, unless `requests` requests are counted first. */
  readonly measureMs: number;
  readonly requests?: number;
  /** Requests per batch; 0 sends single requests. */
  readonly batch: number;
  /** Settles every decision with the next request of its connection. */
  readonly settles: boolean;
  /** Prefix of request IDs, so that no two runs share any. */
  readonly run: string;
}

export interface LoadResult {
  readonly requests: number;
  /** Decisions and settlements; more than requests if they are sent in batches. */
  readonly done: number;
  readonly errors: number;
  /** All answers, including those before and after the measurement. */
  readonly asked: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the load generator, as a share of one core. */
  readonly cpuShare: number;
  /** Text of the first answer with a status other than 200. */
  readonly firstError?: string;
}

const REQUESTED = ["gpt-5.1", "gpt-5-mini", "gpt-4.1"] as const;
const LENGTH = Buffer.from("content-length: ");
const LATENCIES_MAX = 4_000_000;

/** One connection: sends requests, and parses an answer only to find its end. */
class Asker {
  readonly #load: Load;
  readonly #socket: Socket;
  #startedMs = 0;
  #held: Buffer | undefined;
  #isSettling = false;

  constructor(load: Load, port: number) {
    this.#load = load;
    this.#socket = connect(port, "127.0.0.1", () => this.#ask(this.#load.request()));
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (data) => this.#take(data));
    this.#socket.on("error", () => load.failed("the connection broke"));
  }

  end(): void {
    this.#socket.destroy();
  }

  #ask(text: string): void {
    this.#startedMs = performance.now();
    this.#socket.write(text, "latin1");
  }

  #take(data: Buffer): void {
    const answer = this.#held === undefined ? data : Buffer.concat([this.#held, data]);
    const bodyAt = bodyOf(answer);
    if (bodyAt === undefined || answer.byteLength < bodyAt.end) {
      this.#held = answer;
      return;
    }
    this.#held = undefined;
    const isRight = answer[9] === 0x32;
    this.#load.answered(performance.now() - this.#startedMs, isRight, isRight ? "" : answer.toString("latin1"));
    if (this.#load.isOver) return;
    this.#isSettling = this.#load.plan.settles && !this.#isSettling && isRight;
    this.#ask(this.#isSettling ? this.#load.settlement(answer, bodyAt.start) : this.#load.request());
  }
}

/** Position of an answer's body; `undefined` until its head is complete. */
function bodyOf(answer: Buffer): { readonly start: number; readonly end: number } | undefined {
  const headEnd = answer.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  let at = answer.indexOf(LENGTH);
  if (at === -1) at = answer.indexOf("Content-Length: ");
  let length = 0;
  for (let digit = at + LENGTH.length; (answer[digit] ?? 0) >= 0x30; digit += 1)
    length = length * 10 + (answer[digit] as number) - 0x30;
  return { start: headEnd + 4, end: headEnd + 4 + length };
}

class Load {
  readonly plan: LoadPlan;
  isOver = false;
  #isCounting = false;
  #asked = 0;
  #answers = 0;
  #requests = 0;
  #errors = 0;
  #firstError: string | undefined;
  readonly #latencies = new Float64Array(LATENCIES_MAX);
  readonly #below = seededBelow(5);
  #enough: (() => void) | undefined;

  constructor(plan: LoadPlan) {
    this.plan = plan;
  }

  request(): string {
    const { batch } = this.plan;
    if (batch === 0) return this.#post("/v1/decisions", this.#body());
    const bodies = Array.from({ length: batch }, () => this.#body());
    return this.#post("/v1/decisions:batch", `{"requests":[${bodies.join(",")}]}`);
  }

  settlement(answer: Buffer, bodyAt: number): string {
    const from = answer.indexOf('"decisionId":"', bodyAt) + 14;
    const decisionId = answer.toString("latin1", from, answer.indexOf('"', from));
    return this.#post("/v1/settlements", `{"decisionId":"${decisionId}","actualMicrocents":1000}`);
  }

  answered(milliseconds: number, isRight: boolean, text: string): void {
    if (!isRight) this.failed(text);
    this.#answers += 1;
    if (!this.#isCounting) return;
    if (this.#requests < LATENCIES_MAX) this.#latencies[this.#requests] = milliseconds;
    this.#requests += 1;
    if (this.#requests === this.plan.requests) this.#enough?.();
  }

  failed(text: string): void {
    this.#errors += 1;
    this.#firstError ??= text;
  }

  async run(): Promise<LoadResult> {
    const { connections, port, warmMs, measureMs } = this.plan;
    const askers = Array.from({ length: connections }, () => new Asker(this, port));
    await new Promise((resolve) => setTimeout(resolve, warmMs));
    const cpu = process.cpuUsage();
    const startedMs = performance.now();
    this.#isCounting = true;
    await new Promise<void>((resolve) => {
      this.#enough = resolve;
      setTimeout(resolve, measureMs);
    });
    this.#isCounting = false;
    this.isOver = true;
    const seconds = (performance.now() - startedMs) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    for (const asker of askers) asker.end();
    const sorted = this.#latencies.subarray(0, Math.min(this.#requests, LATENCIES_MAX)).sort();
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
    return {
      requests: this.#requests,
      done: this.#requests * Math.max(1, this.plan.batch),
      errors: this.#errors,
      asked: this.#answers,
      seconds,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      cpuShare: (user + system) / 1e6 / seconds,
      ...(this.#firstError === undefined ? {} : { firstError: this.#firstError }),
    };
  }

  #body(): string {
    this.#asked += 1;
    const below = this.#below;
    return `{"requestId":"${this.plan.run}-${this.#asked}","tenant":"acme","requested":"${REQUESTED[below(3)]}","inputTokens":${50 + below(6_000)},"outputTokens":${20 + below(1_500)},"valueMicrocents":${20_000_000 + below(80_000_000)},"riskBps":${below(5_000)},"capabilities":["tools"],"regions":["eu"]}`;
  }

  #post(path: string, body: string): string {
    const { port, key } = this.plan;
    return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  }
}

if (import.meta.main) {
  const load = new Load(JSON.parse(process.argv[2] ?? "{}") as LoadPlan);
  console.log(JSON.stringify(await load.run()));
  process.exit();
}
