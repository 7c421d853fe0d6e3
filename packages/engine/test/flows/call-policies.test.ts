import fc from "fast-check";
import type { PolicySnapshot } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { boundsOf, CallWorld } from "../support/call-world.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: a call is decided by the policy that its bounds were made by, or not at all.
// Method: policies whose candidates have exchanged their ids are activated while calls begin; the amount of a bound says by which
// policy it was made. A call with an id from before the retention waits for the disk on its way, and that is when another policy
// comes.

const WEEK_US = 8 * 24 * 3_600 * 1_000_000;
const GRANT = 1_000_000_000n;

/** The names of candidates 1 and 2 change places with every epoch. */
function policyOf(epoch: bigint): PolicySnapshot {
  const sample = sampleSnapshot(epoch);
  return epoch % 2n === 1n ? sample : { ...sample, candidateNames: sample.candidateNames.toReversed() };
}

async function funded(): Promise<CallWorld> {
  const world = await new CallWorld(policyOf(1n)).open();
  await world.fund("team", GRANT);
  return world;
}

const boundsBy = (policyId: number): ReturnType<typeof boundsOf> => boundsOf(BigInt(policyId) * 10_000n);

describe("a call whose bounds are of another policy than the one that decides", () => {
  test("is refused, reserves nothing, and begins by bounds of that one", async () => {
    const world = await funded();
    await world.engine.setPolicy(policyOf(2n));
    await expect(world.begin({ requestId: "r-1" })).rejects.toMatchObject({
      code: "CAL_CALL_POLICY_CHANGED",
      status: 409,
      details: { given: 1, deciding: 2 },
    });
    expect(world.balance()).toMatchObject({ reserved: 0n, remaining: GRANT });
    const call = await world.call({ requestId: "r-1", policyId: 2, bounds: boundsBy(2) });
    expect(call.reservedMicrocents).toBe(20_500n);
    await world.engine.close();
  });

  test("is refused before its names are looked up in the other policy", async () => {
    const world = await funded();
    await world.engine.setPolicy({ ...policyOf(1n), name: "others", candidateNames: ["one", "two"] });
    await expect(world.begin()).rejects.toMatchObject({ code: "CAL_CALL_POLICY_CHANGED" });
    await world.engine.close();
  });

  test("is refused where the policy came while the id of the call was looked up", async () => {
    const world = await funded();
    await (await world.call({ requestId: "r-1" })).complete({}, ENDED);
    world.now += WEEK_US;
    const begun = world.begin({ requestId: "r-1" });
    await world.engine.setPolicy(policyOf(2n));
    await expect(begun).rejects.toMatchObject({ code: "CAL_CALL_POLICY_CHANGED" });
    expect(world.balance()).toMatchObject({ reserved: 0n });
    await world.engine.close();
  });

  test("that names no policy is refused by the field", async () => {
    const world = await funded();
    for (const policyId of [undefined, -1, 1.5, "1"])
      await expect(world.begin({ policyId: policyId as never })).rejects.toMatchObject({
        code: "CAL_REQUEST_INVALID",
        details: { mistakes: [{ path: "policyId" }] },
      });
    await world.engine.close();
  });
});

const ENDED = { number: 1, status: 200, latencyMs: 9, costMicrocents: 5n };

test("whatever comes between a bound and its decision, the policy of the decision made the bound", async () => {
  const step = fc.record({ isPolicy: fc.boolean(), id: fc.integer({ min: 0, max: 9 }), ticks: fc.nat({ max: 3 }) });
  let refused = 0;
  let decided = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
      const world = await funded();
      for (let id = 0; id < 10; id += 1) await (await world.call({ requestId: `r-${id}` })).complete({}, ENDED);
      world.now += WEEK_US;
      const { engine } = world;
      let epoch = 1n;
      const all: Promise<void>[] = [];
      for (const { isPolicy, id, ticks } of steps) {
        for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
        if (isPolicy) {
          epoch += 1n;
          all.push(engine.setPolicy(policyOf(epoch)).then(() => undefined));
          continue;
        }
        const policy = engine.rollout.policyFor("team");
        const asked = { requestId: `r-${id}`, policyId: policy.id, bounds: boundsBy(policy.id) };
        const begun = world.call(asked).then(
          (call) => {
            decided += 1;
            expect(call.reservedMicrocents).toBe(BigInt(policy.id) * 10_000n + 500n);
            const name = policy.snapshot.candidateNames[call.candidate - 1];
            expect(call.decided.policyId).toBe(policy.id);
            expect(["better", "cheaper"]).toContain(name);
          },
          ({ code }: { readonly code: string }) => {
            if (code === "CAL_CALL_POLICY_CHANGED") refused += 1;
            else expect(code).toBe("CAL_CALL_REPEATED");
          },
        );
        all.push(begun);
      }
      await Promise.all(all);
      await engine.close();
    }),
    { numRuns: 8 },
  );
  // Both happen, or the walk tries nothing.
  expect(refused).toBeGreaterThan(5);
  expect(decided).toBeGreaterThan(5);
});
