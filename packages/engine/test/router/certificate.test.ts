/**
 * A certificate speaks of one prior's regimes. Whatever happens to the regimes after it, nothing goes below the top tier on
 * the word of a certificate that spoke of others; and what was learned under others is neither lost nor misattributed.
 */
import { bps, type Learning, type PolicySnapshot, WARM_UP_REGIME } from "@calybris/kernel";
import { expect, test } from "vitest";
import type { Decided } from "../../src/flows/decided.ts";
import { Engine } from "../../src/engine.ts";
import { InlineDriver } from "../../src/journal/inline-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { Beliefs, COUNT_ONE } from "../../src/router/beliefs.ts";
import { type FloorOut, Floors } from "../../src/router/floors.ts";
import { Router } from "../../src/router/router.ts";
import { digestOf, linearPrior } from "../support/linear-prior.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

const LEARNING: Learning = {
  ...LEARNING_DEFAULTS,
  features: ["load", "size"],
  warmUpRequests: 20,
  holdoutBps: 0,
  anomalyShareBps: 0,
};
const OF_LOAD = linearPrior({ names: ["load", "size"] });
const STEEPER = linearPrior({ names: ["load", "size"], weight: 2_000_000 });
const [LOAD_DIGEST, STEEPER_DIGEST] = [digestOf(OF_LOAD), digestOf(STEEPER)];
/** The cheap tier is good enough for the use case, so only a certificate keeps a request from it. */
const WARM_START = bps(5_000);

function snapshot(learning: Learning = LEARNING): PolicySnapshot {
  const sample = sampleSnapshot();
  const useCase = { ...sample.useCases["default"], qualityMinBps: WARM_START } as (typeof sample.useCases)[string];
  return { ...sample, useCases: { default: useCase }, learning };
}

