/**
 * A million requests through the full durable path with learning: real token counts from the Azure traces, and RouterBench
 * prompts with their categories, sampled with replacement. For a RouterBench prompt, the outcome is the data set's result of
 * a small and a large candidate. The traces have no results, so their decisions get no outcome.
 *
 * Costs are upper bounds at the catalog's prices (the maximum output of a request); quality is not measured.
 * @module
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { dataDirectory } from "@calybris/datasets";
import { type ClientRequest, type Decided, Engine, loadPolicy } from "@calybris/engine";
import { LEARNING_DEFAULTS } from "@calybris/engine/internal";
import { MICROCENTS_PER_DOLLAR, type PolicySnapshot } from "@calybris/kernel";
import { azureTraces } from "../datasets/azure-traces.ts";
import { routerBench } from "../datasets/routerbench.ts";
import { CostComparison } from "../packages/cli/src/learning/incumbents.ts";
import { markdownTable, seededBelow } from "./harness.ts";

const ROOT = join(import.meta.dirname, "..");
const POLICY = join(ROOT, "examples", "demo", "policy.jsonc");
const REQUESTS = 1_000_000;
const SMOKE_REQUESTS = 500;
const SEED = 20_231_116;
const BLOCK = 4_096;
/** Number of decisions that wait for the disk concurrently. */
const CONCURRENCY = 256;
const CHARACTERS_PER_TOKEN = 4;
/** The most expensive candidate, which the clients request. */
const REQUESTED = "gemini-3-pro";

/** A request, and whether the cheapest tier and a more expensive one would succeed; `undefined` if unknown. */
interface Drawn {
  readonly request: ClientRequest;
  readonly succeeds: readonly [cheapest: boolean, mostExpensive: boolean] | undefined;
}

