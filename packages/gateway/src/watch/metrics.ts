/**
 * The service's counters, and their text for Prometheus. Counters are plain numbers in plain objects: counting a request
 * takes no longer than finding its row.
 * @module
 */

import { type CallGauges, CallMetrics } from "./call-metrics.ts";

/** Upper bounds of the latency buckets, in seconds. */
const BOUNDS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;
const BOUNDS_MS: readonly number[] = BOUNDS_SECONDS.map((seconds) => seconds * 1_000);

/** The counts of one route by status, and its latency histogram. */
class RouteMetrics {
  readonly byStatus = new Map<number, number>();
  readonly buckets: Float64Array = new Float64Array(BOUNDS_MS.length + 1);
  totalMs = 0;
  count = 0;

  note(status: number, milliseconds: number): void {
    this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1);
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && milliseconds > (BOUNDS_MS[bucket] as number)) bucket += 1;
    this.buckets[bucket] = (this.buckets[bucket] as number) + 1;
    this.totalMs += milliseconds;
    this.count += 1;
  }
}

export class Metrics {
  /** Metrics of model calls. */
  readonly calls: CallMetrics = new CallMetrics();
  readonly #routes = new Map<string, RouteMetrics>();
  /** By reason; each reason belongs to one action. */
  readonly #decisions = new Map<string, { readonly action: string; count: number }>();
  readonly #errors = new Map<string, number>();

  /** Counts an answered request. */
  request(route: string, status: number, milliseconds: number): void {
    let row = this.#routes.get(route);
    if (row === undefined) {
      row = new RouteMetrics();
      this.#routes.set(route, row);
    }
    row.note(status, milliseconds);
  }

  /** Counts a durable decision. */
  decision(action: string, reason: string): void {
    const known = this.#decisions.get(reason);
    if (known === undefined) this.#decisions.set(reason, { action, count: 1 });
    else known.count += 1;
  }

  /** Counts an error answer by code. */
  error(code: string): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  /** The text, with the current values of the gauges. */
  text(gauges: readonly Gauge[], calls?: CallGauges): string {
    const lines: string[] = [];
    const head = (name: string, type: string, help: string): void => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    };
    head("calybris_http_requests_total", "counter", "Requests answered, by operation and status.");
    for (const [route, { byStatus }] of this.#routes) {
      for (const [status, count] of byStatus)
        lines.push(`calybris_http_requests_total{operation="${route}",status="${status}"} ${count}`);
    }
    head("calybris_http_request_seconds", "histogram", "Time from the head of a request to its answer.");
    for (const [route, row] of this.#routes) lines.push(...histogramLines(route, row));
    head("calybris_decisions_total", "counter", "Decisions made durable, by action and reason.");
    for (const [reason, { action, count }] of this.#decisions)
      lines.push(`calybris_decisions_total{action="${action}",reason="${reason}"} ${count}`);
    head("calybris_errors_total", "counter", "Errors answered, by code.");
    for (const [code, count] of this.#errors) lines.push(`calybris_errors_total{code="${code}"} ${count}`);
    for (const { name, type, help, value } of gauges) {
      head(name, type, help);
      lines.push(`${name} ${value}`);
    }
    lines.push(...this.calls.lines(calls));
    return `${lines.join("\n")}\n`;
  }
}

/** A value that is kept elsewhere. */
export interface Gauge {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly value: number;
}

function histogramLines(route: string, row: RouteMetrics): string[] {
  const name = "calybris_http_request_seconds";
  let below = 0;
  const lines = BOUNDS_SECONDS.map((bound, index) => {
    below += row.buckets[index] as number;
    return `${name}_bucket{operation="${route}",le="${bound}"} ${below}`;
  });
  return [
    ...lines,
    `${name}_bucket{operation="${route}",le="+Inf"} ${row.count}`,
    `${name}_sum{operation="${route}"} ${row.totalMs / 1_000}`,
    `${name}_count{operation="${route}"} ${row.count}`,
  ];
}