function open(disk: MemoryDisk, learning?: Learning, tiers?: readonly string[]): Promise<Engine> {
  let now = 1_000_000;
  return Engine.open({
    directory: "memory",
    policy: { ...snapshot(learning), ...(tiers === undefined ? {} : { tiers }) },
    disk,
    nowUs: () => ++now,
    randomBytes: (count) => new Uint8Array(count).fill(7),
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
}

const ask = (engine: Engine, load: number): Promise<Decided> =>
  engine.decide({
    inputTokens: 1_000_000,
    outputTokens: 500_000,
    valueMicrocents: 100_000_000,
    features: { load, size: 1 },
  });

const CERTIFICATE = { alphaBps: 400, deltaBps: 500, samples: 900 };
const certify = (engine: Engine, regimes: number, prior?: string): Promise<number> =>
  engine.learning.certify({ ...CERTIFICATE, regimes, ...(prior === undefined ? {} : { prior }) });

/** The lowest tier that may be drawn, for a load of each regime. */
async function lowestTiers(engine: Engine): Promise<readonly (number | undefined)[]> {
  const lowest: (number | undefined)[] = [];
  for (let regime = 0; regime < 8; regime++) {
    const { learning } = await ask(engine, 150 + 100 * regime);
    expect(learning?.regime).toBe(regime);
    lowest.push(learning?.arms[0]?.tier);
  }
  return lowest;
}

const TOP = 1;

test("a certificate keeps the regimes beyond it at the top tier, of its own prior and no other", async () => {
  const disk = new MemoryDisk();
  const engine = await open(disk);
  await engine.learning.setPrior(OF_LOAD);
  expect(await lowestTiers(engine)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  await certify(engine, 3, LOAD_DIGEST);
  expect(engine.learning.certifiedRegimes).toBe(3);
  expect(await lowestTiers(engine)).toEqual([0, 0, 0, TOP, TOP, TOP, TOP, TOP]);

  await engine.learning.setPrior(STEEPER);
  expect(engine.learning.certifiedRegimes).toBe(0);
  for (let load = 0; load < 1_000; load += 50) expect((await ask(engine, load)).learning?.arms[0]?.tier).toBe(TOP);
  // Not even the old prior brings the old certificate back: a person has to.
  await engine.learning.setPrior(OF_LOAD);
  expect(await lowestTiers(engine)).toEqual([TOP, TOP, TOP, TOP, TOP, TOP, TOP, TOP]);
  const again = await open(disk.copy());
  expect(again.learning.certifiedRegimes).toBe(0);
  await certify(engine, 8, LOAD_DIGEST);
  expect(await lowestTiers(engine)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  await engine.close();
});

test("a certificate of another prior, or of none, is refused with both named, and nothing is changed", async () => {
  const engine = await open(new MemoryDisk());
  const refused = async (regimes: number, prior: string | undefined, named: string, active: string): Promise<void> => {
    const before = engine.stateDigest();
    await expect(certify(engine, regimes, prior)).rejects.toMatchObject({
      code: "CAL_CERTIFICATE_PRIOR",
      details: { named, active },
    });
    expect(engine.stateDigest()).toBe(before);
  };
  await refused(3, LOAD_DIGEST, LOAD_DIGEST, "");
  await engine.learning.setPrior(OF_LOAD);
  await refused(3, STEEPER_DIGEST, STEEPER_DIGEST, LOAD_DIGEST);
  await refused(0, undefined, "", LOAD_DIGEST);
  for (const prior of ["", "0", LOAD_DIGEST.toUpperCase(), 7])
    await expect(certify(engine, 3, prior as string)).rejects.toMatchObject({ code: "CAL_LEDGER_INVALID" });
  await engine.close();
});

test("without a prior: not before the regimes are known, and void once a prior gives them another meaning", async () => {
  const engine = await open(new MemoryDisk());
  await expect(certify(engine, 5)).rejects.toMatchObject({ code: "CAL_LEDGER_INVALID" });
  await certify(engine, 0);
  for (let number = 0; number <= 20; number++) await ask(engine, number * 10);
  expect((await ask(engine, 5)).learning).toMatchObject({ regime: expect.any(Number) });
  expect((await ask(engine, 5)).learning?.arms[0]?.tier).toBe(TOP);
  await certify(engine, 8);
  expect((await ask(engine, 5)).learning?.arms[0]?.tier).toBe(0);
  await engine.learning.setPrior(OF_LOAD);
  expect(engine.learning.certifiedRegimes).toBe(0);
  await engine.close();
});

test("the prior that is active already changes nothing: certificate, beliefs and tables stay", async () => {
  const engine = await open(new MemoryDisk());
  await engine.learning.setPrior(OF_LOAD);
  await certify(engine, 4, LOAD_DIGEST);
  const { decisionId, learning } = await ask(engine, 150);
  await engine.learning.setPrior(OF_LOAD);
  expect(engine.learning.certifiedRegimes).toBe(4);
  expect((await ask(engine, 150)).learning?.belief).toBe(learning?.belief);
  expect((await engine.learning.observe({ decisionId, succeeded: true })).learned).toBe(true);
  await engine.close();
});

test("other features, also as many under other names, mean another warm-up, no prior and no certificate", async () => {
  const disk = new MemoryDisk();
  const engine = await open(disk);
  await engine.learning.setPrior(linearPrior({ names: ["load", "size"], text: true }));
  await certify(engine, 8, digestOf(linearPrior({ names: ["load", "size"], text: true })));
  expect(engine.learning.scoreText("some words of text")).not.toBe(0);
  await engine.setPolicy(snapshot({ ...LEARNING, features: ["size", "load"] }));
  expect(engine.learning.scoreText("some words of text")).toBe(0);
  expect(engine.learning.certifiedRegimes).toBe(0);
  const { learning } = await ask(engine, 150);
  expect(learning).toMatchObject({ regime: WARM_UP_REGIME, source: "certified" });
  expect(learning?.arms[0]?.tier).toBe(TOP);
  const again = await open(disk.copy(), { ...LEARNING, features: ["size", "load"] });
  expect(again.stateDigest()).toBe(engine.stateDigest());
  await engine.close();
});

test("other tiers, by name or number, make it void; nothing is believed of them, and floors stay", async () => {
  const disk = new MemoryDisk();
  const engine = await open(disk);
  await engine.learning.setPrior(OF_LOAD);
  await certify(engine, 8, LOAD_DIGEST);
  const early = await ask(engine, 150);
  for (let number = 0; number < 30; number++) {
    const { decisionId } = await ask(engine, 150);
    await engine.learning.observe({ decisionId, succeeded: false });
  }
  const before = (await ask(engine, 150)).learning?.floorBps;
  await engine.setPolicy({ ...snapshot(), tiers: ["low", "highest"] });
  expect(engine.learning.certifiedRegimes).toBe(0);
  expect(engine.learning.quality("default", 0, 0).observations).toBe(0);
  await certify(engine, 8, LOAD_DIGEST);
  const { learning } = await ask(engine, 150);
  expect(learning?.floorBps).toBe(before);
  expect((await engine.learning.observe({ decisionId: early.decisionId, succeeded: true })).learned).toBe(false);
  const again = await open(disk.copy(), undefined, ["low", "highest"]);
  expect(again.stateDigest()).toBe(engine.stateDigest());
  await engine.close();
});

test("an outcome of a decision under other regimes is kept and teaches nothing", async () => {
  const engine = await open(new MemoryDisk());
  const warming = await ask(engine, 150);
  await engine.learning.setPrior(OF_LOAD);
  const [early, reported] = [await ask(engine, 150), await ask(engine, 150)];
  expect((await engine.learning.observe({ decisionId: reported.decisionId, succeeded: false })).learned).toBe(true);
  await engine.learning.setPrior(STEEPER);
  expect((await engine.learning.observe({ decisionId: early.decisionId, succeeded: false })).learned).toBe(false);
  // The warm-up has a regime of its own, which means what it meant.
  expect((await engine.learning.observe({ decisionId: warming.decisionId, succeeded: false })).learned).toBe(true);
  await engine.close();
});

test("an outcome that comes while nothing learns says that it taught nothing", async () => {
  const engine = await open(new MemoryDisk());
  const { decisionId } = await ask(engine, 150);
  const { learning: _learning, ...pause } = snapshot();
  await engine.setPolicy(pause);
  expect((await engine.learning.observe({ decisionId, succeeded: false })).learned).toBe(false);
  await engine.close();
});

test("the members of a certificate are journaled in one form, whatever else is given and in whatever order", async () => {
  const disk = new MemoryDisk();
  const engine = await open(disk);
  await engine.learning.setPrior(OF_LOAD);
  const odd = { prior: LOAD_DIGEST, samples: 9, colour: "red", deltaBps: 1, alphaBps: 2, regimes: 1 };
  await engine.learning.certify(odd);
  const again = await open(disk.copy());
  expect(again.learning.certifiedRegimes).toBe(1);
  await engine.close();
});

test("an entry that names another prior, which no engine writes, allows nothing", () => {
  const router = new Router();
  router.configure({ learning: LEARNING, featureCount: 2, tierFloors: [4_000, 9_000] });
  const certificate = { kind: "certificate", regimes: 8, ...CERTIFICATE, actor: "system:ada" } as const;
  router.apply(1, certificate);
  expect(router.certifiedRegimes).toBe(8);
  router.setPrior({ digest: LOAD_DIGEST, boundaries: [1, 2, 3, 4, 5, 6, 7], predict: () => 0 }, 2);
  for (const prior of [STEEPER_DIGEST, undefined]) {
    router.apply(3, { ...certificate, ...(prior === undefined ? {} : { prior }) });
    expect(router.certifiedRegimes).toBe(0);
  }
  router.apply(4, { ...certificate, prior: LOAD_DIGEST });
  expect(router.certifiedRegimes).toBe(8);
});

test("other regimes begin with the mean of what all believed, and with the highest floor of all", () => {
  const beliefs = new Beliefs();
  for (let round = 0; round < 80; round++) beliefs.observe(3, 0, 10_000, 1_000_000);
  const before = beliefs.changes(5);
  beliefs.redistribute();
  for (let regime = 0; regime < WARM_UP_REGIME; regime++)
    expect([beliefs.alpha(regime, 0), beliefs.beta(regime, 0)]).toEqual([11 * COUNT_ONE, COUNT_ONE]);
  expect(beliefs.alpha(WARM_UP_REGIME, 0)).toBe(COUNT_ONE);
  expect(beliefs.changes(5)).toBe(before + 1);

  const floors = new Floors();
  const forgetful = { ...LEARNING_DEFAULTS, discountPpm: 1_000_000 };
  for (let round = 0; round < 60; round++) floors.observe("default", 7_000, 2, 0, 0, false, forgetful);
  for (let round = 0; round < 10; round++) floors.observe("default", 7_000, 6, 1, 10_000, false, forgetful);
  const out: FloorOut = { floorBps: 0, source: "tracker" };
  floors.effective("default", 7_000, 2, [6_000, 9_900], 0, out);
  expect(out).toEqual({ floorBps: 9_900, source: "quality" });
  floors.redistribute();
  for (let regime = 0; regime < WARM_UP_REGIME; regime++) {
    floors.effective("default", 7_000, regime, [6_000, 9_900], 0, out);
    expect(out).toEqual({ floorBps: 7_000 + 60 * 20, source: "tracker" });
    expect(floors.quality("default", regime, 0).observations).toBe(7);
  }
  // Evidence is dealt out, not multiplied: doing it again changes nothing.
  const once = JSON.stringify(floors.toJson());
  floors.redistribute();
  expect(JSON.stringify(floors.toJson())).toBe(once);
});
