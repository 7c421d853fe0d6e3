import { afterEach, expect, test } from "vitest";
import { createKey } from "../../src/keys/keyring.ts";
import { post, type Running, startService } from "../support/running-service.ts";

// Goal: every entry that a client causes names the key that was presented, and nothing that a client sends changes that.

let running: Running | undefined;
afterEach(async () => {
  await running?.end();
  running = undefined;
});

const OTHER = createKey();
const ASKED = { requested: "large", inputTokens: 10, tenant: "acme" };

async function entries(of: Running): Promise<readonly { readonly [member: string]: unknown }[]> {
  const response = await fetch(`${of.url}/v1/journal/entries`, {
    headers: { authorization: `Bearer ${of.keys.audit}` },
  });
  return (await response.text())
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { readonly data: { readonly [member: string]: unknown } }).data);
}

test("a key is introduced once, before the first entry that it causes, and is the actor of each by that sequence", async () => {
  running = await startService({ moreKeys: [{ name: "other", scopes: ["decide"], sha256: OTHER.sha256 }] });
  const operate = running.client({ key: running.keys.operate });
  const decide = running.client({ key: running.keys.decide });
  await operate.setBudget("acme", { by: "ada", limit: {}, grant: { id: "g", amountMicrocents: 1_000_000_000 } });
  const { decisionId } = await decide.decide(ASKED);
  const outcome = { decisionId, succeeded: true, costMicrocents: 7, settle: true, onBehalfOf: "bob" };
  const settled = await post(running, "/v1/outcomes", JSON.stringify(outcome), {
    authorization: `Bearer ${OTHER.key}`,
  });
  expect(settled.body).toMatchObject({ settlement: { state: "settled", actualMicrocents: "7" } });
  const all = await entries(running);
  const keys = new Map(all.filter(({ kind }) => kind === "key").map(({ sequence, name }) => [sequence, name]));
  expect(new Set(keys.values()).size).toBe(keys.size);
  const caused = all.filter(({ kind }) => ["limit", "grant", "decision", "outcome"].includes(String(kind)));
  expect(caused.map(({ kind, actor, onBehalfOf }) => [kind, keys.get(actor), onBehalfOf])).toEqual([
    ["limit", "operate", "ada"],
    ["grant", "operate", "ada"],
    ["decision", "decide", undefined],
    ["outcome", "other", "bob"],
  ]);
  for (const { sequence, actor } of caused) expect(Number(actor)).toBeLessThan(Number(sequence));
  expect(JSON.stringify(all)).not.toContain(OTHER.key);
  const claimed = await decide.decide({ ...ASKED, onBehalfOf: "eve" });
  expect((await decide.decision(claimed.decisionId)).actor).toEqual({
    actor: expect.stringMatching(/^[0-9]+$/),
    keyName: "decide",
    claimedOnBehalfOf: "eve",
  });
});

test.each([{ actor: 1 }, { actor: "system:root" }, { by: "ada", onBehalfOf: "bob" }])(
  "a client that sends %j is refused, and causes nothing",
  async (more) => {
    running = await startService({});
    const { decisionId } = await running.client({ key: running.keys.decide }).decide({ ...ASKED, tenant: "x" });
    const before = (await entries(running)).filter(({ kind }) => kind !== "seal").length;
    const body = { decisionId, succeeded: true, ...more };
    const answer = await post(running, "/v1/outcomes", JSON.stringify(body), {
      authorization: `Bearer ${running.keys.decide}`,
    });
    expect(answer.status).toBe(400);
    expect((await entries(running)).filter(({ kind }) => kind !== "seal")).toHaveLength(before);
  },
);
