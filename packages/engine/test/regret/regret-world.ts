/** An engine that learns, on a directory of its own, and what its journal measures when all of it is read. @module */
import { bps, parseEntryHead, parseEntryLine, type PolicySnapshot } from "@calybris/kernel";
import { Engine } from "../../src/engine.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { Measure } from "../../src/regret/measure.ts";
import { type RegretReport, regretReport } from "../../src/regret/regret-report.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

export const SETTINGS = { alpha: 0.05, margin: 0.01 };

export function learningSnapshot(epoch = 1n): PolicySnapshot {
  const sample = sampleSnapshot(epoch);
  const useCase = { ...sample.useCases["default"], qualityMinBps: bps(7_000) } as (typeof sample.useCases)[string];
  return {
    ...sample,
    useCases: { default: useCase },
    learning: { ...LEARNING_DEFAULTS, features: ["load"], warmUpRequests: 20, explorationBps: 2_000 },
  };
}

export function openLearning(directory: string): Promise<Engine> {
  return Engine.open({
    directory,
    policy: learningSnapshot(),
    segmentBytesMax: 60_000,
    randomBytes: (count) => new Uint8Array(count).fill(5),
  });
}

/** Of twenty decisions eighteen get an outcome that counts: one gets none, and one comes too late. */
export async function decideAll(engine: Engine, count: number, from = 0): Promise<void> {
  for (let number = from; number < from + count; number += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const request = { inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 5_000 };
        const tenant = `t${(number + at) % 7}`;
        const { decisionId, decision } = await engine.decide({
          ...request,
          tenant,
          features: { load: (number + at) % 9 },
        });
        if (at === 3) return;
        const succeeded = (number + at) % 100 < (decision.selectedId % 2 === 0 ? 85 : 55);
        const late = at === 4 ? { observedAt: Date.now() * 1_000 + 1e14 } : {};
        await engine.learning.observe({ decisionId, succeeded, ...late });
      }),
    );
    engine.learning.refresh();
  }
}

export async function linesOf(engine: Engine): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const piece of engine.reading.lines(1, engine.reading.head.sequence))
    lines.push(...piece.toString("utf8").trimEnd().split("\n"));
  return lines;
}

export function addLine(measure: Measure, line: string): void {
  const entry = parseEntryLine(line);
  const head = entry && parseEntryHead(entry.data);
  if (entry === undefined || head === undefined) throw new Error("the journal holds a line that is no entry");
  measure.add({ ...entry, head });
}

/** What the whole journal measures. */
export async function offline(engine: Engine): Promise<RegretReport> {
  const measure = new Measure(SETTINGS);
  for (const line of await linesOf(engine)) addLine(measure, line);
  return regretReport(measure.measured(), SETTINGS);
}
