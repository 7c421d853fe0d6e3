/**
 * Policies that are staged, promoted and rolled back, in any order, between decisions: the engine's state is what the audit folds,
 * a restart changes nothing, a staged policy changes no answer, and a lie about a shadow is found.
 */
import { createFold, type Finding } from "@calybris/audit";
import { type ClientRequest, Engine, nodeSha256 } from "@calybris/engine";
import { InlineDriver, LEARNING_DEFAULTS, Writer } from "@calybris/engine/internal";
import { bps, type CalybrisError, createPolicy, type PolicySnapshot, sequence } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryDisk } from "../../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";

/** Policies that decide otherwise: by their floor, by learning, with other ids, without a candidate that is asked for. */
const VARIANTS = ["as it is", "learns", "high floor", "other ids", "one candidate"] as const;
type Variant = (typeof VARIANTS)[number];

function policyOf(variant: Variant): PolicySnapshot {
  const sample = sampleSnapshot(BigInt(VARIANTS.indexOf(variant) + 1));
  const useCase = sample.useCases["default"] as (typeof sample.useCases)[string];
  switch (variant) {
    case "learns":
      return {
        ...sample,
        learning: { ...LEARNING_DEFAULTS, features: ["load"], warmUpRequests: 3, explorationBps: 5_000 },
      };
    case "high floor":
      return { ...sample, useCases: { default: { ...useCase, qualityMinBps: bps(8_000) } } };
    case "other ids": {
      const candidates = sample.policy.candidates.map((one) => ({ ...one, id: (one.id + 40) as typeof one.id }));
      return { ...sample, policy: createPolicy({ ...sample.policy, candidates }) };
    }
    case "one candidate":
      return {
        ...sample,
        policy: createPolicy({
          ...sample.policy,
          candidates: sample.policy.candidates.slice(0, 1),
          policyEpoch: sequence(9n),
        }),
        candidateNames: sample.candidateNames.slice(0, 1),
        candidateTiers: sample.candidateTiers.slice(0, 1),
      };
    default:
      return sample;
  }
}

interface Step {
  readonly act: "decide" | "stage" | "roll back" | "set" | "promote" | "restart";
  readonly variant: Variant;
  readonly number: number;
}

const stepOf: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(
    { weight: 4, arbitrary: fc.constant("decide" as const) },
    { weight: 2, arbitrary: fc.constant("stage" as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom("roll back" as const, "set" as const, "promote" as const, "restart" as const),
    },
  ),
  variant: fc.constantFrom(...VARIANTS),
  number: fc.integer({ min: 0, max: 20 }),
});

function requestOf({ number }: Step): ClientRequest {
  return {
    requestId: undefined,
    inputTokens: 1_000_000 + number,
    outputTokens: 500_000,
    ...(number % 3 === 0 ? {} : { valueMicrocents: 100_000_000 }),
    ...(number % 4 === 0 ? { requested: "better" } : {}),
    ...(number % 5 === 0 ? { qualityMinBps: 6_000 } : {}),
    ...(number % 7 === 0 ? { budgetMicrocents: 2_000_000 } : {}),
    tenant: number % 2 === 0 ? "acme" : "blue",
  };
}

/** Gates that are open: what is promoted is up to the steps. */
const OPEN = { decisionsMin: 0, actionDeltaMaxBps: 10_000, margin: 0.99, alpha: 0.5 };

class World {
  readonly disk: MemoryDisk = new MemoryDisk();
  #now = 1_000_000;

  open(policy?: PolicySnapshot): Promise<Engine> {
    const { disk } = this;
    return Engine.open({
      directory: "memory",
      policy,
      disk,
      nowUs: () => ++this.#now,
      randomBytes: (count) => new Uint8Array(count).fill(3),
      driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    });
  }

  /** The data of every entry. */
  entries(): readonly string[] {
    return [...this.disk.files]
      .filter(([name]) => name.startsWith("segment-"))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, bytes]) => Buffer.from(bytes).toString("utf8").split("\n"))
      .filter((line) => line !== "")
      .map((line) => line.slice(line.indexOf('"data":') + 7, -1));
  }
}

function audited(entries: readonly string[]): {
  readonly digests: ReadonlyMap<number, string>;
  readonly findings: readonly Omit<Finding, "file" | "byteOffset">[];
} {
  const findings: Omit<Finding, "file" | "byteOffset">[] = [];
  const fold = createFold({ sha256: nodeSha256, onFinding: (finding) => void findings.push(finding) });
  const digests = new Map<number, string>();
  for (const data of entries) digests.set(fold.apply(data).sequence, fold.stateDigest());
  return { digests, findings };
}

