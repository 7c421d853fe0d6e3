/**
 * A canary: the staged policy decides for a share of the tenants, which a keyed hash names. The audit decides every decision again
 * under the policy that the tenant's point gives it, and finds a decision that another policy made.
 */
import type { Engine } from "@calybris/engine";
import { type CalybrisError, canaryPoint, isInCanary, policyDigest } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { audited, OPEN, policyOf, requestOf, type Variant, World } from "./rollout-world.ts";

const TENANTS = Array.from({ length: 40 }, (_, at) => `tenant-${at}`);

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (error: CalybrisError) => error.code,
  );

/** Decisions with outcomes, until the open gates are passed. */
async function passGates(engine: Engine): Promise<number> {
  for (let at = 0; at < 200; at++) {
    const { decisionId, decision } = await engine.decide({ ...requestOf(1), tenant: `early-${at}` });
    if (decision.action !== "reject") await engine.learning.observe({ decisionId, succeeded: true });
    const { staged, compared } = await engine.rollout.status(OPEN);
    if (compared?.passes !== undefined && staged !== undefined) return staged.id;
  }
  throw new Error("the gates stay closed");
}

async function canaryOf(
  variant: Variant,
  active: Variant = "as it is",
): Promise<{ world: World; engine: Engine; id: number }> {
  const world = new World();
  const engine = await world.open(policyOf(active));
  await engine.rollout.stage(policyOf(variant));
  return { world, engine, id: await passGates(engine) };
}

