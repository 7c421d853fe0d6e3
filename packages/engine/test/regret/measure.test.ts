/**
 * The measure of regret, held to sums that are made straight from the text of a journal's outcomes: the mixture of learner and holdout, the
 * doubly robust value of each policy, the best of them, and what that is more than was earned.
 */
import { bps, PROPENSITY_ONE, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import { afterAll, expect, test } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "../../src/engine.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { Measure } from "../../src/regret/measure.ts";
import { regretReport } from "../../src/regret/regret-report.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

const folder = mkdtempSync(join(tmpdir(), "calybris-measure-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const HOLDOUT_BPS = 3_000;

interface OutcomeText {
  readonly kind: string;
  readonly candidate: number;
  readonly base?: number;
  readonly rewardBps: number;
  readonly treated: readonly (readonly [id: number, propensity: number, predictedBps: number])[];
}

async function journal(): Promise<readonly string[]> {
  const sample = sampleSnapshot();
  const useCase = { ...sample.useCases["default"], qualityMinBps: bps(7_000) } as (typeof sample.useCases)[string];
  const engine = await Engine.open({
    directory: join(folder, "journal"),
    policy: {
      ...sample,
      useCases: { default: useCase },
      learning: {
        ...LEARNING_DEFAULTS,
        features: ["load"],
        warmUpRequests: 20,
        explorationBps: 4_000,
        holdoutBps: bps(HOLDOUT_BPS),
      },
    },
    randomBytes: (count) => new Uint8Array(count).fill(9),
  });
  for (let first = 0; first < 400; first += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const request = { inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 5_000 };
        const { decisionId, decision } = await engine.decide({ ...request, features: { load: (first + at) % 9 } });
        const succeeded = (first + 3 * at) % 10 < (decision.selectedId % 2 === 0 ? 9 : 4);
        await engine.learning.observe({ decisionId, succeeded });
      }),
    );
    engine.learning.refresh();
  }
  const lines: string[] = [];
  for await (const piece of engine.reading.lines(1, engine.reading.head.sequence))
    lines.push(...piece.toString("utf8").trimEnd().split("\n"));
  await engine.close();
  return lines;
}

/** Σ π q̂ + (π/h)(R − q̂) over the outcomes, on average. */
function doublyRobust(outcomes: readonly OutcomeText[], policy: (one: OutcomeText, id: number) => number): number {
  const values = outcomes.map((one) => {
    const { treated, candidate, base = candidate, rewardBps } = one;
    const ids = new Set([...treated.map(([id]) => id), base]);
    const propensityOf = (id: number): number => (treated.find(([own]) => own === id)?.[1] ?? 0) / PROPENSITY_ONE;
    const predictedOf = (id: number): number => (treated.find(([own]) => own === id)?.[2] ?? 0) / 10_000;
    const holdout = HOLDOUT_BPS / 10_000;
    const logged = (id: number): number => (id === base ? holdout : 0) + (1 - holdout) * propensityOf(id);
    const byModel = [...ids].reduce((sum, id) => sum + policy(one, id) * predictedOf(id), 0);
    return byModel + (policy(one, candidate) / logged(candidate)) * (rewardBps / 10_000 - predictedOf(candidate));
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test("every policy's value, the best policy and the regret are those of plain sums over the journal's text", async () => {
  const measure = new Measure({});
  const outcomes: OutcomeText[] = [];
  for (const line of await journal()) {
    const entry = parseEntryLine(line);
    const head = entry && parseEntryHead(entry.data);
    if (entry === undefined || head === undefined) throw new Error("the journal holds a line that is no entry");
    measure.add({ ...entry, head });
    if (head.kind === "outcome") outcomes.push(JSON.parse(entry.data) as OutcomeText);
  }
  expect(outcomes).toHaveLength(400);
  const { all } = regretReport(measure.measured(), { alpha: 0.05, margin: 0.01 });
  const earned = outcomes.reduce((sum, { rewardBps }) => sum + rewardBps / 10_000, 0) / outcomes.length;
  expect(all.ran.value).toBeCloseTo(earned, 9);
  const ids = new Set(outcomes.flatMap(({ treated }) => treated.map(([id]) => id)));
  const policies: Readonly<Record<string, (one: OutcomeText, id: number) => number>> = {
    learner: ({ treated }, id) => (treated.find(([own]) => own === id)?.[1] ?? 0) / PROPENSITY_ONE,
    base: ({ candidate, base = candidate }, id) => (id === base ? 1 : 0),
  };
  for (const [name, policy] of Object.entries(policies))
    expect(all.policies.find((one) => one.name === name)?.value).toBeCloseTo(doublyRobust(outcomes, policy), 9);
  const always = all.policies.filter(({ name }) => name.startsWith("always "));
  expect(always).toHaveLength(ids.size);
  const values = [...ids].map((wanted) => doublyRobust(outcomes, (_one, id) => (id === wanted ? 1 : 0)));
  // A candidate is followed from the outcome on that first names it: here every candidate is named from the beginning.
  expect(always.map(({ value }) => value).sort()).toEqual(
    values.sort().map((value) => expect.closeTo(value, 9) as unknown as number),
  );
  const usable = all.policies.filter(({ refusals }) => refusals.length === 0).map(({ value }) => value ?? 0);
  expect(usable.length).toBeGreaterThan(2);
  expect(all.regret).toBeCloseTo(Math.max(...usable) - earned, 9);
  expect(Math.abs(all.regret ?? 0)).toBeGreaterThan(0.01);
});
