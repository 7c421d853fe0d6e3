import { parsePolicyFile } from "@calybris/engine";
import type { PolicySnapshot } from "@calybris/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CALL_CATALOG, CALL_POLICY, type RunningGateway, startGateway } from "./running-gateway.ts";

// Goal: a policy that is activated between a call's bounds and its decision never makes another model of the one that was asked for.
// Method: the policies have the same models, and each has other ids for them; one is activated on the way into the engine.

const { candidates: all } = CALL_CATALOG as { readonly candidates: readonly { readonly name: string }[] };

function policyOf(epoch: number): PolicySnapshot {
  const candidates = all.map((one, index) => ({ ...one, id: ((index + epoch) % all.length) + 1 }));
  return parsePolicyFile({ ...CALL_POLICY, epoch, catalog: { ...CALL_CATALOG, candidates } });
}

let running: RunningGateway;
beforeEach(async () => {
  running = await startGateway({
    startingPolicy: () => Promise.resolve(policyOf(1)),
    models: [{ name: "enforced", candidate: "gpt-4.1", decisions: "enforce" }],
  });
});
afterEach(() => running.end());

/** Activates so many policies, each before the engine sees the call again. */
function activateOnTheWay(count: number): { readonly epochs: () => number } {
  const { engine } = running.service;
  const { calls } = engine;
  const begin = calls.begin.bind(calls);
  let epoch = 1;
  calls.begin = async (call, caller) => {
    if (epoch <= count) {
      epoch += 1;
      await engine.setPolicy(policyOf(epoch));
    }
    return begin(call, caller);
  };
  return { epochs: () => epoch };
}

async function ask(
  model: string,
  tenant?: string,
): Promise<{ readonly status: number; readonly ran: string | null; readonly text: string }> {
  const answer = await fetch(`${running.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${running.keys.decide}`,
      ...(tenant === undefined ? {} : { "x-calybris-tenant": tenant }),
    },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Say hello." }], max_tokens: 30 }),
  });
  return { status: answer.status, ran: answer.headers.get("x-calybris-model"), text: await answer.text() };
}

test.each(["gpt-4.1", "claude-sonnet-4-6", "gpt-4.1-nano"])(
  "%s is asked for and answers, although its id was another model's a moment before",
  async (model) => {
    const { epochs } = activateOnTheWay(2);
    expect(await ask(model)).toMatchObject({ status: 200, ran: model });
    expect(epochs()).toBe(3);
    expect(
      running.mock
        .billText()
        .trim()
        .split("\n")
        .map((row) => (JSON.parse(row) as { model: string }).model),
    ).toEqual([model]);
  },
);

test("an enforced decision is made by the policy that came", async () => {
  activateOnTheWay(1);
  const { status, ran } = await ask("enforced");
  expect(status).toBe(200);
  const [last] = running.service.engine.reading.policies().slice(-1);
  expect(all.map(({ name }) => name)).toContain(ran);
  expect(last?.id).toBe(2);
});

test("a canary's tenants get the model that they ask for, by the ids of the policy that decides for them", async () => {
  const { engine } = running.service;
  const { policyId } = await engine.rollout.stage(policyOf(2));
  for (let decision = 0; decision < 40; decision += 1) {
    const { decisionId } = await engine.decide({ inputTokens: 100 });
    await engine.learning.observe({ decisionId, succeeded: true });
  }
  const gates = { decisionsMin: 0, actionDeltaMaxBps: 10_000, margin: 0.99, alpha: 0.999 };
  await engine.rollout.canary(policyId, 5_000, () => ({}), gates);
  const ids = new Set<number>();
  for (let tenant = 0; tenant < 8; tenant += 1) {
    const name = `tenant-${tenant}`;
    const limit = { exposureCapDollars: "10" };
    await running
      .client({ key: running.keys.operate })
      .setBudget(name, { limit, grant: { id: name, amountMicrocents: "100000000" } });
    ids.add(engine.rollout.policyFor(name).id);
    expect(await ask("gpt-4.1-nano", name)).toMatchObject({ status: 200, ran: "gpt-4.1-nano" });
  }
  expect([...ids].sort()).toEqual([1, policyId]);
});

test("policies that change without an end are answered 409, and nothing is sent", async () => {
  activateOnTheWay(100);
  const { status, text } = await ask("gpt-4.1");
  expect(status).toBe(409);
  expect(text).toContain("another policy was activated");
  expect(running.mock.billText()).toBe("");
});
