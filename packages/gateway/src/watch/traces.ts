/**
 * Traces: one span per request, sent to an OpenTelemetry collector as OTLP over HTTP in JSON. A `traceparent` header is
 * continued. Spans are sent in batches that no request waits for: if the collector is slow or unavailable, they are dropped
 * and counted.
 * @module
 */
import { randomBytes } from "node:crypto";
import type { RequestHeaders } from "../http/exchange.ts";

export type SpanAttributes = { readonly [name: string]: string | number | readonly string[] };

export interface Span {
  /** Adds attributes; numbers are integers. They may be added after the end, until the span is exported. */
  set(attributes: SpanAttributes): void;
  end(status: number): void;
}

interface Ended {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly status: number;
  readonly attributes: SpanAttributes;
}

const HELD_MAX = 4_096;
const SENT_MAX = 512;
const EVERY_MS = 1_000;
const TIMEOUT_MS = 5_000;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;
const SERVER_KIND = 2;
const STATUS_ERROR = 2;

export class Traces {
  readonly #endpoint: string;
  readonly #share: number;
  #held: Ended[] = [];
  #sending = false;
  readonly #timer: NodeJS.Timeout;
  /** Spans that the collector did not accept. */
  droppedCount = 0;

  constructor(endpoint: string, shareBps: number) {
    this.#endpoint = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
    this.#share = shareBps / 10_000;
    this.#timer = setInterval(() => void this.#send(), EVERY_MS);
    this.#timer.unref();
  }

  /** Begins a span; `undefined` if this request is not sampled. */
  begin(name: string, headers: RequestHeaders): Span | undefined {
    const parent = TRACEPARENT.exec(String(headers["traceparent"] ?? ""));
    const isSampled = parent === null ? Math.random() < this.#share : (Number.parseInt(parent[3] ?? "0", 16) & 1) === 1;
    if (!isSampled) return undefined;
    const startMs = performance.timeOrigin + performance.now();
    const traceId = parent?.[1] ?? randomBytes(16).toString("hex");
    const parentSpanId = parent?.[2] ?? "";
    const spanId = randomBytes(8).toString("hex");
    const attributes: { [name: string]: SpanAttributes[string] } = {};
    return {
      set: (more) => {
        Object.assign(attributes, more);
      },
      end: (status) => {
        const endMs = performance.timeOrigin + performance.now();
        this.#keep({ traceId, spanId, parentSpanId, name, startMs, endMs, status, attributes });
      },
    };
  }

  /** Exports the remaining spans once, and stops. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#send();
  }

  #keep(span: Ended): void {
    if (this.#held.length < HELD_MAX) this.#held.push(span);
    else this.droppedCount += 1;
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#held.length > 0) {
        const spans = this.#held.slice(0, SENT_MAX);
        this.#held = this.#held.slice(SENT_MAX);
        if (!(await this.#post(spans))) {
          this.droppedCount += spans.length;
          return;
        }
      }
    } finally {
      this.#sending = false;
    }
  }

  async #post(spans: readonly Ended[]): Promise<boolean> {
    try {
      const response = await fetch(this.#endpoint, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(otlp(spans)),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }
}

function otlp(spans: readonly Ended[]): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "calybris" } }] },
        scopeSpans: [{ scope: { name: "calybris" }, spans: spans.map(otlpSpan) }],
      },
    ],
  };
}

function otlpSpan({ traceId, spanId, parentSpanId, name, startMs, endMs, status, attributes }: Ended): object {
  return {
    traceId,
    spanId,
    ...(parentSpanId === "" ? {} : { parentSpanId }),
    name,
    kind: SERVER_KIND,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: Object.entries({ "http.response.status_code": status, ...attributes }).map(([key, value]) => ({
      key,
      value: otlpValue(value),
    })),
    ...(status >= 500 ? { status: { code: STATUS_ERROR } } : {}),
  };
}

function otlpValue(value: SpanAttributes[string]): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { intValue: String(value) };
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } };
}

function nanoseconds(milliseconds: number): string {
  return `${BigInt(Math.round(milliseconds * 1_000)) * 1_000n}`;
}
