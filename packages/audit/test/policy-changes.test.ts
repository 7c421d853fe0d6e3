/**
 * What was learned, across every change of a policy: engine and audit go by one rule, and it is the documented one
 * (docs/formats.md, "Learning"). Each test decides through the engine's public interface and audits the journal's bytes.
 */
import { type Decided, Engine } from "@calybris/engine";
import { InlineDriver, LEARNING_DEFAULTS, Writer } from "@calybris/engine/internal";
import { bps, type Learning, type PolicySnapshot, WARM_UP_REGIME } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { linearPrior } from "../../engine/test/support/linear-prior.ts";
import { MemoryDisk } from "../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";
import { auditLines } from "./histories/search-histories.ts";
import { linesOf } from "./money-workload.ts";

const WARM_UP_REQUESTS = 8;
const LEARNING: Learning = {
  ...LEARNING_DEFAULTS,
  features: ["load"],
  warmUpRequests: WARM_UP_REQUESTS,
  holdoutBps: 0,
  anomalyShareBps: 0,
};

function policy(learning: Partial<Learning> | undefined = {}, floorBps = 5_000): PolicySnapshot {
  const sample = sampleSnapshot();
  const useCase = { ...sample.useCases["default"], qualityMinBps: bps(floorBps) } as (typeof sample.useCases)[string];
  return {
    ...sample,
    useCases: { default: useCase },
    ...(learning === undefined ? {} : { learning: { ...LEARNING, ...learning } }),
  };
}

/** A policy that does not learn. */
function pause(): PolicySnapshot {
  const { learning: _learning, ...rest } = policy();
  return rest;
}

interface World {
  readonly engine: Engine;
  readonly ask: (load: number, feature?: string) => Promise<Decided>;
  /** Ends it, and says what the audit makes of its journal. */
  readonly audited: () => Promise<ReturnType<typeof auditLines>>;
}

