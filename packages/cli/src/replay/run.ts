/**
 * Decides every row of a file durably, with bounded concurrency, and summarizes the results.
 *
 * Time is measured while a block is decided. Reading, validation and cost comparison happen between blocks and are excluded.
 * @module
 */
import type { Engine } from "@calybris/engine";
import type { RequestRow } from "@calybris/engine/internal";
import type { Action, Reason } from "@calybris/kernel";
import { CostComparison, type CostSummary } from "../learning/incumbents.ts";
import { LatencyHistogram } from "./latency.ts";
import { atLine, type RowSource, rowBlocks } from "./rows.ts";

export interface ReplaySummary {
  /** Answered requests; `repeated` counts those that the journal had already decided. */
  readonly decisions: number;
  readonly repeated: number;
  readonly decidingMs: number;
  readonly decisionsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly actions: Readonly<Partial<Record<Action, number>>>;
  readonly reasons: Readonly<Partial<Record<Reason, number>>>;
  readonly entries: number;
  readonly fsyncs: number;
  readonly bytes: number;
  /** The last line up to which every row was decided. */
  readonly lastLine: number;
  readonly cost: CostSummary;
}

export interface ReplayResult {
  readonly summary: ReplaySummary;
  /** Whether every row was decided. */
  readonly isWhole: boolean;
  /** The reason that the file was not decided to its end. */
  readonly failure?: unknown;
}

export interface ReplayRun {
  readonly engine: Engine;
  readonly source: RowSource;
  /** Maximum decisions that wait for the disk. */
  readonly concurrency: number;
  readonly onProgress?: (line: number) => void;
  /** When aborted, no further row is started or awaited. */
  readonly stop: AbortSignal;
}

type Answer = Awaited<ReturnType<Engine["decide"]>>;

export async function runReplay(run: ReplayRun): Promise<ReplayResult> {
  const tally = new Tally(run.engine);
  let offered = 0;
  for await (const { rows, failure } of untilStopped(rowBlocks(run.source, run.engine.snapshot), run.stop)) {
    const refused = await tally.decide(rows, run);
    if (refused !== undefined) return { summary: tally.summary(), isWhole: false, failure: refused };
    if (failure !== undefined) return { summary: tally.summary(), isWhole: false, failure };
    offered += rows.length;
  }
  return { summary: tally.summary(), isWhole: tally.decided === offered && !run.stop.aborted };
}

/** The items until the signal. A pending item, as from a silent pipe, is abandoned. */
async function* untilStopped<Item>(items: AsyncGenerator<Item>, stop: AbortSignal): AsyncGenerator<Item> {
  const stopped = new Promise<undefined>((resolve) => {
    stop.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  try {
    while (!stop.aborted) {
      const next = await Promise.race([items.next(), stopped]);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    if (!stop.aborted) await items.return(undefined);
  }
}

class Tally {
  readonly #engine: Engine;
  readonly #before: ReturnType<Engine["metrics"]>;
  readonly #latency = new LatencyHistogram();
  readonly #comparison: CostComparison;
  readonly #actions: Partial<Record<Action, number>> = {};
  readonly #reasons: Partial<Record<Reason, number>> = {};
  #decisions = 0;
  #repeated = 0;
  #decidingMs = 0;
  #lastLine = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#before = engine.metrics();
    this.#comparison = new CostComparison(engine.snapshot);
  }

  /** Decides a block; returns the reason if it stopped early, after all pending decisions have ended. */
  async decide(rows: readonly RequestRow[], run: ReplayRun): Promise<unknown> {
    const answers = new Array<Answer | undefined>(rows.length);
    let next = 0;
    let failure: unknown;
    const worker = async (): Promise<void> => {
      while (next < rows.length && failure === undefined && !run.stop.aborted) {
        const index = next;
        next += 1;
        const { line, request } = rows[index] as RequestRow;
        try {
          const startMs = performance.now();
          answers[index] = await this.#engine.decide(request);
          this.#latency.add(performance.now() - startMs);
          if (index % PROGRESS_ROWS === 0) run.onProgress?.(line);
        } catch (cause) {
          failure ??= atLine(cause, run.source.file, line);
        }
      }
    };
    const startMs = performance.now();
    await Promise.all(Array.from({ length: Math.min(run.concurrency, rows.length) }, worker));
    this.#decidingMs += performance.now() - startMs;
    this.#count(rows, answers);
    run.onProgress?.(this.#lastLine);
    return failure;
  }

  #count(rows: readonly RequestRow[], answers: readonly (Answer | undefined)[]): void {
    let isUnbroken = true;
    for (const [index, answer] of answers.entries()) {
      if (answer === undefined) {
        isUnbroken = false;
        continue;
      }
      const { decision, request, repeated } = answer;
      if (isUnbroken) this.#lastLine = rows[index]?.line ?? this.#lastLine;
      this.#decisions += 1;
      this.#repeated += repeated ? 1 : 0;
      this.#actions[decision.action] = (this.#actions[decision.action] ?? 0) + 1;
      this.#reasons[decision.reason] = (this.#reasons[decision.reason] ?? 0) + 1;
      this.#comparison.add(request, decision);
    }
  }

  get decided(): number {
    return this.#decisions;
  }

  summary(): ReplaySummary {
    const { entries, fsyncs, bytes } = this.#engine.metrics();
    return {
      decisions: this.#decisions,
      repeated: this.#repeated,
      decidingMs: this.#decidingMs,
      decisionsPerSecond: this.#decidingMs === 0 ? 0 : (this.#decisions / this.#decidingMs) * 1_000,
      p50Ms: this.#latency.percentileMs(0.5),
      p99Ms: this.#latency.percentileMs(0.99),
      actions: this.#actions,
      reasons: this.#reasons,
      entries: entries - this.#before.entries,
      fsyncs: fsyncs - this.#before.fsyncs,
      bytes: bytes - this.#before.bytes,
      lastLine: this.#lastLine,
      cost: this.#comparison.summary(),
    };
  }
}

const PROGRESS_ROWS = 256;
