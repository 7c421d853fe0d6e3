/**
 * What a policy's `spendLimit` does to the bill: the requests of the Azure traces, spread over five models that they ask for in
 * turn, under the policy that `calybris init` writes. Estimated cost of what was asked for, and of what runs.
 * @module
 */
import { builtInCatalogPath, parsePolicyFile } from "@calybris/engine";
import { readJsonFile, resolveRequest, snapshotIndex } from "@calybris/engine/internal";
import { bounded, boundsOf, cost, type PolicySnapshot, wasmKernel } from "@calybris/kernel";
import { azureTraces, type TraceRequest } from "../datasets/azure-traces.ts";
import type { BenchOptions } from "./bench.ts";

const REQUESTED = ["gpt-5.1", "gpt-5-mini", "gpt-4.1", "gpt-4o-mini", "claude-haiku-4-5"] as const;
/** As `calybris init` writes it. */
const POLICY = {
  name: "of the benchmark",
  epoch: 1,
  catalog: "llm",
  riskHardLimitBps: 9_600,
  confidenceMinBps: 5_500,
  riskPenaltyMultiplierBps: 3_500,
  latencyPenaltyMicrocentsPerMs: 2,
  useCases: {
    default: { valueDollars: "0.2", riskBps: 1_000, confidenceBps: 9_000, qualityMinBps: 5_000, outputTokens: 1_000 },
  },
};

export async function benchSpending({ full }: BenchOptions): Promise<string> {
  const traces = await tracesOf(full);
  const catalog = await readJsonFile(builtInCatalogPath("llm"));
  const rows = (["none", "requested"] as const).map((spendLimit) => {
    const snapshot = parsePolicyFile({ ...POLICY, spendLimit }, catalog.value);
    return `| \`${spendLimit}\` | ${sumsOf(snapshot, traces)} |`;
  });
  return [
    "| `spendLimit` | requests | asked, $ | runs, $ | saved | substituted | rejected | more expensive than requested |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** Without the data a small run makes do with a hundred of everyday sizes. */
async function tracesOf(full: boolean): Promise<readonly TraceRequest[]> {
  if (full) return azureTraces(process.env["CALYBRIS_DATA"] ?? "../shared/data");
  return Array.from({ length: 100 }, (_, index) => ({
    kind: "code",
    inputTokens: 37 * index,
    outputTokens: 11 * index,
  }));
}

function sumsOf(snapshot: PolicySnapshot, traces: readonly TraceRequest[]): string {
  const kernel = wasmKernel(snapshot.policy);
  const index = snapshotIndex(snapshot);
  let [asked, runs, substituted, rejected, moreExpensive] = [0n, 0n, 0, 0, 0];
  for (const [number, { inputTokens, outputTokens }] of traces.entries()) {
    const client = { inputTokens, outputTokens, requested: REQUESTED[number % REQUESTED.length] };
    const { request } = resolveRequest(index, client, BigInt(number + 1));
    const decision = kernel.prescribe(bounded(snapshot, request, boundsOf(snapshot, request), true));
    const requested = snapshot.policy.candidates.find(({ id }) => id === request.requestedId);
    const price: bigint = requested === undefined ? 0n : cost(request, requested);
    asked += price;
    // What is rejected is counted at the price asked for, so that no rejection looks like a saving.
    runs += decision.action === "reject" ? price : decision.costMicrocents;
    if (decision.action === "substitute") substituted += 1;
    if (decision.action === "reject") rejected += 1;
    if (decision.costMicrocents > price) moreExpensive += 1;
  }
  const dollars = (amount: bigint): string => (Number(amount / 1_000_000n) / 100).toFixed(2);
  const saved = `${((Number(asked - runs) / Number(asked)) * 100).toFixed(1)} %`;
  return [traces.length, dollars(asked), dollars(runs), saved, substituted, rejected, moreExpensive].join(" | ");
}
