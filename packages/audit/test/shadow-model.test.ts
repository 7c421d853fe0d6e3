import { CalybrisError, type ExactJson, parseExact } from "@calybris/kernel";
import { expect, test } from "vitest";
import type { ClientRequest } from "../../engine/src/intake/client-request.ts";
import { CommandWorld } from "../../engine/test/support/command-world.ts";
import { seededChance } from "../../engine/test/support/seeded-chance.ts";
import { withTimersHeld } from "../../engine/test/support/virtual-timers.ts";
import { type Chance, oneOf } from "./histories/chance.ts";
import { CANDIDATES, type PolicyChoice, randomPolicy, snapshotOf } from "./histories/policies.ts";

// Goal: engine and audit share the function that decides a recorded decision under the staged policy (`Redecider`), so it is held
// to what shares nothing with it: another engine under that policy, which resolves the client's request itself.
// Method: random pairs of policies whose names are in another order, and random requests; every shadow in an entry.

const PAIRS = 30;
const REQUESTS = 50;

test("what a staged policy would have decided is what an engine under it decides, of any two policies", async () => {
  const met = { execute: 0, substitute: 0, reject: 0, refused: 0 };
  await withTimersHeld(async () => {
    for (let pair = 0; pair < PAIRS; pair++) {
      const chance = seededChance(pair);
      const [policy, other] = [randomChoice(chance), randomChoice(chance)].map(snapshotOf);
      if (policy === undefined || other === undefined) continue;
      const active = await CommandWorld.open({ policy });
      const alone = await CommandWorld.open({ policy: other });
      await active.engine.rollout.stage(other);
      const expected: object[] = [];
      for (let index = 0; index < REQUESTS; index++) {
        const request = randomRequest(chance);
        if ((await active.engine.decide(request).catch(refused)) === undefined) continue;
        const decided = await alone.engine.decide(request).catch(refused);
        const { action = "reject", selectedId = 0 } = decided?.decision ?? {};
        expected.push({ pair, request, action, candidate: Number(selectedId) });
        met[decided === undefined ? "refused" : action] += 1;
      }
      const found = active
        .entries()
        .filter((data) => data.includes('"kind":"decision"'))
        .map(shadowOf);
      expect(found.map((shadow, index) => ({ ...expected[index], ...shadow }))).toEqual(expected);
      await active.engine.close();
      await alone.engine.close();
    }
  });
  for (const count of Object.values(met)) expect(count).toBeGreaterThan(20);
});

function shadowOf(decision: string): { readonly action: unknown; readonly candidate: number } {
  const { shadow } = parseExact(decision) as { readonly shadow: { readonly [key: string]: ExactJson } };
  return { action: shadow["action"], candidate: Number(shadow["candidate"] ?? 0) };
}

/** An invalid request decides nothing. */
function refused(error: unknown): undefined {
  if (!(error instanceof CalybrisError)) throw error;
}

/** With names in an order of its own, and other bounds. */
function randomChoice(chance: Chance): PolicyChoice {
  const policy = randomPolicy(chance, false);
  const catalog = policy["catalog"] as { readonly [member: string]: readonly { readonly id: number }[] };
  const turned = <Item>(items: readonly Item[] = []): readonly Item[] => (chance(2) === 0 ? items : items.toReversed());
  const shift = 1 + chance(3);
  const candidates = turned(catalog["candidates"]).map((candidate) => ({ ...candidate, id: candidate.id * shift }));
  const names = { providers: turned(catalog["providers"]), capabilities: turned(catalog["capabilities"]) };
  return {
    ...policy,
    ...oneOf(chance, [{}, { spendLimit: "none" }, { spendLimit: "requested" }]),
    ...oneOf(chance, [{}, {}, { substituteWithin: "requestedProvider" }, { substituteWithin: ["Velo"] }]),
    catalog: { ...catalog, ...names, regions: turned(catalog["regions"]), candidates },
  };
}

function randomRequest(chance: Chance): ClientRequest {
  const sent: { readonly [key: string]: unknown } = {
    inputTokens: oneOf(chance, [0, 1_000, 700_000]),
    requested: oneOf(chance, [undefined, ...CANDIDATES]),
    useCase: oneOf(chance, [undefined, undefined, undefined, "support", "constructor", "10"]),
    outputTokens: oneOf(chance, [undefined, undefined, 0, 900_000]),
    valueMicrocents: oneOf(chance, [undefined, undefined, 100_000_000, 3_000_000]),
    riskBps: oneOf(chance, [undefined, undefined, 0, 6_000]),
    confidenceBps: oneOf(chance, [undefined, undefined, 9_500]),
    qualityMinBps: oneOf(chance, [undefined, undefined, undefined, 0, 6_500, 9_900]),
    budgetMicrocents: oneOf(chance, [undefined, undefined, 0, 1_000, 5_000_000]),
    latencyMaxMs: oneOf(chance, [undefined, undefined, 400]),
    providers: oneOf(chance, [undefined, undefined, ["Velo"], ["Skyfreight", "Velo"]]),
    capabilities: oneOf(chance, [undefined, undefined, ["parcel"], ["pallet"]]),
    regions: oneOf(chance, [undefined, undefined, ["city"], ["overseas", "city"]]),
  };
  return Object.fromEntries(
    Object.entries(sent).filter(([, value]) => value !== undefined),
  ) as unknown as ClientRequest;
}
