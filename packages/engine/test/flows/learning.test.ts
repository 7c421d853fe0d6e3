import {
  bps,
  createPolicy,
  type Learning,
  type PolicySnapshot,
  PROPENSITY_ONE,
  samplePolicy,
  sequence,
} from "@calybris/kernel";
import { expect, test } from "vitest";
import type { Decided } from "../../src/flows/decided.ts";
import { Engine, type EngineOptions } from "../../src/engine.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { loadPrior } from "../../src/router/prior-file.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

const LEARNING: Learning = { features: ["load", "size"], ...LEARNING_DEFAULTS, warmUpRequests: 40 };

function learningSnapshot(learning: Learning = LEARNING): PolicySnapshot {
  const policy = createPolicy({ ...samplePolicy(), policyEpoch: sequence(9n) });
  const sample = sampleSnapshot(9n);
  const useCase = { ...sample.useCases["default"], qualityMinBps: bps(7_000) } as (typeof sample.useCases)[string];
  return { ...sample, policy, useCases: { default: useCase }, learning };
}

function inMemory(disk: MemoryDisk, options: Partial<EngineOptions> = {}): Promise<Engine> {
  let now = 1_000_000;
  return Engine.open({
    directory: "memory",
    policy: learningSnapshot(),
    disk,
    nowUs: () => ++now,
    randomBytes: (count) => new Uint8Array(count).fill(7),
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    ...options,
  });
}

const ask = (engine: Engine, load: number, rest: object = {}): Promise<Decided> =>
  engine.decide({
    inputTokens: 1_000_000,
    outputTokens: 500_000,
    valueMicrocents: 100_000_000,
    features: { load, size: load * 3 },
    ...rest,
  });

test("a client's floor always wins: the learner is not even asked", async () => {
  const engine = await inMemory(new MemoryDisk());
  for (const qualityMinBps of [0, 5_000, 9_000]) {
    const decided = await ask(engine, 5, { qualityMinBps });
    expect(decided.learning).toBeUndefined();
    expect(decided.request.qualityMinBps).toBe(qualityMinBps);
  }
  await engine.close();
});

test("a recommendation logs the table it drew from; the draw falls where the entry says", async () => {
  const engine = await inMemory(new MemoryDisk());
  let explored = 0;
  for (let number = 0; number < 200; number++) {
    const { learning, decision, decisionId } = await ask(engine, number % 17);
    if (learning === undefined) throw new Error("no recommendation");
    const sum = learning.arms.reduce((total, arm) => total + arm.propensity, 0);
    expect(learning.arms.length === 0 ? PROPENSITY_ONE : sum).toBe(PROPENSITY_ONE);
    if (!learning.holdout && learning.arms.length > 0) {
      let below = 0;
      const drawn = learning.arms.find((arm) => {
        below += arm.propensity;
        return learning.draw < below;
      });
      expect(learning.tier).toBe(drawn?.tier);
      expect(decision.selectedId).toBe(drawn?.candidateId);
    }
    if (learning.explored) explored += 1;
    await engine.learning.observe({ decisionId, succeeded: learning.tier === 1 || number % 3 > 0 });
  }
  expect(explored).toBeGreaterThan(0);
  await engine.close();
});

test("after a restart every recommendation is the one that would have been made", async () => {
  const disk = new MemoryDisk();
  const engine = await inMemory(disk);
  for (let number = 0; number < 120; number++) {
    const { decisionId } = await ask(engine, number % 23);
    if (number % 4 > 0) await engine.learning.observe({ decisionId, succeeded: number % 5 > 0 });
    if (number % 10 === 0) engine.learning.refresh();
  }
  const digest = engine.stateDigest();
  const again = await inMemory(disk.copy());
  expect(again.stateDigest()).toBe(digest);
  const [first, second] = [await ask(engine, 11), await ask(again, 11)];
  expect(second.learning).toEqual(first.learning);
  expect(second.identity).toBe(first.identity);
});