/** Prints a table. `requests` defaults to a million. */
export async function benchMillion(options: { readonly full: boolean; readonly requests?: number }): Promise<string> {
  const data = dataDirectory(ROOT);
  if (data === undefined) return "| million | skipped: no data sets here; CALYBRIS_DATA names their folder |";
  const missing = ["traces", "llm_routerbench"].filter((set) => !existsSync(join(data, set)));
  if (missing.length > 0) return `| million | skipped: ${missing.join(" and ")} not in the folder of data sets |`;
  const { pool, categories } = await drawingPool(data);
  const snapshot = withCategories(await loadPolicy(POLICY), categories);
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  try {
    const count = options.requests ?? (options.full ? REQUESTS : SMOKE_REQUESTS);
    const engine = await Engine.open({ directory, policy: snapshot });
    try {
      return await run(engine, pool, count);
    } finally {
      await engine.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function drawingPool(
  data: string,
): Promise<{ readonly pool: readonly Drawn[]; readonly categories: readonly string[] }> {
  const traces = (await azureTraces(data)).map(({ kind, inputTokens, outputTokens }): Drawn => {
    return { request: { inputTokens, outputTokens, useCase: kind, requested: REQUESTED }, succeeds: undefined };
  });
  const table = await routerBench({ directory: data }, "two");
  const prompts = Array.from({ length: table.rowCount }, (_, row): Drawn => {
    const inputTokens = Math.ceil((table.features[row] ?? 0) / CHARACTERS_PER_TOKEN);
    const useCase = table.categoryNames[table.categories[row] ?? 0] as string;
    const good = (tier: number): boolean => (table.outcomesBps[row * 2 + tier] ?? 0) >= 5_000;
    return { request: { inputTokens, useCase, requested: REQUESTED }, succeeds: [good(0), good(1)] };
  });
  return { pool: [...traces, ...prompts], categories: table.categoryNames };
}

/** The demo's policy, learning, with each category as a use case. */
function withCategories(snapshot: PolicySnapshot, categories: readonly string[]): PolicySnapshot {
  const benchmark = snapshot.useCases["benchmark"] as (typeof snapshot.useCases)[string];
  const useCases = { ...snapshot.useCases, ...Object.fromEntries(categories.map((name) => [name, benchmark])) };
  return { ...snapshot, useCases, learning: LEARNING_DEFAULTS };
}

async function run(engine: Engine, pool: readonly Drawn[], count: number): Promise<string> {
  const below = seededBelow(SEED);
  const cost = new CostComparison(engine.snapshot);
  const memory = new MemoryTrail();
  const tally = { errors: 0, rejected: 0, outcomes: 0, recommended: 0, ms: 0 };
  for (let from = 0; from < count; from += BLOCK) {
    const drawn = Array.from({ length: Math.min(BLOCK, count - from) }, () => pool[below(pool.length)] as Drawn);
    const startMs = performance.now();
    const answers = await decideBlock(engine, drawn, from, tally);
    tally.ms += performance.now() - startMs;
    for (const answer of answers) {
      if (answer === undefined) continue;
      cost.add(answer.request, answer.decision);
      tally.rejected += answer.decision.action === "reject" ? 1 : 0;
      tally.recommended += answer.learning === undefined ? 0 : 1;
    }
    memory.note(from + drawn.length);
  }
  const { chosenMicrocents, rejected, incumbents } = cost.summary();
  const [asked] = incumbents;
  const { bytes, fsyncs, entries } = engine.metrics();
  const dollars = (microcents: bigint): string => `$${(Number(microcents) / Number(MICROCENTS_PER_DOLLAR)).toFixed(2)}`;
  const whole = (number: number): string => Math.round(number).toLocaleString("en");
  const saved = (Number(asked.savedMicrocents) * 100) / Math.max(Number(asked.incumbentMicrocents), 1);
  return markdownTable(
    ["million", "value"],
    [
      ["requests", `${whole(count)}, drawn from ${whole(pool.length)} with seed ${SEED}`],
      ["errors", whole(tally.errors)],
      ["recommended by the learner", whole(tally.recommended)],
      ["outcomes reported", whole(tally.outcomes)],
      ["rejected", `${whole(tally.rejected)}, asked for at ${dollars(rejected.askedMicrocents)}`],
      ["cost asked for, of what ran", dollars(asked.incumbentMicrocents)],
      ["cost chosen", dollars(chosenMicrocents)],
      ["saved", `${dollars(asked.savedMicrocents)}, ${saved.toFixed(1)} %; quality not measured`],
      ["durable decisions/s, with their outcomes", whole((count * 1_000) / tally.ms)],
      ["journal", `${whole(entries)} entries, ${whole(bytes)} bytes, ${(entries / fsyncs).toFixed(1)} entries a sync`],
      ["memory, peak", `${whole(memory.peakBytes / 2 ** 20)} MiB resident`],
      ["memory, slope over the last half", `${whole(memory.slopeBytes())} bytes a decision resident`],
      ["machine", `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`],
    ],
  );
}

async function decideBlock(
  engine: Engine,
  drawn: readonly Drawn[],
  from: number,
  tally: { errors: number; outcomes: number },
): Promise<readonly (Decided | undefined)[]> {
  const answers = new Array<Decided | undefined>(drawn.length);
  const lowest = new Set(
    engine.snapshot.policy.candidates.filter((_, at) => engine.snapshot.candidateTiers[at] === 0).map(({ id }) => id),
  );
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < drawn.length) {
      const index = next;
      next += 1;
      const { request, succeeds } = drawn[index] as Drawn;
      try {
        const answer = await engine.decide({ ...request, requestId: `m${from + index}` });
        answers[index] = answer;
        if (succeeds === undefined || answer.decision.action === "reject") continue;
        const succeeded = succeeds[lowest.has(answer.decision.selectedId) ? 0 : 1];
        await engine.learning.observe({ decisionId: answer.decisionId, succeeded });
        tally.outcomes += 1;
      } catch (error) {
        tally.errors += 1;
        if (tally.errors === 1) console.error(error);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return answers;
}

/** Resident memory during the run: its peak, and its growth after warm-up. */
class MemoryTrail {
  readonly #points: { readonly decisions: number; readonly bytes: number }[] = [];
  peakBytes = 0;

  note(decisions: number): void {
    const bytes = process.memoryUsage.rss();
    this.peakBytes = Math.max(this.peakBytes, bytes);
    this.#points.push({ decisions, bytes });
  }

  /** Slope by least squares over the second half. */
  slopeBytes(): number {
    const half = this.#points.slice(this.#points.length >> 1);
    const mean = (of: (point: (typeof half)[number]) => number): number =>
      half.reduce((sum, point) => sum + of(point), 0) / half.length;
    const [x, y] = [mean(({ decisions }) => decisions), mean(({ bytes }) => bytes)];
    const spread = half.reduce((sum, { decisions }) => sum + (decisions - x) ** 2, 0);
    return spread === 0
      ? 0
      : half.reduce((sum, { decisions, bytes }) => sum + (decisions - x) * (bytes - y), 0) / spread;
  }
}
