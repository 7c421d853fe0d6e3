import { bps, type OutcomeEntry, parseEntryBody, parseEntryHead, PROPENSITY_ONE } from "@calybris/kernel";
import { expect, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import type { Decided } from "../../src/flows/decided.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { segmentName } from "../../src/journal/segment.ts";
import { Writer } from "../../src/journal/writer.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: an outcome repeats of its decision what an estimator needs, also when its table is no longer the latest.
// Method: decisions as they were answered, with their arms and base, against the entries of their outcomes, reported much later.

async function opened(disk: MemoryDisk): Promise<Engine> {
  const sample = sampleSnapshot();
  const useCase = { ...sample.useCases["default"], qualityMinBps: bps(7_000) } as (typeof sample.useCases)[string];
  let now = 1_000_000;
  return Engine.open({
    directory: "memory",
    policy: { ...sample, useCases: { default: useCase }, learning: { ...LEARNING_DEFAULTS, warmUpRequests: 20 } },
    disk,
    nowUs: () => ++now,
    randomBytes: (count) => new Uint8Array(count).fill(7),
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
}

function outcomesOf(disk: MemoryDisk): readonly OutcomeEntry[] {
  return Buffer.from(disk.files.get(segmentName(1)) ?? [])
    .toString("utf8")
    .split("\n")
    .filter((line) => line.includes('"kind":"outcome"'))
    .map((line) => line.slice(line.indexOf('"data":') + 7, -1))
    .map((data) => {
      const head = parseEntryHead(data);
      const body = head === undefined ? undefined : parseEntryBody(head, data, () => sampleSnapshot());
      if (body?.kind !== "outcome") throw new Error(`no outcome: ${data}`);
      return body;
    });
}

test("an outcome holds the base, the propensity and the distribution that its decision was answered with", async () => {
  const disk = new MemoryDisk();
  const engine = await opened(disk);
  const waiting: Decided[] = [];
  const answered: Decided[] = [];
  for (let number = 0; number < 200; number++) {
    const floor = number % 10 === 9 ? { qualityMinBps: 8_000 } : {};
    const tokens = { inputTokens: 1_000_000 + 7_919 * (number % 13), outputTokens: 500_000 };
    // At the lesser value the cheaper candidate is the better one, unless a floor excludes it.
    const valueMicrocents = number % 2 === 0 ? 100_000_000 : 5_000;
    waiting.push(await engine.decide({ ...tokens, valueMicrocents, ...floor }));
    if (waiting.length < 30) continue;
    // Tables were made anew since.
    const decided = waiting.shift() as Decided;
    await engine.learning.observe({ decisionId: decided.decisionId, succeeded: number % 3 > 0 });
    engine.learning.refresh();
    answered.push(decided);
  }
  await engine.close();
  const outcomes = outcomesOf(disk);
  expect(outcomes).toHaveLength(answered.length);
  let holdouts = 0;
  let explored = 0;
  let ofTwo = 0;
  let otherBase = 0;
  for (const [index, { decision, learning }] of answered.entries()) {
    const outcome = outcomes[index] as OutcomeEntry;
    expect(outcome.candidate).toBe(decision.selectedId);
    expect(outcome.propensity ?? PROPENSITY_ONE).toBe(learning?.propensity ?? PROPENSITY_ONE);
    expect(outcome.holdout ?? false).toBe(learning?.holdout ?? false);
    if (learning === undefined) {
      expect([outcome.base, outcome.treated]).toEqual([undefined, undefined]);
      continue;
    }
    if (learning.holdout) holdouts += 1;
    if (learning.explored) explored += 1;
    expect(outcome.base ?? outcome.candidate).toBe(learning.baseId);
    if (outcome.base !== undefined) otherBase += 1;
    if (new Set(learning.arms.map(({ candidateId }) => candidateId)).size > 1) ofTwo += 1;
    const treated = outcome.treated ?? [];
    const shares = new Map(treated.map(({ candidateId, propensity }) => [candidateId, propensity]));
    const expected = new Map<number, number>([
      [learning.baseId, 0],
      [decision.selectedId, 0],
    ]);
    for (const { candidateId, propensity } of learning.arms)
      expected.set(candidateId, (expected.get(candidateId) ?? 0) + propensity);
    expect(shares).toEqual(expected);
    for (const { predictedBps } of treated) {
      expect(predictedBps).toBeGreaterThan(0);
      expect(predictedBps).toBeLessThanOrEqual(10_000);
    }
  }
  expect(Math.min(holdouts, explored, ofTwo, otherBase)).toBeGreaterThan(3);
});

test("what is predicted of a candidate is what its tier's belief says of success, less cost and latency", async () => {
  const disk = new MemoryDisk();
  const engine = await opened(disk);
  const request = { inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 100_000_000 };
  for (let number = 0; number < 120; number++) {
    const { decisionId } = await engine.decide(request);
    await engine.learning.observe({ decisionId, succeeded: false });
    engine.learning.refresh();
  }
  await engine.close();
  const predictions = outcomesOf(disk).map(({ treated = [] }) => treated.map(({ predictedBps }) => predictedBps));
  const [first = []] = predictions;
  const last = predictions.at(-1) ?? [];
  // Nothing but failures was reported, so that less is expected of what ran.
  expect(Math.min(...last)).toBeLessThan(Math.min(...first));
});
