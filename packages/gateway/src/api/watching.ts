/**
 * What watches over the service ask: is it alive, is it ready, what does it count, and how is it to be called.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import { apiJson } from "../http/answers.ts";
import type { Reply, Route } from "../http/route.ts";
import type { Gauge } from "../watch/metrics.ts";
import type { Readiness } from "../watch/readiness.ts";
import type { Traces } from "../watch/traces.ts";
import { healthShape, readyShape } from "./answer-shapes.ts";
import type { Desk } from "./desk.ts";

export interface Watched {
  readonly readiness: Readiness;
  readonly traces: Traces | undefined;
  readonly connectionCount: () => number;
  readonly openCount: () => number;
}

export function watchingRoutes(desk: Desk, watched: Watched): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/health",
      name: "health",
      summary: "Whether the process is alive",
      planes: [],
      answer: healthShape,
      always: true,
      handle: () => ({ text: '{"status":"alive"}' }),
    },
    {
      method: "GET",
      path: "/ready",
      name: "ready",
      summary: "Whether decisions can be made durable now; 503 when they cannot",
      planes: [],
      answer: readyShape,
      always: true,
      handle: () => ready(desk, watched.readiness),
    },
    {
      method: "GET",
      path: "/metrics",
      name: "metrics",
      summary: "Counters and gauges, in the text format of Prometheus",
      planes: ["operate", "audit"],
      answer: "text/plain; version=0.0.4; charset=utf-8",
      always: true,
      handle: () => ({
        text: desk.metrics.text(gauges(desk, watched)),
        contentType: "text/plain; version=0.0.4; charset=utf-8",
      }),
    },
  ];
}

async function ready({ engine }: Desk, readiness: Readiness): Promise<Reply> {
  const problem = await readiness.reason();
  if (problem !== undefined) throw new CalybrisError("CAL_GATEWAY_NOT_READY", { problem });
  const policyId = engine.reading.policies().length;
  return { text: apiJson({ status: "ready", sequence: engine.reading.head.sequence, policyId }) };
}

function gauges({ engine }: Desk, { traces, connectionCount, openCount }: Watched): readonly Gauge[] {
  const { entries, batches, fsyncs, bytes } = engine.metrics();
  const { reading, learning } = engine;
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const counter = (name: string, help: string, value: number): Gauge => ({ name, type: "counter", help, value });
  const gauge = (name: string, help: string, value: number): Gauge => ({ name, type: "gauge", help, value });
  return [
    counter("calybris_journal_entries_total", "Entries made durable since the start.", entries),
    counter("calybris_journal_batches_total", "Batches that they were written in.", batches),
    counter("calybris_journal_fsyncs_total", "Syncs of the disk.", fsyncs),
    counter("calybris_journal_bytes_total", "Bytes written.", bytes),
    gauge("calybris_journal_head", "Sequence of the last durable entry.", reading.head.sequence),
    gauge("calybris_journal_waiting", "Entries that wait for the disk.", reading.waitingCount),
    gauge("calybris_journal_failed", "1 once the disk has refused a batch.", reading.failure === undefined ? 0 : 1),
    gauge("calybris_learning_lifted_bps", "Share of the latest requests that an anomaly lifted.", learning.liftedBps),
    gauge(
      "calybris_learning_certified_regimes",
      "Regimes below the top tier; -1 is no bound.",
      learning.certifiedRegimes ?? -1,
    ),
    gauge("calybris_http_open", "Requests that have not been answered.", openCount()),
    gauge("calybris_http_connections", "Connections.", connectionCount()),
    counter("calybris_trace_spans_dropped_total", "Spans that the collector did not take.", traces?.droppedCount ?? 0),
    counter("process_cpu_seconds_total", "User and system time.", (user + system) / 1e6),
    gauge("process_resident_memory_bytes", "Resident memory.", rss),
    gauge("calybris_heap_bytes", "Heap in use.", heapUsed),
  ];
}
