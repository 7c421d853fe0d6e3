/**
 * Policies on public data, from staging to promotion and back, by one program and without a line of code for any of them: connections
 * of KDD, forest cells of Covertype, districts of California Housing, trading days of the S&P.
 *
 * A service is started as a user starts it. It decides rows of the set, outcomes are those that the set has, and the staged policy is
 * promoted once its gates open. Missing sets are named, and not run; CALYBRIS_DATA names their folder.
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CalybrisClient } from "@calybris/client";
import { DATA_SETS, dataDirectory } from "@calybris/datasets";
import type { Table } from "@calybris/learning";
import { seededBelow } from "../../bench/harness.ts";
import { calybris, serve } from "../../packages/gateway/test/support/serve-process.ts";
import { ROOT } from "../sources.ts";
import type { Budget, Found } from "./search.ts";

export const name = "a rollout on public data";

const SETS = ["kdd99", "covtype", "california-housing", "sp500"] as const;
const BATCH = 100;
const DECISIONS_MAX = 6_000;
const FEATURES_MAX = 4;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const directory = dataDirectory(ROOT);
  if (directory === undefined) return { cases: 0, summary: "skipped: the data sets are missing (CALYBRIS_DATA)" };
  const endMs = performance.now() + milliseconds;
  const summary: string[] = [];
  let cases = 0;
  for (const [index, set] of SETS.entries()) {
    const found = DATA_SETS.find((one) => one.name === set);
    if (found === undefined) throw new Error(`there is no data set ${set}`);
    const shareMs = (endMs - performance.now()) / (SETS.length - index);
    const decisions = await rollOut(await found.load({ directory }), seed, performance.now() + shareMs);
    cases += decisions.count;
    summary.push(`${set}: ${decisions.count} decisions, ${decisions.isPromoted ? "promoted" : "gates still closed"}`);
    progress?.(summary.join("; "));
  }
  return { cases, summary: summary.join("; ") };
}

/** What every set is decided by: two tiers, the more expensive one is always right. Features are the set's first. */
function policyOf({ featureNames }: Table, policyName: string, epoch: number): object {
  const candidate = { provider: "own", riskCeilingBps: 10_000, capabilities: [], regions: ["here"] };
  const prices = (dollars: string): object => ({
    inputPriceDollarsPerMillion: dollars,
    outputPriceDollarsPerMillion: dollars,
  });
  const low = { id: 1, name: "low", tier: "low", qualityBps: 7_000, latencyP95Ms: 10, ...prices("1"), ...candidate };
  const high = { id: 2, name: "high", tier: "high", qualityBps: 9_900, latencyP95Ms: 10, ...prices("5"), ...candidate };
  const lists = { providers: ["own"], capabilities: [], regions: ["here"], tiers: ["low", "high"] };
  const features = featureNames.slice(0, FEATURES_MAX);
  return {
    name: policyName,
    epoch,
    catalog: { name: "two", title: "Two tiers", epoch: 1, ...lists, candidates: [low, high] },
    riskHardLimitBps: 9_000,
    confidenceMinBps: 6_000,
    riskPenaltyMultiplierBps: 0,
    latencyPenaltyMicrocentsPerMs: 0,
    learning: { features, explorationBps: 5_000, warmUpRequests: 100 },
    useCases: {
      default: { valueDollars: "1", riskBps: 0, confidenceBps: 9_000, qualityMinBps: 5_000, outputTokens: 100 },
    },
  };
}

interface RolledOut {
  readonly count: number;
  readonly isPromoted: boolean;
}