test("an outcome binds to one decision, once; one that is unbound, of a rejection, or different from the first is refused", async () => {
  const engine = await inMemory(new MemoryDisk());
  const { decisionId } = await ask(engine, 3);
  const reported = await engine.learning.observe({ decisionId, succeeded: true, latencyMs: 20 });
  expect(reported).toMatchObject({ successBps: 10_000, repeated: false });
  expect(await engine.learning.observe({ decisionId, succeeded: true, latencyMs: 20 })).toEqual({
    ...reported,
    repeated: true,
  });
  await expect(engine.learning.observe({ decisionId, succeeded: false })).rejects.toMatchObject({
    code: "CAL_OUTCOME_DUPLICATE",
  });
  const forged = decisionId.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
  await expect(engine.learning.observe({ decisionId: forged, succeeded: true })).rejects.toMatchObject({
    code: "CAL_OUTCOME_UNBOUND",
  });
  const rejected = await ask(engine, 3, { riskBps: 9_900 });
  await expect(engine.learning.observe({ decisionId: rejected.decisionId, succeeded: true })).rejects.toMatchObject({
    code: "CAL_OUTCOME_UNBOUND",
  });
  await expect(
    engine.learning.observe({ decisionId, signals: ["odd" as "slow"], succeeded: 1 as unknown as boolean }),
  ).rejects.toMatchObject({ code: "CAL_OUTCOME_INVALID" });
  await engine.close();
});

test("failures of the cheap tier raise its floor until it is no longer drawn; the route still answers", async () => {
  const engine = await inMemory(new MemoryDisk(), { policy: learningSnapshot({ ...LEARNING, holdoutBps: 0 }) });
  let last: Decided | undefined;
  for (let number = 0; number < 400; number++) {
    last = await ask(engine, number % 5);
    const isCheap = last.decision.selectedId === 2;
    await engine.learning.observe({ decisionId: last.decisionId, succeeded: !isCheap });
    if (number % 5 === 0) engine.learning.refresh();
  }
  expect(last?.decision.action).not.toBe("reject");
  const cheap = [];
  for (let number = 0; number < 200; number++) cheap.push((await ask(engine, number % 5)).decision.selectedId === 2);
  expect(cheap.filter(Boolean).length).toBeLessThan(40);
  await engine.close();
});

test("a prior decides the regimes from the next decision on, also after a restart; one of other features is refused", async () => {
  const disk = new MemoryDisk();
  const engine = await inMemory(disk);
  await ask(engine, 2);
  const sequenceOfPrior = await engine.learning.setPrior(priorFile(["load", "size"]));
  expect(sequenceOfPrior).toBeGreaterThan(1);
  const [low, high] = [await ask(engine, 0), await ask(engine, 1_000)];
  expect(low.learning).toMatchObject({ regime: 0, score: -5_000 });
  expect(high.learning).toMatchObject({ regime: 7 });
  expect(engine.learning.scoreText("any text")).toBe(0);
  await expect(engine.learning.setPrior(priorFile(["size", "load"]))).rejects.toMatchObject({
    code: "CAL_PRIOR_INVALID",
  });
  const again = await inMemory(disk.copy());
  expect((await ask(again, 1_000)).learning).toMatchObject({ regime: 7 });
  expect(again.learning.scoreText("any text")).toBe(0);
});

function priorFile(names: readonly string[]): object {
  const file = {
    format: 1,
    digest: "0".repeat(64),
    features: names.map((name) => ({ name, center: 500, spread: 100 })),
    categories: [],
    categoryOtherBps: 0,
    head: {
      kind: "linear",
      interceptMillibps: 0,
      weightsMillibps: names.map((name) => (name === "load" ? 1_000_000 : 0)),
    },
    boundariesBps: [-3_000, -2_000, -1_000, 0, 1_000, 2_000, 3_000],
  };
  return { ...file, digest: loadPrior(file, undefined, { isDigestChecked: false }).digestHex };
}

test("a seed that is lost or another is refused; the journal promised it", async () => {
  const disk = new MemoryDisk();
  const engine = await inMemory(disk);
  await engine.close();
  const lost = disk.copy();
  lost.files.delete("draw-seed");
  await expect(inMemory(lost)).rejects.toMatchObject({ code: "CAL_ENGINE_SEED" });
  const other = disk.copy();
  other.files.set("draw-seed", new Uint8Array(32).fill(8));
  await expect(inMemory(other)).rejects.toMatchObject({ code: "CAL_ENGINE_SEED" });
});