async function act(engine: Engine, step: Step): Promise<void> {
  const known = engine.reading.policies();
  const { id } = known[step.number % known.length] as (typeof known)[number];
  switch (step.act) {
    case "stage":
      await engine.rollout.stage(policyOf(step.variant));
      return;
    case "set":
      await engine.setPolicy(policyOf(step.variant));
      return;
    case "roll back":
      await engine.rollout.rollBack(id);
      return;
    case "promote": {
      const { staged } = await engine.rollout.status(OPEN);
      if (staged === undefined) return;
      await engine.rollout.promote(staged.id, undefined, OPEN).catch((error: CalybrisError) => {
        if (error.code !== "CAL_ROLLOUT_GATES") throw error;
      });
      return;
    }
    default: {
      const { decisionId, decision } = await engine.decide(requestOf(step));
      if (decision.action !== "reject" && step.number % 2 === 0)
        await engine.learning.observe({ decisionId, succeeded: step.number % 4 === 0 });
    }
  }
}

describe("rollout", () => {
  test("two folds agree after every entry of random histories, and a restart changes nothing", {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepOf, { minLength: 1, maxLength: 30 }), async (steps) => {
        const world = new World();
        let engine = await world.open(policyOf("as it is"));
        const expected = new Map<number, string>();
        for (const step of steps) {
          if (step.act === "restart") {
            const counts = (await engine.rollout.status()).counts;
            await engine.close();
            engine = await world.open();
            expect((await engine.rollout.status()).counts).toEqual(counts);
            continue;
          }
          await act(engine, step);
          expected.set(engine.reading.head.sequence, engine.stateDigest());
        }
        await engine.close();
        const { digests, findings } = audited(world.entries());
        expect(findings).toEqual([]);
        for (const [at, digest] of expected) expect(digests.get(at)).toBe(digest);
      }),
      { numRuns: 20 },
    );
  });

  test("a staged policy changes no answer", { timeout: 60_000 }, async () => {
    const answers = async (staged: Variant | undefined, numbers: readonly number[]): Promise<readonly unknown[]> => {
      const world = new World();
      const engine = await world.open(policyOf("learns"));
      if (staged !== undefined) await engine.rollout.stage(policyOf(staged));
      const all: unknown[] = [];
      for (const number of numbers) {
        const { decision, learning, request } = await engine.decide(
          requestOf({ act: "decide", variant: "learns", number }),
        );
        all.push({ decision, request, draw: learning?.draw, tier: learning?.tier, propensity: learning?.propensity });
      }
      await engine.close();
      return all;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...VARIANTS),
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 12 }),
        async (staged, numbers) => {
          expect(await answers(staged, numbers)).toEqual(await answers(undefined, numbers));
        },
      ),
      { numRuns: 15 },
    );
  });

  test("a lie about what a staged policy would have decided is found at its entry", async () => {
    const world = new World();
    const engine = await world.open(policyOf("as it is"));
    await engine.rollout.stage(policyOf("other ids"));
    const { sequence: at } = await engine.decide({ inputTokens: 1_000_000, valueMicrocents: 100_000_000 });
    await engine.close();
    const entries = world.entries();
    expect(audited(entries).findings).toEqual([]);
    const [, action = "", candidate = ""] =
      /"shadow":\{"action":"(\w+)","candidate":(\d+)\}/.exec(entries[at - 1] ?? "") ?? [];
    expect(Number(candidate)).toBeGreaterThan(40);
    const lies = [
      [`"candidate":${candidate}}`, `"candidate":${Number(candidate) - 40}}`],
      [`"shadow":{"action":"${action}"`, `"shadow":{"action":"${action === "execute" ? "substitute" : "execute"}"`],
      [`,"shadow":{"action":"${action}","candidate":${candidate}}`, ""],
    ] as const;
    for (const [truth, lie] of lies) {
      const altered = entries.map((data, index) => (index === at - 1 ? data.replace(truth, lie) : data));
      expect(altered[at - 1]).not.toBe(entries[at - 1]);
      expect(audited(altered).findings[0]).toMatchObject({ sequence: at, problem: "decision" });
    }
  });

  test("a promotion without a gate passed, of what is not staged, or of what is unknown is refused", async () => {
    const world = new World();
    const engine = await world.open(policyOf("as it is"));
    const code = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => "done",
        (error: CalybrisError) => error.code,
      );
    expect(await code(engine.rollout.promote(7))).toBe("CAL_ROLLOUT_POLICY_UNKNOWN");
    expect(await code(engine.rollout.rollBack(7))).toBe("CAL_ROLLOUT_POLICY_UNKNOWN");
    const { policyId } = await engine.rollout.stage(policyOf("high floor"));
    expect(await engine.rollout.stage(policyOf("high floor"))).toMatchObject({ policyId, repeated: true });
    expect(await code(engine.rollout.promote(policyId))).toBe("CAL_ROLLOUT_GATES");
    const { policyId: next } = await engine.rollout.stage(policyOf("learns"));
    expect(await code(engine.rollout.promote(policyId))).toBe("CAL_ROLLOUT_NOT_STAGED");
    expect((await engine.rollout.status()).staged?.id).toBe(next);
    const { sequence: at } = await engine.rollout.rollBack(1);
    expect((await engine.rollout.status()).staged).toBeUndefined();
    expect(await engine.rollout.rollBack(1)).toEqual({ sequence: at, policyId: 1, repeated: true });
    await engine.close();
    expect(audited(world.entries()).findings).toEqual([]);
  });
});