async function rollOut(table: Table, seed: number, endMs: number): Promise<RolledOut> {
  const folder = mkdtempSync(join(tmpdir(), "calybris-rollout-data-"));
  const [first, second, journal] = [join(folder, "first.json"), join(folder, "second.json"), join(folder, "journal")];
  writeFileSync(first, JSON.stringify(policyOf(table, "first", 1)));
  writeFileSync(second, JSON.stringify(policyOf(table, "second", 2)));
  try {
    const done = await served(["--journal", journal, "--policy", first, "--log-level", "silent"], (url) =>
      changes(url, second, table, { row: rowsOf(table, seed), endMs }),
    );
    await requireDone("verify", journal);
    return done;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A service while something is done with it. */
async function served<Result>(words: readonly string[], use: (url: string) => Promise<Result>): Promise<Result> {
  const serving = await serve(words);
  try {
    return await use(serving.url);
  } finally {
    serving.process.kill("SIGTERM");
    await serving.ended;
  }
}

/** Stages, decides until the gates open or the time ends, promotes where they did, and rolls back. */
async function changes(
  url: string,
  file: string,
  table: Table,
  { row, endMs }: { readonly row: () => number; readonly endMs: number },
): Promise<RolledOut> {
  const on = ["--url", url];
  const client = new CalybrisClient({ url });
  await requireDone("policy", "stage", file, ...on);
  let [count, passes]: [number, string | null] = [0, null];
  while (count < DECISIONS_MAX && passes === null && performance.now() < endMs) {
    await decideRows(client, table, row);
    count += BATCH;
    const { staged } = await client.rollout();
    if (staged?.decisions !== count) throw new Error(`${table.name}: ${staged?.decisions} of ${count} in shadow`);
    passes = staged.passes;
  }
  const promotion = await calybris("policy", "promote", "2", ...on);
  const isPromoted = promotion.code === 0;
  if (isPromoted !== (passes !== null) || (!isPromoted && !promotion.complaints.includes("CAL_ROLLOUT_GATES")))
    throw new Error(`${table.name}, gate ${passes}: ${promotion.complaints}`);
  await requireActive(client, isPromoted ? 2 : 1);
  await decideRows(client, table, row);
  await requireDone("policy", "rollback", "1", ...on);
  await requireActive(client, 1);
  await decideRows(client, table, row);
  return { count: count + 2 * BATCH, isPromoted };
}

async function requireActive(client: CalybrisClient, policyId: number): Promise<void> {
  const { activePolicyId } = await client.rollout();
  if (activePolicyId !== policyId) throw new Error(`policy ${activePolicyId} is active, not ${policyId}`);
}

async function requireDone(...words: readonly string[]): Promise<void> {
  const { code, complaints } = await calybris(...words);
  if (code !== 0) throw new Error(`${words.join(" ")}: ${complaints}`);
}

/** Rows in the order of time, or drawn at random where they have none. */
function rowsOf({ rowCount, isInTimeOrder }: Table, seed: number): () => number {
  const below = seededBelow(seed);
  let next = 0;
  return () => (isInTimeOrder ? next++ % rowCount : below(rowCount));
}

/** Decides a batch, and reports what the set says of the tier that ran. */
async function decideRows(client: CalybrisClient, table: Table, row: () => number): Promise<void> {
  const { featureNames, features, tierNames, outcomesBps } = table;
  const rows = Array.from({ length: BATCH }, row);
  const requests = rows.map((at) => ({
    inputTokens: 100,
    features: Object.fromEntries(
      featureNames.slice(0, FEATURES_MAX).map((feature, index) => {
        const value = features[at * featureNames.length + index] ?? 0;
        return [feature, Math.max(-1_000_000_000, value)];
      }),
    ),
  }));
  const { results } = await client.decideBatch(requests);
  for (const [index, at] of rows.entries()) {
    const answer = results[index];
    if (answer === undefined || !("decisionId" in answer)) throw new Error(`${table.name}, row ${at}: no decision`);
    const { decisionId, selected } = answer;
    const tier = selected?.name === "high" ? tierNames.length - 1 : 0;
    const succeeded = (outcomesBps[at * tierNames.length + tier] ?? 0) >= 5_000;
    await client.observe({ decisionId, succeeded });
  }
}
