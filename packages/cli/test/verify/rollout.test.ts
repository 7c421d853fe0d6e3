/**
 * Policies that are staged, promoted and rolled back, in any order, between decisions: the engine's state is what the audit folds,
 * a restart changes nothing, a staged policy changes no answer, and a lie about a shadow is found.
 */
import type { Engine } from "@calybris/engine";
import type { CalybrisError } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { audited, OPEN, policyOf, requestOf, type Variant, VARIANTS, World } from "./rollout-world.ts";

interface Step {
  readonly act: "decide" | "stage" | "canary" | "roll back" | "set" | "promote" | "restart";
  readonly variant: Variant;
  readonly number: number;
}

const stepOf: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(
    { weight: 4, arbitrary: fc.constant("decide" as const) },
    { weight: 2, arbitrary: fc.constant("stage" as const) },
    { weight: 2, arbitrary: fc.constant("canary" as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom("roll back" as const, "set" as const, "promote" as const, "restart" as const),
    },
  ),
  variant: fc.constantFrom(...VARIANTS),
  number: fc.integer({ min: 0, max: 20 }),
});

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
    case "canary": {
      const { staged } = await engine.rollout.status(OPEN);
      if (staged === undefined) return;
      const shareBps = step.number % 4 === 0 ? 0 : step.number * 500;
      await engine.rollout.canary(staged.id, shareBps, undefined, OPEN).catch((error: CalybrisError) => {
        if (error.code !== "CAL_ROLLOUT_GATES" && error.code !== "CAL_ROLLOUT_CANARY") throw error;
      });
      return;
    }
    case "promote": {
      const { staged } = await engine.rollout.status(OPEN);
      if (staged === undefined) return;
      await engine.rollout.promote(staged.id, undefined, OPEN).catch((error: CalybrisError) => {
        if (error.code !== "CAL_ROLLOUT_GATES") throw error;
      });
      return;
    }
    default: {
      const decided = await engine.decide(requestOf(step.number)).catch((error: CalybrisError) => {
        // The staged policy of a canary may not have the candidate that is asked for.
        if (error.code !== "CAL_REQUEST_INVALID") throw error;
      });
      if (decided === undefined) return;
      const { decisionId, decision } = decided;
      if (decision.action !== "reject" && step.number % 2 === 0)
        await engine.learning.observe({ decisionId, succeeded: step.number % 4 === 0 });
    }
  }
}

describe("rollout", () => {
  test("two folds agree after every entry of random histories, and a restart changes nothing", async () => {
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

  test("a staged policy changes no answer", async () => {
    const answers = async (staged: Variant | undefined, numbers: readonly number[]): Promise<readonly unknown[]> => {
      const world = new World();
      const engine = await world.open(policyOf("learns"));
      if (staged !== undefined) await engine.rollout.stage(policyOf(staged));
      const all: unknown[] = [];
      for (const number of numbers) {
        const { decision, learning, request } = await engine.decide(requestOf(number));
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
