/**
 * The summary of a replay, as text or JSON.
 * @module
 */
import { styleText } from "node:util";
import { CalybrisError } from "@calybris/kernel";
import type { CostSummary } from "../learning/incumbents.ts";
import { jsonText } from "../terminal/json-text.ts";
import { bytesText, count, counted as countedNoun } from "../terminal/number-text.ts";
import { groupedDollars, reportDecimals } from "../terminal/money-text.ts";
import type { ReplaySummary } from "./run.ts";
import { tableText } from "../terminal/table.ts";

/** A share in percent with one decimal; `-` if the whole is 0. */
export function percent(part: bigint, whole: bigint): string {
  return whole === 0n ? "-" : `${(Number((part * 100_000n) / whole) / 1_000).toFixed(1)}%`;
}

export function counted(counts: Readonly<Partial<Record<string, number>>>): string {
  const entries = Object.entries(counts).sort(([, a], [, b]) => (b ?? 0) - (a ?? 0));
  return entries.map(([name, number]) => `${name} ${count(number ?? 0)}`).join(", ") || "none";
}

/** The cost of three incumbents and of the decisions. */
export function costTable(summary: CostSummary): string {
  const { incumbents, rejected } = summary;
  const decimals = reportDecimals(incumbents.flatMap((of) => [of.incumbentMicrocents, of.chosenMicrocents]));
  const money = (microcents: bigint): string => groupedDollars(microcents, decimals);
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
    const asked = groupedDollars(rejected.askedMicrocents, reportDecimals([rejected.askedMicrocents]));
    lines.push(`Rejected: ${requestsText(rejected.requests)}, $${asked} as requested; not counted above.`);
  }
  return lines.join("\n");
}

export function replayText(summary: ReplaySummary, journal: string): string {
  const { decisions, repeated, entries } = summary;
  const rows: readonly (readonly [string, string])[] = [
    ["decisions", `${count(decisions)} (${count(repeated)} decided before)`],
    ...(decisions - repeated < RATED_MIN ? [] : rateRows(summary)),
    ["actions", counted(summary.actions)],
    ["reasons", counted(summary.reasons)],
    ["journal", `${journal} (${count(entries)} entries and ${bytesText(summary.bytes)} written)`],
  ];
  const lines = rows.map(([name, value]) => `${styleText("bold", name.padEnd(10))} ${value}`);
  return [...lines, "", costTable(summary.cost)].join("\n");
}

function requestsText(requests: number): string {
  return countedNoun(requests, "request", "requests");
}

/** Minimum run for a rate: a shorter one mainly measures the start, and its 99th percentile is its maximum. */
const RATED_MIN = 10_000;

function rateRows({ decisionsPerSecond, p50Ms, p99Ms, entries, fsyncs }: ReplaySummary): [string, string][] {
  return [
    [
      "rate",
      `${count(Math.round(decisionsPerSecond))} durable decisions/s, ${(entries / fsyncs).toFixed(1)} entries per fsync`,
    ],
    ["latency", `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms from a request to its durable answer`],
  ];
}

/** As JSON, with `error` if the file was not decided to its end. */
export function replayJson(summary: ReplaySummary, journal: string, failure: unknown): string {
  const error = failure instanceof CalybrisError ? { code: failure.code, message: failure.message } : undefined;
  const entriesPerFsync = summary.fsyncs === 0 ? 0 : summary.entries / summary.fsyncs;
  return jsonText({ ...summary, journal, entriesPerFsync, quality: "not measured", error });
}
