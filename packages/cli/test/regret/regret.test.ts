/**
 * Regret on journals that an engine wrote in worlds where the answer is known: how often each candidate succeeds is fixed, so what any
 * policy would have earned can be computed beside the estimates.
 */
import { readFileSync } from "node:fs";
import { Engine } from "@calybris/engine";
import { LEARNING_DEFAULTS } from "@calybris/engine/internal";
import { bps, type PolicySnapshot } from "@calybris/kernel";
import { beforeAll, describe, expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { calybris } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

interface Group {
  readonly name: string;
  readonly rows: number;
  readonly notLearned: number;
  readonly ran: { readonly value: number };
  readonly best: string | null;
  readonly regret: number | null;
  readonly policies: readonly {
    readonly name: string;
    readonly value: number;
    readonly standardError: number;
    readonly interval: { readonly lower: number; readonly upper: number } | null;
    readonly refusals: readonly { readonly reason: string }[];
  }[];
}

const files = new Sandbox();
const journal = files.at("journal");
const ROUNDS = 1_500;
/** They share a sync. */
const TOGETHER = 30;

/** Rewards of what ran, of all and of the holdout, as the engine answered them. */
const answered: { readonly rewardBps: number; readonly tenant: string }[] = [];
const holdout: number[] = [];

function snapshot(): PolicySnapshot {
  const sample = sampleSnapshot();
  const useCase = { ...sample.useCases["default"], qualityMinBps: bps(7_000) } as (typeof sample.useCases)[string];
  return {
    ...sample,
    useCases: { default: useCase },
    learning: { ...LEARNING_DEFAULTS, features: ["load"], warmUpRequests: 50, explorationBps: 2_000 },
  };
}

/** Of the decision's number; every seventh hundred fails more often, and the first candidate always more than the second. */
const succeeds = (number: number, candidate: number): boolean =>
  (number * 7_919) % 100 < (candidate % 2 === 0 ? 85 : 55);

async function one(engine: Engine, number: number): Promise<void> {
  const tenant = number % 3 === 0 ? "acme" : "blue";
  const { decisionId, decision, learning } = await engine.decide({
    inputTokens: 1_000_000,
    outputTokens: 500_000,
    valueMicrocents: 5_000,
    features: { load: number % 9 },
    tenant,
  });
  const observed = await engine.learning.observe({ decisionId, succeeded: succeeds(number, decision.selectedId) });
  answered.push({ rewardBps: observed.rewardBps, tenant });
  if (learning?.holdout === true) holdout.push(observed.rewardBps);
}

beforeAll(async () => {
  const engine = await Engine.open({
    directory: journal,
    policy: snapshot(),
    randomBytes: (count) => new Uint8Array(count).fill(1),
  });
  for (let first = 0; first < ROUNDS; first += TOGETHER) {
    await Promise.all(Array.from({ length: TOGETHER }, (_, at) => one(engine, first + at)));
    engine.learning.refresh();
  }
  await engine.close();
});

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

async function regret(
  ...words: readonly string[]
): Promise<{ readonly all: Group; readonly groups: readonly Group[] }> {
  const { exit, out } = await calybris("regret", "--journal", journal, "--json", ...words);
  expect(exit).toBe(0);
  return JSON.parse(out) as { readonly all: Group; readonly groups: readonly Group[] };
}

describe("calybris regret", () => {
  test("what ran earned what the engine answered, to the last outcome", async () => {
    const { all } = await regret();
    expect(all.rows + all.notLearned).toBe(ROUNDS);
    expect(all.notLearned).toBe(0);
    expect(all.ran.value).toBeCloseTo(mean(answered.map(({ rewardBps }) => rewardBps / 10_000)), 9);
  });

  test("the base policy is estimated from all outcomes as the holdout, which only it decided, shows it", async () => {
    const { all } = await regret();
    const base = all.policies.find(({ name }) => name === "base");
    const shown = mean(holdout.map((rewardBps) => rewardBps / 10_000));
    const error = Math.hypot(base?.standardError ?? 0, 0.5 / Math.sqrt(holdout.length));
    expect(Math.abs((base?.value ?? 0) - shown)).toBeLessThan(4 * error);
    expect(base?.refusals).toEqual([]);
  });

  test("intervals hold the estimates, and the best policy is the one with the highest value", async () => {
    const { all } = await regret();
    const usable = all.policies.filter(({ refusals }) => refusals.length === 0);
    expect(usable.length).toBeGreaterThanOrEqual(2);
    for (const { value, interval } of usable) {
      expect(interval?.lower ?? 0).toBeLessThanOrEqual(value);
      expect(interval?.upper ?? 1).toBeGreaterThanOrEqual(value);
    }
    const best = usable.reduce((one, other) => (other.value > one.value ? other : one));
    expect(all.best).toBe(best.name);
    expect(all.regret).toBeCloseTo(best.value - all.ran.value, 9);
  });

  test.each(["tenant", "regime", "day", "useCase"])("--by %s shares out every outcome", async (by) => {
    const { all, groups } = await regret("--by", by);
    expect(groups.reduce((sum, { rows }) => sum + rows, 0)).toBe(all.rows);
    const weighted = groups.reduce((sum, { rows, ran }) => sum + rows * ran.value, 0);
    expect(weighted / all.rows).toBeCloseTo(all.ran.value, 9);
  });

  test("tenants earned what their own outcomes say", async () => {
    const { groups } = await regret("--by", "tenant");
    for (const { name, ran } of groups) {
      const own = answered.filter(({ tenant }) => tenant === name).map(({ rewardBps }) => rewardBps / 10_000);
      expect(ran.value).toBeCloseTo(mean(own), 9);
    }
    expect(groups.map(({ name }) => name)).toEqual(["acme", "blue"]);
  });

  test("prints a sentence and writes a page that needs nothing else", async () => {
    const page = files.at("regret.html");
    const { exit, out } = await calybris("regret", "--journal", journal, "--by", "regime", "--html", page);
    expect(exit).toBe(0);
    expect(out).toContain("Decisions earned");
    expect(out).toContain("always ");
    expect(readFileSync(page, "utf8")).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });

  test("a journal without outcomes says that nothing can be said", async () => {
    const empty = files.at("empty");
    const engine = await Engine.open({ directory: empty, policy: snapshot() });
    await engine.decide({ inputTokens: 1_000, features: { load: 1 } });
    await engine.close();
    const { exit, out } = await calybris("regret", "--journal", empty);
    expect(exit).toBe(0);
    expect(out).toContain("No regret to report.");
  });

  test("a journal that is not there is an error", async () => {
    expect((await calybris("regret", "--journal", files.at("nowhere"))).exit).not.toBe(0);
  });
});
