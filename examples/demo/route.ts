/**
 * Routes requests through the engine, each durable before it is answered, and prints what came of them.
 * @module
 */
import type { ClientRequest, Engine } from "@calybris/engine";
import { CostComparison } from "../../packages/cli/src/learning/incumbents.ts";
import { dollarsTo, reportDecimals } from "../../packages/cli/src/terminal/money-text.ts";
import { costTable, counted } from "../../packages/cli/src/replay/report.ts";
import { tableText } from "../../packages/cli/src/terminal/table.ts";

export type Answer = Awaited<ReturnType<Engine["decide"]>>;

export interface Routed {
  readonly answers: readonly Answer[];
  readonly decidingMs: number;
}

const WAITING_MAX = 512;

export async function routeAll(engine: Engine, requests: readonly ClientRequest[]): Promise<Routed> {
  const answers: Answer[] = new Array(requests.length);
  const work = requests.entries();
  const startMs = performance.now();
  const worker = async (): Promise<void> => {
    for (const [index, request] of work) answers[index] = await engine.decide(request);
  };
  await Promise.all(Array.from({ length: WAITING_MAX }, worker));
  return { answers, decidingMs: performance.now() - startMs };
}

/** Counts, the candidates chosen, and cost beside the three incumbents. */
export function printRouted(engine: Engine, { answers, decidingMs }: Routed): void {
  const actions: Record<string, number> = {};
  const reasons: Record<string, number> = {};
  const chosen = new Map<number, { count: number; microcents: bigint }>();
  const comparison = new CostComparison(engine.snapshot);
  for (const { decision, request } of answers) {
    actions[decision.action] = (actions[decision.action] ?? 0) + 1;
    reasons[decision.reason] = (reasons[decision.reason] ?? 0) + 1;
    comparison.add(request, decision);
    if (decision.action === "reject") continue;
    const { count, microcents } = chosen.get(decision.selectedId) ?? { count: 0, microcents: 0n };
    chosen.set(decision.selectedId, { count: count + 1, microcents: microcents + decision.costMicrocents });
  }
  const rate = Math.round((answers.length / decidingMs) * 1_000);
  console.log(
    `${answers.length.toLocaleString("en")} decisions in ${decidingMs.toFixed(0)} ms (${rate.toLocaleString("en")}/s, durable)`,
  );
  console.log(`actions: ${counted(actions)}`);
  console.log(`reasons: ${counted(reasons)}`);
  const decimals = reportDecimals([...chosen.values()].map(({ microcents }) => microcents));
  const rows = [...chosen]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([id, { count, microcents }]) => [
      nameOf(engine, id),
      tierOf(engine, id),
      count.toLocaleString("en"),
      dollarsTo(microcents, decimals),
    ]);
  console.log(tableText(["<chosen", "<tier", ">requests", ">cost $"], rows));
  console.log(costTable(comparison.summary()));
}

export function nameOf(engine: Engine, id: number): string {
  return engine.snapshot.candidateNames[positionOf(engine, id)] ?? "none";
}

function tierOf(engine: Engine, id: number): string {
  return engine.snapshot.tiers[engine.snapshot.candidateTiers[positionOf(engine, id)] ?? 0] ?? "";
}

function positionOf(engine: Engine, id: number): number {
  return engine.snapshot.policy.candidates.findIndex((candidate) => candidate.id === id);
}