describe("a canary", () => {
  test("decides for the tenants whose points are below the share, and for no other; the audit decides the same", async () => {
    const { world, engine, id } = await canaryOf("other ids");
    const { since } = (await engine.rollout.status()).staged ?? { since: 0 };
    const key = { policyDigest: policyDigest(policyOf("other ids").policy), stagedAt: since };
    let before = new Set<string>();
    for (const shareBps of [1_000, 5_000, 10_000]) {
      await engine.rollout.canary(id, shareBps, undefined, OPEN);
      const made = new Set<string>();
      for (const tenant of TENANTS) {
        const { policyId, decision } = await engine.decide({ ...requestOf(1), tenant });
        expect(policyId, tenant).toBe(isInCanary(canaryPoint(key, tenant), shareBps) ? id : 1);
        expect(decision.selectedId > 40).toBe(policyId === id);
        if (policyId === id) made.add(tenant);
      }
      expect(made.size).toBeGreaterThan(0);
      expect([...before].every((tenant) => made.has(tenant))).toBe(true);
      before = made;
    }
    expect(before.size).toBe(TENANTS.length);
    expect(await engine.rollout.canary(id, 10_000, undefined, OPEN)).toMatchObject({ repeated: true });
    await engine.rollout.canary(id, 0);
    for (const tenant of TENANTS) expect((await engine.decide({ ...requestOf(1), tenant })).policyId).toBe(1);
    await engine.rollout.promote(id, undefined, OPEN);
    expect((await engine.decide({ ...requestOf(1), tenant: "acme" })).policyId).toBe(id);
    await engine.close();
    expect(audited(world.entries()).findings).toEqual([]);
  });

  test("with a share of 0 to 10,000 in any order, restarts in between, engine and audit agree after every entry", async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ share: fc.constant(-1), number: fc.integer({ min: 0, max: 20 }) }) },
      { weight: 2, arbitrary: fc.record({ share: fc.constantFrom(0, 2_500, 10_000, 10_000), number: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ share: fc.constantFrom(-2, -2, -3, -4), number: fc.constant(0) }) },
    );
    let made = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Variant>("high floor", "other ids", "one candidate", "learns", "as it is"),
        fc.constantFrom<Variant>("as it is", "learns"),
        fc.array(step, { minLength: 4, maxLength: 25 }),
        async (variant, active, steps) => {
          let { world, engine, id } = await canaryOf(variant, active);
          const digests = new Map<number, string>();
          for (const { share, number } of steps) {
            if (share === -2) {
              const { counts, canaryBps } = await engine.rollout.status();
              await engine.close();
              engine = await world.open();
              const after = await engine.rollout.status();
              expect([after.counts, after.canaryBps]).toEqual([counts, canaryBps]);
            } else if (share === -3) await engine.rollout.rollBack(1);
            else if (share === -4) id = (await engine.rollout.stage(policyOf(variant))).policyId;
            else if (share >= 0) {
              const code = await codeOf(engine.rollout.canary(id, share, undefined, OPEN));
              expect(["done", "CAL_ROLLOUT_CANARY", "CAL_ROLLOUT_NOT_STAGED", "CAL_ROLLOUT_GATES"]).toContain(code);
            } else {
              const tenant = TENANTS[(number * 7) % TENANTS.length] ?? "";
              const decided = await engine.decide({ ...requestOf(number), tenant }).catch(() => undefined);
              if (decided === undefined) continue;
              const { decisionId, decision, policyId, learning } = decided;
              if (policyId !== engine.policy.id) made += 1;
              expect(learning === undefined).toBe(
                engine.reading.policy(policyId)?.snapshot.learning === undefined || number % 5 === 0,
              );
              if (decision.action !== "reject")
                await engine.learning.observe({ decisionId, succeeded: number % 4 === 0 });
            }
            digests.set(engine.reading.head.sequence, engine.stateDigest());
          }
          await engine.close();
          const found = audited(world.entries());
          expect(found.findings).toEqual([]);
          for (const [at, digest] of digests) expect(found.digests.get(at)).toBe(digest);
        },
      ),
      { numRuns: 15 },
    );
    expect(made).toBeGreaterThan(0);
  });

  test("another staging of the same policy tries other tenants", async () => {
    const { world, engine, id } = await canaryOf("other ids");
    const madeBy = async (policyId: number): Promise<readonly string[]> => {
      await engine.rollout.canary(policyId, 5_000, undefined, OPEN);
      const made: string[] = [];
      for (const tenant of TENANTS)
        if ((await engine.decide({ ...requestOf(1), tenant })).policyId === policyId) made.push(tenant);
      return made;
    };
    const before = await madeBy(id);
    await engine.rollout.rollBack(1);
    await engine.rollout.stage(policyOf("other ids"));
    const after = await madeBy(await passGates(engine));
    expect(after).not.toEqual(before);
    await engine.close();
    expect(audited(world.entries()).findings).toEqual([]);
  });

  test("a retry gets the canary's decision after its end, and its outcome binds to it", async () => {
    const { world, engine, id } = await canaryOf("other ids");
    await engine.rollout.canary(id, 10_000, undefined, OPEN);
    const request = { ...requestOf(1), tenant: "acme", requestId: "once", requested: "cheaper" };
    const first = await engine.decide(request);
    expect(first.policyId).toBe(id);
    await engine.rollout.rollBack(1);
    const again = await engine.decide(request);
    expect(again).toMatchObject({
      repeated: true,
      policyId: id,
      decisionId: first.decisionId,
      identity: first.identity,
    });
    expect((await engine.reading.decision(first.decisionId))?.snapshot).toEqual(policyOf("other ids"));
    await engine.learning.observe({ decisionId: first.decisionId, succeeded: true });
    await engine.close();
    expect(audited(world.entries()).findings).toEqual([]);
  });

  test("a policy that learns otherwise, a share beyond the tenants, and a larger share without a gate are refused", async () => {
    const { engine, id } = await canaryOf("learns");
    expect(await codeOf(engine.rollout.canary(id, 100, undefined, OPEN))).toBe("CAL_ROLLOUT_CANARY");
    expect(await codeOf(engine.rollout.canary(id, 10_001, undefined, OPEN))).toBe("CAL_LEDGER_INVALID");
    expect(await codeOf(engine.rollout.canary(id, 100))).toBe("CAL_ROLLOUT_GATES");
    expect(await codeOf(engine.rollout.canary(1, 100, undefined, OPEN))).toBe("CAL_ROLLOUT_NOT_STAGED");
    expect(await codeOf(engine.rollout.canary(9, 0))).toBe("CAL_ROLLOUT_POLICY_UNKNOWN");
    expect((await engine.rollout.status()).canaryBps).toBe(0);
    await engine.close();
  });

  test("a lie about who decided, about the share or about a shadow is found at its entry", async () => {
    const { world, engine, id } = await canaryOf("other ids");
    await engine.rollout.canary(id, 5_000, undefined, OPEN);
    const by = async (policyId: number): Promise<number> => {
      for (const tenant of TENANTS) {
        const decided = await engine.decide({ ...requestOf(1), tenant });
        if (decided.policyId === policyId) return decided.sequence;
      }
      throw new Error("no tenant");
    };
    const [canary, active] = [await by(id), await by(1)];
    await engine.close();
    const entries = world.entries();
    expect(audited(entries).findings).toEqual([]);
    const lie = (at: number, from: string | RegExp, to: string): readonly { readonly sequence: number }[] => {
      const altered = entries.map((data, index) => (index === at - 1 ? data.replace(from, to) : data));
      expect(altered[at - 1]).not.toBe(entries[at - 1]);
      return audited(altered).findings;
    };
    expect(lie(active, ',"kind":"decision"', `,"kind":"decision","policy":1`)[0]).toMatchObject({ sequence: active });
    expect(lie(active, /,"shadow":\{[^}]*\}/, "")[0]).toMatchObject({ sequence: active, problem: "decision" });
    const shadow = ',"shadow":{"action":"reject"},"identity"';
    expect(lie(canary, ',"identity"', shadow)[0]).toMatchObject({ sequence: canary, problem: "decision" });
    const shareAt = entries.findIndex((data) => data.includes('"change":"canary"')) + 1;
    expect(lie(shareAt, '"shareBps":5000', '"shareBps":0')[0]?.sequence).toBe(Math.min(canary, active));
    const { policyId: other } = await (async () => {
      const again = await world.open();
      const staged = await again.rollout.stage(policyOf("learns"));
      await again.close();
      return staged;
    })();
    const staged = world.entries();
    const next = staged.length + 1;
    const change = (members: string): string =>
      `{"sequence":${next},"durable":${staged.length},"at":9000000,"kind":"policy",${members},"actor":"system:ada"}`;
    const digest = /"policyDigest":"([0-9a-f]{64})"/.exec(
      staged.findLast((data) => data.includes('"change":"staged"')) ?? "",
    )?.[1];
    const learns = change(`"change":"canary","policyId":${other},"policyDigest":"${digest}","shareBps":100`);
    expect(audited([...staged, learns]).findings[0]).toMatchObject({ sequence: next, problem: "learning" });
    const first = /"policyDigest":"([0-9a-f]{64})"/.exec(staged[0] ?? "")?.[1];
    const promoted = change(`"change":"promoted","policyId":1,"policyDigest":"${first}"`);
    expect(audited([...staged, promoted]).findings[0]).toMatchObject({ sequence: next, problem: "policy_id" });
  });
});
