/**
 * The summary of a replay, for a person or as JSON.
 * @module
 */
import { styleText } from "node:util";
import { CalybrisError, MICROCENTS_PER_DOLLAR } from "@calybris/kernel";
import Table from "cli-table3";
import type { CostSummary } from "./incumbents.ts";
import { jsonText } from "./json-text.ts";
import type { ReplaySummary } from "./replay-run.ts";

/** Microcents as dollars; exact below a ten-thousandth only where that is all there is. */
export function dollars(microcents: bigint): string {
  const sign = microcents < 0n ? "-" : "";
  const magnitude = microcents < 0n ? -microcents : microcents;
  const whole = magnitude / MICROCENTS_PER_DOLLAR;
  const fraction = String(magnitude % MICROCENTS_PER_DOLLAR).padStart(8, "0");
  return `${sign}$${whole}.${magnitude < MICROCENTS_PER_DOLLAR ? fraction.slice(0, 6) : fraction.slice(0, 2)}`;
}

/** A share in percent, with one digit; `-` of nothing. */
export function percent(part: bigint, whole: bigint): string {
  return whole === 0n ? "-" : `${(Number((part * 100_000n) / whole) / 1_000).toFixed(1)}%`;
}

export function counted(counts: Readonly<Partial<Record<string, number>>>): string {
  const entries = Object.entries(counts).sort(([, a], [, b]) => (b ?? 0) - (a ?? 0));
  return entries.map(([name, count]) => `${name} ${(count ?? 0).toLocaleString("en")}`).join(", ") || "none";
}

/** Three incumbents beside the decisions. */
export function costTable(summary: CostSummary): string {
  const table = new Table({
    head: ["instead of", "requests", "would cost", "chosen", "saved", ""],
    colAligns: ["left", "right", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const { name, requests, incumbentMicrocents, chosenMicrocents, savedMicrocents } of summary.incumbents) {
    table.push([
      name,
      requests.toLocaleString("en"),
      dollars(incumbentMicrocents),
      dollars(chosenMicrocents),
      dollars(savedMicrocents),
      percent(savedMicrocents, incumbentMicrocents),
    ]);
  }
  const { requests, askedMicrocents } = summary.rejected;
  return [
    table.toString(),
    `Rejected: ${requests.toLocaleString("en")} requests, asked for at ${dollars(askedMicrocents)}; in no saving above.`,
    "Costs are bounds (all output that a request admits); quality not measured.",
  ].join("\n");
}

export function replayText(summary: ReplaySummary, journal: string): string {
  const { decisions, repeated, entries, fsyncs } = summary;
  const rows: readonly (readonly [string, string])[] = [
    ["decisions", `${decisions.toLocaleString("en")} (${repeated.toLocaleString("en")} decided before)`],
    ["rate", `${Math.round(summary.decisionsPerSecond).toLocaleString("en")} durable decisions/s`],
    ["latency", `p50 ${summary.p50Ms.toFixed(2)} ms, p99 ${summary.p99Ms.toFixed(2)} ms`],
    ["actions", counted(summary.actions)],
    ["reasons", counted(summary.reasons)],
    ["journal", `${journal} (${entries.toLocaleString("en")} entries, ${summary.bytes.toLocaleString("en")} bytes)`],
    ["fsyncs", `${fsyncs.toLocaleString("en")}, ${fsyncs === 0 ? "-" : (entries / fsyncs).toFixed(1)} entries each`],
  ];
  const lines = rows.map(([name, value]) => `${styleText("bold", name.padEnd(10))} ${value}`);
  return [...lines, "", costTable(summary.cost)].join("\n");
}

/** As JSON; `error` when the file was not decided to its end. */
export function replayJson(summary: ReplaySummary, journal: string, failure: unknown): string {
  const error = failure instanceof CalybrisError ? { code: failure.code, message: failure.message } : undefined;
  const entriesPerFsync = summary.fsyncs === 0 ? 0 : summary.entries / summary.fsyncs;
  return jsonText({ ...summary, journal, entriesPerFsync, quality: "not measured", error });
}
