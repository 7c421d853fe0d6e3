/**
 * The effect of a policy's `spendLimit` on cost: requests of every public data set, which request five models in rotation,
 * under the policy that `calybris init` writes. Compares the estimated costs of the requested and the selected candidates.
 * @module
 */
import { builtInCatalogPath, parsePolicyFile } from "@calybris/engine";
import { readJsonFile, resolveRequest, snapshotIndex } from "@calybris/engine/internal";
import { bounded, boundsOf, cost, type PolicySnapshot, wasmKernel } from "@calybris/kernel";
import type { BenchOptions } from "./bench.ts";
import { everydayRequests, type RequestSet, requestSets } from "./spending-requests.ts";

const REQUESTED = ["gpt-5.1", "gpt-5-mini", "gpt-4.1", "gpt-4o-mini", "claude-haiku-4-5"] as const;
/** The policy that `calybris init` writes. */
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

const HEAD = [
  "| requests of | `spendLimit` | requests | requested, $ | runs, $ | saved | substituted | rejected | more expensive than requested |",
  "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
];

/** A small run needs no data sets. @throws Error if the default costs more than the requested models. */
export async function benchSpending({ full }: BenchOptions): Promise<string> {
  const sets = full ? await requestSets(process.env["CALYBRIS_DATA"] ?? "../shared/data") : [everydayRequests()];
  const catalog = await readJsonFile(builtInCatalogPath("llm"));
  const rows = sets.flatMap((set) =>
    (["none", "requested"] as const).map((spendLimit) => {
      const snapshot = parsePolicyFile({ ...POLICY, spendLimit }, catalog.value);
      const sums = sumsOf(snapshot, set);
      if (spendLimit === "requested" && (sums.runs > sums.asked || sums.moreExpensive > 0))
        throw new Error(`${set.name}: the default costs more than what was asked for`);
      return `| ${set.name} | \`${spendLimit}\` | ${cellsOf(sums).join(" | ")} |`;
    }),
  );
  return [...HEAD, ...rows].join("\n");
}

interface Sums {
  readonly requests: number;
  /** Microcents: the requested models, and those that run. */
  readonly asked: bigint;
  readonly runs: bigint;
  readonly substituted: number;
  readonly rejected: number;
  readonly moreExpensive: number;
}

function sumsOf(snapshot: PolicySnapshot, { requests }: RequestSet): Sums {
  const kernel = wasmKernel(snapshot.policy);
  const index = snapshotIndex(snapshot);
  let [asked, runs, substituted, rejected, moreExpensive] = [0n, 0n, 0, 0, 0];
  for (const [number, size] of requests.entries()) {
    const { inputTokens, outputTokens } = size;
    const client = { inputTokens, requested: REQUESTED[number % REQUESTED.length] };
    const sized = outputTokens === undefined ? client : { ...client, outputTokens };
    const { request } = resolveRequest(index, sized, BigInt(number + 1));
    const decision = kernel.prescribe(bounded(snapshot, request, boundsOf(snapshot, request), true));
    const requested = snapshot.policy.candidates.find(({ id }) => id === request.requestedId);
    const price: bigint = requested === undefined ? 0n : cost(request, requested);
    asked += price;
    // A rejection counts at the requested candidate's price, so that it does not appear as a saving.
    runs += decision.action === "reject" ? price : decision.costMicrocents;
    if (decision.action === "substitute") substituted += 1;
    if (decision.action === "reject") rejected += 1;
    if (decision.costMicrocents > price) moreExpensive += 1;
  }
  return { requests: requests.length, asked, runs, substituted, rejected, moreExpensive };
}

function cellsOf({ requests, asked, runs, substituted, rejected, moreExpensive }: Sums): readonly string[] {
  const dollars = (amount: bigint): string => (Number(amount / 1_000_000n) / 100).toFixed(2);
  const saved = `${((Number(asked - runs) / Number(asked)) * 100).toFixed(1)}%`;
  const count = (number: number): string => number.toLocaleString("en");
  return [count(requests), dollars(asked), dollars(runs), saved, ...[substituted, rejected, moreExpensive].map(count)];
}
