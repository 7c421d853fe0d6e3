/**
 * What the engine learned verifies from the journal alone: two folds that know nothing of each other agree after every
 * entry, and a lie about learning is found at its entry.
 */
import { createFold } from "@calybris/audit";
import { type ClientRequest, Engine, nodeSha256 } from "@calybris/engine";
import { InlineDriver, LEARNING_DEFAULTS, Writer } from "@calybris/engine/internal";
import { bps, createPolicy, type PolicySnapshot, samplePolicy, sequence } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { digestOf, linearPrior } from "../../../engine/test/support/linear-prior.ts";
import { MemoryDisk } from "../../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";

function snapshot(learning: object): PolicySnapshot {
  const sample = sampleSnapshot(9n);
  const useCase = { ...sample.useCases["default"], qualityMinBps: bps(7_000) } as (typeof sample.useCases)[string];
  return {
    ...sample,
    policy: createPolicy({ ...samplePolicy(), policyEpoch: sequence(9n) }),
    useCases: { default: useCase, other: { ...useCase, qualityMinBps: bps(8_000) } },
    learning: { features: ["load", "size"], ...LEARNING_DEFAULTS, warmUpRequests: 20, ...learning },
  };
}

/** The data of every entry of a journal in memory. */
function entriesOf(disk: MemoryDisk): readonly string[] {
  return [...disk.files]
    .filter(([name]) => name.startsWith("segment-"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, bytes]) => Buffer.from(bytes).toString("utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => line.slice(line.indexOf('"data":') + 7, -1));
}

interface Step {
  readonly load: number;
  readonly reported: "good" | "bad" | "signs" | "nothing" | "late";
  readonly floor: boolean;
  readonly other: boolean;
  readonly governs: (typeof GOVERNS)[number];
}

/** What a person may do between decisions; most of the time nothing. */
const GOVERNS = [
  "nothing",
  "prior",
  "steeper prior",
  "certificate",
  "other features",
  "other tiers",
  "a pause",
] as const;
const PRIORS = [1_000_000, 3_000_000].map((weight) => linearPrior({ names: ["load", "size"], weight }));

const REQUEST: ClientRequest = {
  inputTokens: 1_000_000,
  outputTokens: 500_000,
  valueMicrocents: 100_000_000,
  features: { load: 3, size: 6 },
};

/** Takes a step; a certificate names the active prior. */
async function govern(
  engine: Engine,
  step: Step,
  active: string | undefined,
  learning: object,
): Promise<string | undefined> {
  const prior = step.governs === "prior" ? PRIORS[0] : PRIORS[1];
  switch (step.governs) {
    case "nothing":
      return active;
    case "certificate": {
      const named = active === undefined ? {} : { prior: active };
      const certificate = { regimes: step.load % 9, alphaBps: 400, deltaBps: 500, samples: 100, ...named };
      // Refused where no regimes are known yet.
      await engine.learning
        .certify({ ...certificate, regimes: Math.max(0, certificate.regimes) })
        .catch(() => undefined);
      return active;
    }
    case "other tiers":
      await engine.setPolicy({ ...snapshot(learning), tiers: [`low ${step.load % 2}`, "high"] });
      return active;
    case "a pause": {
      const { learning: _learning, ...paused } = snapshot(learning);
      const { decisionId, decision } = await engine.decide(REQUEST);
      await engine.setPolicy(paused);
      if (decision.action !== "reject") await engine.learning.observe({ decisionId, succeeded: true });
      await engine.setPolicy(snapshot(learning));
      return undefined;
    }
    case "other features":
      await engine.setPolicy(snapshot({ ...learning, features: ["size", "load"] }));
      await engine.setPolicy(snapshot(learning));
      return undefined;
    default:
      await engine.learning.setPrior(prior);
      return digestOf(prior as object);
  }
}

const stepOf: fc.Arbitrary<Step> = fc.record({
  load: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(1_000_000, -5)),
  reported: fc.constantFrom("good", "bad", "signs", "nothing", "late"),
  floor: fc.boolean(),
  other: fc.boolean(),
  governs: fc.oneof({ weight: 6, arbitrary: fc.constant("nothing" as const) }, fc.constantFrom(...GOVERNS)),
});

test("two folds of learning agree after every entry of random histories", async () => {
  const settings = fc.constantFrom({}, { explorationBps: 0 }, { targetFailureBps: 500, discountPpm: 990_000 });
  await fc.assert(
    fc.asyncProperty(fc.array(stepOf, { minLength: 1, maxLength: 60 }), settings, async (steps, learning) => {
      const disk = new MemoryDisk();
      let now = 1_000_000;
      const engine = await Engine.open({
        directory: "memory",
        policy: snapshot(learning),
        disk,
        nowUs: () => ++now,
        randomBytes: (count) => new Uint8Array(count).fill(3),
        driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
      });
      const fold = createFold({
        sha256: nodeSha256,
        onFinding: ({ sequence: at, problem, expected, found }) => {
          throw new Error(`entry ${at}: ${problem}: expected ${expected}, found ${found}`);
        },
      });
      const digests = new Map<number, string>();
      let active: string | undefined;
      for (const [index, step] of steps.entries()) {
        active = await govern(engine, step, active, learning);
        const request: ClientRequest = {
          inputTokens: 1_000_000,
          outputTokens: 500_000,
          valueMicrocents: 100_000_000,
          features: step.load === -5 ? {} : { load: step.load, size: step.load * 2 },
          ...(step.other ? { useCase: "other" } : {}),
          ...(step.floor && index % 5 === 0 ? { qualityMinBps: 6_000 } : {}),
        };
        const { decisionId, decision } = await engine.decide(request);
        if (step.reported === "late") now += 700_000_000_000;
        if (step.reported !== "nothing" && decision.action !== "reject") {
          await engine.learning.observe({
            decisionId,
            ...(step.reported === "signs" ? { signals: ["slow", "retried"] } : { succeeded: step.reported !== "bad" }),
          });
        }
        if (index % 7 === 0) engine.learning.refresh();
        const { sequence: last } = await engine.decide(request);
        digests.set(last, engine.stateDigest());
      }
      await engine.close();
      for (const data of entriesOf(disk)) {
        const { sequence: at } = fold.apply(data);
        if (digests.has(at)) expect(fold.stateDigest()).toBe(digests.get(at));
      }
      expect(digests.size).toBe(steps.length);
    }),
    { numRuns: 25 },
  );
});
