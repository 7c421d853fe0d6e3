/**
 * Many calls at once over both dialects, with clients that leave, providers that refuse, cut and reset. The mock's bill is the
 * truth: what was settled never exceeds it, what was settled and is held always covers it, and after reconciliation by the
 * bill the two are equal to the microcent.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "../../src/keys/keyring.ts";
import { rowsOf } from "../mock/running-mock.ts";
import { type RunningGateway, startGateway } from "./running-gateway.ts";

const CALLS = 600;
const CONCURRENCY = 32;
const acme = createKey();
let running: RunningGateway;

beforeAll(async () => {
  running = await startGateway({
    moreKeys: [{ name: "acme", scopes: ["decide"], sha256: acme.sha256, tenants: ["acme"] }],
    models: [{ name: "chosen", candidate: "gpt-4.1", decisions: "enforce", outputTokensMax: 200 }],
    flags: { "calls-retry-wait-ms": "1" },
  });
  await running.client({ key: running.keys.operate }).setBudget("acme", {
    limit: { exposureCapDollars: "1000" },
    grant: { id: "all", amountMicrocents: "100000000000" },
  });
});
afterAll(() => running.end());

/** Small numbers of one seed, so that a failure can be repeated. */
function draws(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const FAULTS = ["", "", "", "", "status=500 times=1", "status=429 times=1", "cut=before-usage", "cut=after-usage"];
const MORE_FAULTS = [
  "reset=stream",
  "status=400",
  "first-event-error",
  "error-event",
  "reset=before-head",
  "malformed",
];

interface Shot {
  readonly path: string;
  readonly body: object;
  readonly isLeft: boolean;
}

function shotOf(number: number, draw: (limit: number) => number): Shot {
  const all = [...FAULTS, ...MORE_FAULTS];
  const stream = draw(10) < 5;
  const isLeft = stream && draw(3) === 0;
  const fault = `[[mock: output=${1 + draw(60)} ${isLeft ? "slow=2" : ""} ${all[draw(all.length)]}]]`;
  const messages = [{ role: "user", content: `Call ${number} ${fault}` }];
  const isChat = draw(2) === 0;
  const model = ["gpt-4.1", "claude-sonnet-4-6", "chosen"][draw(3)];
  const body = { model, messages, stream, ...(isChat ? { max_completion_tokens: 200 } : { max_tokens: 200 }) };
  return { path: isChat ? "/v1/chat/completions" : "/v1/messages", body, isLeft };
}

/** Whatever happens to the client's side of it. */
async function fire({ path, body, isLeft }: Shot, leaveAfterMs: number): Promise<number> {
  const abort = new AbortController();
  const leaving = isLeft ? sleep(leaveAfterMs).then(() => abort.abort()) : undefined;
  try {
    const answer = await fetch(`${running.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${acme.key}` },
      body: JSON.stringify(body),
      signal: abort.signal,
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  } finally {
    await leaving;
  }
}

interface Books {
  readonly settled: bigint;
  readonly reserved: bigint;
  readonly bill: bigint;
}

function books(): Books {
  const { settledMicrocents, reservedMicrocents, debtMicrocents } = running.service.engine.ledger.balance("acme");
  const bill = rowsOf(running.mock.billText()).reduce((sum, { cost_microcents: cost }) => sum + BigInt(cost), 0n);
  return { settled: settledMicrocents + debtMicrocents, reserved: reservedMicrocents, bill };
}

test("what is settled and held covers the bill at every moment, and is the bill once it is reconciled", async () => {
  const draw = draws(11);
  const shots = Array.from({ length: CALLS }, (_none, number) => shotOf(number, draw));
  const waits = shots.map(() => draw(60));
  const statuses = new Map<number, number>();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < shots.length) {
      const at = next;
      next += 1;
      const status = await fire(shots[at] as Shot, waits[at] as number);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  let isOver = false;
  const watch = async (): Promise<void> => {
    while (!isOver) {
      const { settled, reserved, bill } = books();
      expect(settled + reserved).toBeGreaterThanOrEqual(bill);
      await sleep(5);
    }
  };
  const watching = watch();
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  isOver = true;
  await watching;

  // Calls whose client left end a moment after it.
  const { calls, ledger } = running.service.engine;
  for (let tries = 0; tries < 3_000 && [...calls.open()].some(({ state }) => state === "in_flight"); tries += 1)
    await sleep(20);
  const open = [...calls.open()];
  expect(open.filter(({ state }) => state !== "held")).toEqual([]);
  const before = books();
  expect(before.settled).toBeLessThanOrEqual(before.bill);
  expect(before.settled + before.reserved).toBeGreaterThanOrEqual(before.bill);
  console.log(JSON.stringify({ statuses: Object.fromEntries(statuses), held: open.length }), before);

  const rows = rowsOf(running.mock.billText());
  for (const { decisionId, tenant } of open) {
    const own = rows.filter(({ request_id: id }) => id.startsWith(`${decisionId}/`));
    const actualMicrocents = own.reduce((sum, { cost_microcents: cost }) => sum + BigInt(cost), 0n);
    await ledger.reconcile({ decisionId, tenant, actualMicrocents });
  }
  const after = books();
  expect(after.reserved).toBe(0n);
  expect(after.settled).toBe(after.bill);
  expect(running.logged()).not.toContain("CAL_GATEWAY_BUG");
});
