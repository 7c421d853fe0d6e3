/**
 * The operations for monitoring: liveness, readiness and metrics; and the confirmation of the clock.
 * @module
 */
import type { ApiContext } from "../decisions/api-context.ts";
import { GatewayError } from "../gateway-errors.ts";
import { apiJson } from "../http/error-dialect.ts";
import type { Handler, Reply } from "../http/route-contract.ts";
import type { TrafficBudget } from "../http/traffic-budget.ts";
import { callerOf } from "../keys/caller.ts";
import type { CallGauges } from "./call-metrics.ts";
import type { Gauge } from "./metrics.ts";
import type { Readiness } from "./readiness.ts";
import type { RegretWatch } from "./regret-watch.ts";
import type { RolloutWatch } from "./rollout-watch.ts";
import type { Traces } from "./traces.ts";

export interface Watched {
  readonly readiness: Readiness;
  readonly regret: RegretWatch;
  readonly rollout: RolloutWatch;
  readonly traces: Traces | undefined;
  readonly budget: TrafficBudget;
  readonly connectionCount: () => number;
  readonly openCount: () => number;
  /** Gauges of model calls, if they are served. */
  readonly callGauges: () => ServedGauges;
}

/** Gauges other than money. */
export type ServedGauges = Omit<CallGauges, "reservedMicrocents" | "debtMicrocents">;

type Handlers = { readonly [Name in "health" | "ready" | "metrics" | "confirmClock"]: Handler };

export function healthHandlers(context: ApiContext, watched: Watched): Handlers {
  const contentType = "text/plain; version=0.0.4; charset=utf-8";
  return {
    health: () => health(context),
    ready: () => ready(context, watched.readiness),
    confirmClock: async ({ principal }) => {
      const { engine } = context;
      return { body: apiJson({ confirmed: (await engine.confirmClock(() => callerOf(engine, principal))) ?? null }) };
    },
    metrics: () => ({
      body: context.metrics.text(gauges(context, watched), callGauges(context, watched)),
      contentType,
    }),
  };
}

function health({ engine }: ApiContext): Reply {
  const { state, verifiedSequence, untilSequence } = engine.olderVerification;
  const { isSigning, problem = null } = engine.checkpoints.status;
  const older = state === "none" ? {} : { olderEntries: { state, verifiedSequence, untilSequence } };
  const treeSize = Number(engine.checkpoints.latest?.checkpoint.treeSize ?? 0n);
  const checkpoint = isSigning ? { checkpoint: { treeSize, problem } } : {};
  return { body: apiJson({ status: "alive", ...older, ...checkpoint }) };
}

async function ready({ engine }: ApiContext, readiness: Readiness): Promise<Reply> {
  const problem = await readiness.reason();
  if (problem !== undefined) throw new GatewayError("CAL_GATEWAY_NOT_READY", { problem });
  const policyId = engine.policy.id;
  return { body: apiJson({ status: "ready", sequence: engine.reading.head.sequence, policyId }) };
}

function callGauges({ engine }: ApiContext, watched: Watched): CallGauges {
  return { ...engine.ledger.totals(), ...watched.callGauges() };
}

function gauges({ engine }: ApiContext, watched: Watched): readonly Gauge[] {
  const { entries, batches, fsyncs, bytes } = engine.metrics();
  const { regret, rollout, traces, budget, connectionCount, openCount } = watched;
  const { reading, learning, checkpoints, olderVerification: older } = engine;
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
    gauge(
      "calybris_older_entries_unverified",
      "Entries before the snapshot of the start that are not verified yet.",
      older.untilSequence - older.verifiedSequence,
    ),
    gauge(
      "calybris_older_entries_incomplete",
      "1 once older entries could not be verified because their files are unavailable.",
      older.state === "incomplete" ? 1 : 0,
    ),
    gauge(
      "calybris_clock_unconfirmed",
      "1 while a step of the system clock of more than 7 days waits for confirmation.",
      engine.clockStep === undefined ? 0 : 1,
    ),
    counter("calybris_checkpoints_total", "Checkpoints signed since the start.", checkpoints.status.signedCount),
    counter(
      "calybris_checkpoint_failures_total",
      "Checkpoints that could not be signed or kept since the start.",
      checkpoints.status.failedCount,
    ),
    gauge(
      "calybris_checkpoint_entries",
      "Entries that the newest checkpoint covers; 0 without one.",
      Number(checkpoints.latest?.checkpoint.treeSize ?? 0n),
    ),
    gauge(
      "calybris_checkpoint_witnesses",
      "Witnesses that signed the newest checkpoint they were asked about; 0 without any.",
      checkpoints.status.witnesses?.witnessCount ?? 0,
    ),
    gauge(
      "calybris_checkpoint_quorum",
      "Witnesses that have to sign a checkpoint; 0 without any.",
      checkpoints.status.witnesses?.quorum ?? 0,
    ),
    gauge(
      "calybris_checkpoint_timestamp_seconds",
      "When the newest checkpoint was ordered; 0 without one.",
      Math.floor((checkpoints.latest?.at ?? 0) / 1e6),
    ),
    gauge(
      "calybris_learning_lifted_bps",
      "Share of recent requests that an anomaly raised.",
      learning.anomalyRaisedShareBps,
    ),
    gauge(
      "calybris_learning_certified_regimes",
      "Regimes below the top tier; -1 means no bound.",
      learning.certifiedRegimes ?? -1,
    ),
    gauge(
      "calybris_learning_flat_regimes",
      "Regimes that leave the prior out of account: success falls where it expects an advantage to rise.",
      learning.flatRegimes.length,
    ),
    ...regret.gauges(),
    ...rollout.gauges(),
    gauge("calybris_http_open", "Requests whose answer has not ended.", openCount()),
    gauge("calybris_http_connections", "Connections.", connectionCount()),
    gauge("calybris_http_body_bytes", "Request bodies in flight.", budget.bodiesBytes),
    gauge("calybris_http_answer_bytes", "Answers that clients have yet to take.", budget.answersBytes),
    counter(
      "calybris_trace_spans_dropped_total",
      "Spans that the collector did not accept.",
      traces?.droppedCount ?? 0,
    ),
    counter("process_cpu_seconds_total", "User and system time.", (user + system) / 1e6),
    gauge("process_resident_memory_bytes", "Resident memory.", rss),
    gauge("calybris_heap_bytes", "Heap in use.", heapUsed),
  ];
}
