import { expect, test } from "vitest";
import { CommandWorld, learning } from "../support/command-world.ts";
import { REQUEST_ID_RETENTION_US } from "../../src/state/request-index.ts";
import { searchRetries } from "../search/retry-search.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";
import { plainDecided } from "../../src/flows/decided.ts";

// Goal: a request id is decided at most once for the tenant that the client named, and a retry gets that decision whatever
// has changed since; no tenant reads, blocks or meets the ids of another.
// Method: random requests, policies, limits and restarts against a map of first answers (retry-search.ts).

const ASKED = { inputTokens: 1_000, requestId: "order-17" };

test("a retry gets its decision under any policy, in flight and after a restart; other content is refused; tenants never meet", async () => {
  const counts = await searchRetries(1, 5);
  expect(counts.outlived).toBeGreaterThan(15);
  expect(counts.inFlight).toBeGreaterThan(40);
  expect(counts.reused).toBeGreaterThan(40);
  expect(counts.decided).toBeGreaterThan(25);
});

test("a retry without a tenant is another request than one for the default tenant, also when both are of one account", async () => {
  const world = await CommandWorld.open({ policy: sampleSnapshot() });
  await world.start({ does: "apply", tenants: { default: { unlimited: true } } });
  const unnamed = await world.engine.decide(ASKED);
  const named = await world.engine.decide({ ...ASKED, tenant: "default" });
  expect(named.sequence).not.toBe(unnamed.sequence);
  await world.engine.close();
  const { engine } = await CommandWorld.open({}, world.disk);
  expect(await engine.decide(ASKED)).toEqual({ ...plainDecided(unnamed), repeated: true });
  expect(await engine.decide({ ...ASKED, tenant: "default" })).toEqual({ ...plainDecided(named), repeated: true });
  await expect(engine.decide({ ...ASKED, inputTokens: 1 })).rejects.toMatchObject({
    details: { sequence: unnamed.sequence },
  });
  await engine.close();
});

test("an id is free again after the retention, and not before", async () => {
  const world = await CommandWorld.open({ policy: sampleSnapshot() });
  const { engine } = world;
  const first = await engine.decide(ASKED);
  world.now += REQUEST_ID_RETENTION_US;
  expect(await engine.decide(ASKED)).toEqual({ ...plainDecided(first), repeated: true });
  world.now += 1;
  const second = await engine.decide({ ...ASKED, inputTokens: 2_000 });
  expect(second.repeated).toBe(false);
  expect((await engine.decide({ ...ASKED, inputTokens: 2_000 })).sequence).toBe(second.sequence);
  await engine.close();
});

test("a request that no policy would take is refused as that, also under an id that was decided", async () => {
  const { engine } = await CommandWorld.open({ policy: learning(1n) });
  await engine.decide(ASKED);
  for (const wrong of [{ inputTokens: 0.5, priority: 1 }, { tenant: "" }, { tenant: 7 }, { useCase: "\ud800" }])
    await expect(engine.decide({ ...ASKED, ...wrong } as never)).rejects.toMatchObject({ code: "CAL_REQUEST_INVALID" });
  expect((await engine.decide(ASKED)).repeated).toBe(true);
  await engine.close();
});
