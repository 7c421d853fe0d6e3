/**
 * One engine in its own process with all features: journal on disk, a metered tenant, a policy that learns, request IDs.
 * Each of `loops` loops requests a decision as soon as the previous one is answered. Prints a row of numbers as JSON for
 * each round.
 *
 *     node --trace-gc bench/engine-process.ts '{"loops":256,"count":100000,"rounds":3}'
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Engine, loadPolicy, parseBudgets } from "@calybris/engine";
import { seededBelow } from "./harness.ts";
import { POLICY } from "./service-policy.ts";

export interface EnginePlan {
  readonly loops: number;
  /** Decisions per round. */
  readonly count: number;
  readonly rounds: number;
  /** Warm-up decisions, which are not counted. */
  readonly warm: number;
}

/** Result of a round; processor time in microseconds. */
export interface EngineRound {
  readonly decisions: number;
  readonly seconds: number;
  readonly allThreadsUs: number;
  readonly orderingThreadUs: number;
  readonly entries: number;
  readonly batches: number;
  readonly bytes: number;
}

const REQUESTED = ["gpt-5.1", "gpt-5-mini", "gpt-4.1"] as const;
const PAUSE_MS = 300;

async function main(plan: EnginePlan): Promise<void> {
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  const policyFile = join(directory, "policy.json");
  writeFileSync(policyFile, JSON.stringify(POLICY));
  const policy = await loadPolicy(policyFile);
  // Nothing is settled, so all reservations stay open.
  const limits = { waitingMax: 16_384, openReservationsMax: 10_000_000 };
  const engine = await Engine.open({ directory: join(directory, "journal"), policy, ...limits });
  try {
    await engine.ledger.apply(parseBudgets({ tenants: { acme: {} } }));
    await engine.ledger.grant({ tenant: "acme", amountMicrocents: 2n ** 62n, id: "all" });
    const ask = asking(engine);
    await run(ask, plan.loops, plan.warm);
    for (let round = 0; round < plan.rounds; round++) {
      // Wait for the idle seal and the preallocation before the clock starts.
      await sleep(PAUSE_MS);
      console.log("begin");
      console.log(JSON.stringify(await measure(engine, () => run(ask, plan.loops, plan.count), plan.count)));
    }
  } finally {
    await engine.close();
    rmSync(directory, { recursive: true });
  }
}

/** Requests one decision after the other; no two requests are equal. */
function asking(engine: Engine): () => Promise<unknown> {
  const below = seededBelow(5);
  let asked = 0;
  return () => {
    asked += 1;
    return engine.decide({
      requestId: `b1e9c6a2-3c1f-4b7e-9a33-2f6f0d0c5e11-${asked}`,
      tenant: "acme",
      requested: REQUESTED[below(3)] as string,
      inputTokens: 50 + below(6_000),
      outputTokens: 20 + below(1_500),
      valueMicrocents: 20_000_000 + below(80_000_000),
      riskBps: below(5_000),
      capabilities: ["tools"],
      regions: ["eu"],
    });
  };
}

async function run(ask: () => Promise<unknown>, loops: number, count: number): Promise<void> {
  let left = count;
  const loop = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await ask();
    }
  };
  await Promise.all(Array.from({ length: loops }, loop));
}

async function measure(engine: Engine, work: () => Promise<void>, decisions: number): Promise<EngineRound> {
  const counted = engine.metrics();
  const [all, thread, started] = [process.cpuUsage(), process.threadCpuUsage(), performance.now()];
  await work();
  const seconds = (performance.now() - started) / 1_000;
  const [allSince, threadSince, now] = [process.cpuUsage(all), process.threadCpuUsage(thread), engine.metrics()];
  return {
    decisions,
    seconds,
    allThreadsUs: allSince.user + allSince.system,
    orderingThreadUs: threadSince.user + threadSince.system,
    entries: now.entries - counted.entries,
    batches: now.batches - counted.batches,
    bytes: now.bytes - counted.bytes,
  };
}

await main(JSON.parse(process.argv[2] ?? "") as EnginePlan);