async function world(first: PolicySnapshot = policy()): Promise<World> {
  const disk = new MemoryDisk();
  let now = 1_000_000;
  const engine = await Engine.open({
    directory: "memory",
    policy: first,
    disk,
    nowUs: () => ++now,
    randomBytes: (count) => new Uint8Array(count).fill(1),
    segmentBytesMax: 4_096,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  return {
    engine,
    ask: (load, feature = "load") =>
      engine.decide({
        inputTokens: 1_000_000,
        outputTokens: 500_000,
        valueMicrocents: 100_000_000,
        ...(engine.snapshot.learning === undefined ? {} : { features: { [feature]: load } }),
      }),
    audited: async () => {
      await engine.close();
      return auditLines(linesOf(disk));
    },
  };
}

/** Through the warm-up, until a request has a regime of its own. */
async function warmUp({ ask }: World, feature?: string): Promise<void> {
  for (let load = 0; load < WARM_UP_REQUESTS; load++) await ask(load * 100, feature);
  const { learning } = await ask(300, feature);
  expect(learning?.regime).toBeLessThan(WARM_UP_REGIME);
}

const whole = { status: "intact", findings: [] };

describe("other features, or a pause from learning, after the warm-up", () => {
  test.each<[string, readonly PolicySnapshot[], string]>([
    ["another feature", [policy({ features: ["size"] })], "size"],
    ["learning off and on", [pause(), policy()], "load"],
    ["another feature and back", [policy({ features: ["size"] }), policy()], "load"],
  ])("%s: every score is 0 until the next regimes are known", async (_name, changes, feature) => {
    const lived = await world();
    await warmUp(lived);
    for (const change of changes) await lived.engine.setPolicy(change);
    for (const load of [5_000, -7, 0]) {
      const { learning } = await lived.ask(load, feature);
      expect(learning).toMatchObject({ score: 0, regime: WARM_UP_REGIME });
    }
    expect(await lived.audited()).toMatchObject(whole);
  });

  test("an outcome of a decision in a regime that has ended teaches nothing", async () => {
    const lived = await world();
    await warmUp(lived);
    const early = await lived.ask(100);
    await lived.engine.setPolicy(policy({ features: ["size"] }));
    const reported = await lived.engine.learning.observe({ decisionId: early.decisionId, succeeded: false });
    expect(reported.learned).toBe(false);
    expect(await lived.audited()).toMatchObject(whole);
  });

  test("what was observed in a regime that has ended is not taken for the next one of its number", async () => {
    const lived = await world(policy({ features: ["load"], discountPpm: 1_000_000 }));
    await warmUp(lived);
    const { learning } = await lived.ask(300);
    const regime = learning?.regime ?? -1;
    for (let round = 0; round < 64; round++) {
      const { decisionId } = await lived.ask(300);
      await lived.engine.learning.observe({ decisionId, succeeded: false });
    }
    const observed = (): number =>
      [0, 1].reduce((sum, tier) => sum + lived.engine.learning.quality("default", regime, tier).observations, 0);
    expect(observed()).toBe(64);
    await lived.engine.setPolicy(policy({ features: ["size"], discountPpm: 1_000_000 }));
    expect(observed()).toBe(8);
    expect(await lived.audited()).toMatchObject(whole);
  });
});

test("another exploration is drawn by from the next decision on", async () => {
  const lived = await world(policy({ explorationBps: 10_000 }));
  const { learning } = await lived.ask(1);
  expect(learning?.arms.map(({ propensity }) => propensity)).toEqual([2 ** 31, 2 ** 31]);
  await lived.engine.setPolicy(policy({ explorationBps: 0 }));
  const next = await lived.ask(1);
  expect(next.learning?.arms.map(({ propensity }) => propensity)).toEqual([2 ** 32, 0]);
  expect(await lived.audited()).toMatchObject(whole);
});

test("a lowered warm-up ends at the next decision", async () => {
  const lived = await world(policy({ warmUpRequests: 50 }));
  for (let load = 0; load < 12; load++) await lived.ask(load);
  await lived.engine.setPolicy(policy({ warmUpRequests: 8 }));
  const { learning } = await lived.ask(3);
  expect(learning?.regime).toBeLessThan(WARM_UP_REGIME);
  expect(await lived.audited()).toMatchObject(whole);
});

test.each([0, 1])(
  "a prior and its certificate end with the features, whichever change comes first (%i)",
  async (order) => {
    const lived = await world();
    const prior = linearPrior({ names: ["load"] });
    const certificate = { alphaBps: 1, deltaBps: 1, samples: 1 };
    await lived.engine.learning.setPrior(prior);
    if (order === 0) await lived.engine.setPolicy(policy({ explorationBps: 0 }));
    await lived.engine.learning.certify({ regimes: 8, ...certificate, prior: (prior as { digest: string }).digest });
    expect((await lived.ask(5_000)).learning).toMatchObject({ regime: 7, score: 7_999 });
    await lived.engine.setPolicy(pause());
    if (order === 1) await lived.engine.learning.certify({ regimes: 0, ...certificate });
    await lived.engine.setPolicy(policy());
    expect(lived.engine.learning.certifiedRegimes).toBe(0);
    expect((await lived.ask(5_000)).learning).toMatchObject({ score: 0, regime: WARM_UP_REGIME });
    expect(await lived.audited()).toMatchObject(whole);
  },
);

describe("a use case whose own floor is beyond the range of the tracker", () => {
  // [floor, the outcome, the tracker after it]: a step ends at 2,000 or 9,800, and never goes the other way.
  test.each<[number, object, number]>([
    [0, { succeeded: true }, 0],
    [0, { succeeded: false }, 20],
    [0, { succeeded: true, signals: ["error"] }, 0],
    [1_999, { succeeded: true }, 1_999],
    [2_009, { succeeded: true }, 2_000],
    [9_790, { succeeded: false }, 9_800],
    [9_801, { succeeded: false }, 9_801],
    [9_801, { succeeded: true }, 9_791],
    [9_801, { succeeded: true, signals: ["error"] }, 9_801],
  ])("%i, with outcome %j, becomes %i", async (floorBps, reported, expected) => {
    const candidates = sampleSnapshot().policy.candidates.map((each) => ({ ...each, qualityBps: bps(9_900) }));
    const first = policy({}, floorBps);
    const lived = await world({ ...first, policy: { ...first.policy, candidates } });
    const { decisionId, decision } = await lived.ask(1);
    expect(decision.action).not.toBe("reject");
    expect((await lived.engine.learning.observe({ decisionId, ...reported })).learned).toBe(true);
    expect((await lived.ask(1)).learning).toMatchObject({ floorBps: expected, source: "tracker" });
    expect(await lived.audited()).toMatchObject(whole);
  });
});
