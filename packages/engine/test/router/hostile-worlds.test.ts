/**
 * Worlds that want to break a learner: whatever they report, every route answers, a floor is never lowered on evidence
 * that contradicts itself, and what is poisoned is refused with nothing changed.
 */
import { bps, createPolicy, type Learning, type PolicySnapshot, samplePolicy, type Signal } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Decided } from "../../src/flows/decided.ts";
import { Engine } from "../../src/engine.ts";
import type { ClientOutcome } from "../../src/flows/learning.ts";
import { InlineDriver } from "../../src/journal/inline-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

const LEARNING: Learning = { ...LEARNING_DEFAULTS, features: ["load"], warmUpRequests: 50 };
const WARM_START = bps(7_000);

function snapshot(change: Partial<PolicySnapshot> = {}): PolicySnapshot {
  const sample = sampleSnapshot();
  const useCase = { ...sample.useCases["default"], qualityMinBps: WARM_START } as (typeof sample.useCases)[string];
  return { ...sample, useCases: { default: useCase }, learning: LEARNING, ...change };
}

interface World {
  readonly engine: Engine;
  readonly advance: (seconds: number) => void;
}

async function world(policy: PolicySnapshot = snapshot()): Promise<World> {
  const disk = new MemoryDisk();
  let now = 1_000_000;
  const engine = await Engine.open({
    directory: "memory",
    policy,
    disk,
    nowUs: () => ++now,
    randomBytes: (count) => new Uint8Array(count).fill(1),
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  return { engine, advance: (seconds) => (now += seconds * 1_000_000) };
}

const ask = (engine: Engine, load: number): Promise<Decided> =>
  engine.decide({ inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 100_000_000, features: { load } });

/** Lives through `rounds`, telling each outcome; returns every decision. */
async function live(
  { engine }: World,
  rounds: number,
  load: (round: number) => number,
  tell: (decided: Decided, round: number) => Omit<ClientOutcome, "decisionId"> | undefined,
): Promise<readonly Decided[]> {
  const decisions: Decided[] = [];
  for (let round = 0; round < rounds; round++) {
    const decided = await ask(engine, load(round));
    decisions.push(decided);
    const reported = tell(decided, round);
    if (reported !== undefined && decided.decision.action !== "reject")
      await engine.learning.observe({ decisionId: decided.decisionId, ...reported });
    if (round % 10 === 0) engine.learning.refresh();
  }
  return decisions;
}

/** What is decided once the world is known. */
const LAST = -50;

const answers = (decisions: readonly Decided[]): boolean =>
  decisions.every(({ decision }) => decision.action !== "reject");

test.each([
  ["a client that reports only failures", { succeeded: false }],
  ["a client that reports only successes", { succeeded: true }],
  ["a client that never says, but whose calls all err", { signals: ["error"] as Signal[] }],
] as const)("%s: every route still answers", async (_name, reported) => {
  const hostile = await world();
  const all = await live(
    hostile,
    250,
    (round) => round % 7,
    () => reported,
  );
  expect(answers(all)).toBe(true);
  await hostile.engine.close();
});

test("only failures: the floor rises to the conservative end; it never falls below where it began", async () => {
  const hostile = await world();
  const all = await live(
    hostile,
    250,
    () => 3,
    () => ({ succeeded: false }),
  );
  for (const { learning } of all) expect(learning?.floorBps).toBeGreaterThanOrEqual(WARM_START);
  for (const { learning } of all.slice(LAST)) expect(learning?.floorBps).toBeGreaterThan(WARM_START);
  await hostile.engine.close();
});

test("successes that every sign contradicts lower no floor", async () => {
  const hostile = await world();
  const all = await live(
    hostile,
    200,
    () => 3,
    () => ({ succeeded: true, signals: ["error", "aborted"] }),
  );
  for (const { learning } of all) expect(learning?.floorBps).toBeGreaterThanOrEqual(WARM_START);
  await hostile.engine.close();
});

test("a flood of anomalies lifts no more than its share", async () => {
  const hostile = await world();
  await live(
    hostile,
    200,
    (round) => round % 5,
    () => ({ succeeded: true }),
  );
  const flood = await Promise.all(
    Array.from({ length: 400 }, (_, index) => ask(hostile.engine, (index + 1) * 100_000)),
  );
  const lifted = flood.filter(({ learning }) => learning?.anomalous === true).length;
  expect(lifted).toBeLessThanOrEqual(50);
  expect(hostile.engine.learning.anomalyRaisedShareBps).toBe(Math.floor(lifted * 10));
  expect(hostile.engine.learning.anomalyRaisedShareBps).toBeGreaterThan(0);
  expect(answers(flood)).toBe(true);
  await hostile.engine.close();
});

test("a constant stream, and features that are all missing, freeze into regimes and go on", async () => {
  const hostile = await world();
  const all = await live(
    hostile,
    120,
    () => 5,
    () => ({ succeeded: true }),
  );
  expect(all.at(-1)?.learning?.regime).toBeLessThan(8);
  const bare = await hostile.engine.decide({ inputTokens: 1_000_000, valueMicrocents: 100_000_000 });
  expect(bare.decision.action).not.toBe("reject");
  await hostile.engine.close();
});

test("all features equal, in every request: no anomaly, one regime, and the cheap tier is still found out", async () => {
  const hostile = await world(snapshot({ learning: { ...LEARNING, features: ["load", "size"], holdoutBps: 0 } }));
  const equal = (): Promise<Decided> =>
    hostile.engine.decide({
      inputTokens: 1_000_000,
      outputTokens: 500_000,
      valueMicrocents: 100_000_000,
      features: { load: 7, size: 7 },
    });
  const regimes = new Set<number | undefined>();
  let cheapAtTheEnd = 0;
  for (let round = 0; round < 400; round++) {
    const { learning, decision, decisionId } = await equal();
    expect([learning?.anomalous, learning?.score]).toEqual([false, 0]);
    regimes.add(learning?.regime);
    if (round >= 350 && decision.selectedId === 2) cheapAtTheEnd += 1;
    await hostile.engine.learning.observe({ decisionId, succeeded: decision.selectedId === 1 });
    if (round % 5 === 0) hostile.engine.learning.refresh();
  }
  // The warm-up's, and one of eight.
  expect(regimes.size).toBe(2);
  expect(cheapAtTheEnd).toBeLessThan(15);
  await hostile.engine.close();
});

test("one tier only: nothing to draw, nothing to learn, and every request is served", async () => {
  const only = await world(snapshot({ tiers: ["only"], candidateTiers: [0, 0] }));
  const all = await live(
    only,
    120,
    (round) => round % 3,
    ({ decision }) => ({ succeeded: decision.selectedId === 1 }),
  );
  expect(answers(all)).toBe(true);
  await only.engine.close();
});

test("the best tier is disabled while it is the best: the next decision is made with what is left", async () => {
  const hostile = await world();
  await live(
    hostile,
    200,
    (round) => round % 7,
    ({ decision }) => ({ succeeded: decision.selectedId === 1 }),
  );
  const policy = createPolicy({
    ...samplePolicy(),
    candidates: samplePolicy().candidates.map((candidate) => ({ ...candidate, enabled: candidate.id === 1 ? 0 : 1 })),
  });
  await hostile.engine.setPolicy(snapshot({ policy }));
  const all = await live(
    hostile,
    60,
    (round) => round % 7,
    () => ({ succeeded: true }),
  );
  for (const { decision } of all) expect([0, 2]).toContain(decision.selectedId);
  await hostile.engine.close();
});

test("outcomes years late are kept and teach nothing", async () => {
  const hostile = await world();
  const { decisionId } = await ask(hostile.engine, 3);
  hostile.advance(400 * 86_400);
  const reported = await hostile.engine.learning.observe({ decisionId, succeeded: false });
  expect(reported.learned).toBe(false);
  await hostile.engine.close();
});

test("poison in an outcome or in features is refused by name, and nothing is changed", async () => {
  const hostile = await world();
  const { decisionId } = await ask(hostile.engine, 3);
  const before = hostile.engine.stateDigest();
  const poison = fc.oneof(
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 2 ** 53, -0, "", "NaN", null, {}, [[]]),
    fc.string(),
  );
  const field = fc.constantFrom(
    "observedAt",
    "disposition",
    "succeeded",
    "signals",
    "costMicrocents",
    "latencyMs",
    "extra",
  );
  await fc.assert(
    fc.asyncProperty(field, poison, async (name, value) => {
      const isFine = name === "costMicrocents" && typeof value === "string" && /^[0-9]{1,19}$/.test(value);
      fc.pre(!isFine);
      await expect(
        hostile.engine.learning.observe({ decisionId, [name]: value } as unknown as ClientOutcome),
      ).rejects.toMatchObject({ code: "CAL_OUTCOME_INVALID" });
      expect(hostile.engine.stateDigest()).toBe(before);
    }),
    { numRuns: 400 },
  );
  for (const load of [Number.NaN, 0.5, 2 ** 31, "3", null])
    await expect(ask(hostile.engine, load as number)).rejects.toMatchObject({ code: "CAL_REQUEST_INVALID" });
  expect(hostile.engine.stateDigest()).toBe(before);
  await hostile.engine.close();
});

test("after a switch of the world the learner finds the other tier", async () => {
  const switching = await world(snapshot({ learning: { ...LEARNING, holdoutBps: 0 } }));
  const cheapShare = async (isCheapGood: boolean, rounds: number): Promise<number> => {
    const all = await live(
      switching,
      rounds,
      () => 3,
      ({ decision }) => ({
        succeeded: decision.selectedId === 1 || isCheapGood,
      }),
    );
    const last = all.slice(LAST);
    return last.filter(({ decision }) => decision.selectedId === 2).length / last.length;
  };
  const good = await cheapShare(true, 400);
  const bad = await cheapShare(false, 400);
  expect(bad).toBeLessThan(0.5);
  expect(good).toBeGreaterThanOrEqual(bad);
  await switching.engine.close();
});
