/**
 * The summary of a replay, for a person or as JSON.
 * @module
 */
import { styleText } from "node:util";
import { CalybrisError } from "@calybris/kernel";
import type { CostSummary } from "../learning/incumbents.ts";
import { jsonText } from "../terminal/json-text.ts";
import { dollarsTo, reportDecimals } from "../terminal/money-text.ts";
import type { ReplaySummary } from "./run.ts";
import { tableText } from "../terminal/table.ts";

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
  const { incumbents, rejected } = summary;
  const decimals = reportDecimals(incumbents.flatMap((of) => [of.incumbentMicrocents, of.chosenMicrocents]));
  const money = (microcents: bigint): string => dollarsTo(microcents, decimals);
  const columns = ["<instead of", ">requests", ">would cost $", ">chosen $", ">saved $", ">saved"];
  const rows = incumbents.map(({ name, requests, incumbentMicrocents, chosenMicrocents, savedMicrocents }) => [
    name,
    requests.toLocaleString("en"),
    money(incumbentMicrocents),
    money(chosenMicrocents),
    money(savedMicrocents),
    percent(savedMicrocents, incumbentMicrocents),
  ]);
  const lines = [
    tableText(columns, rows),
    "Costs are upper bounds (the maximum output of each request); quality not measured.",
  ];
  if (incumbents.some(({ savedMicrocents }) => savedMicrocents < 0n))
    lines.push("Savings are negative where the policy chose higher quality at a higher cost.");
  if (rejected.requests > 0) {
    const asked = dollarsTo(rejected.askedMicrocents, reportDecimals([rejected.askedMicrocents]));
    lines.push(
      `Rejected: ${rejected.requests.toLocaleString("en")} requests, $${asked} as requested; not counted above.`,
    );
  }
  return lines.join("\n");
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
