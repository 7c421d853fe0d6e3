import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { caseCount, longTest } from "../../../test/share.ts";
import { CalybrisClient, type Decision, ServiceError } from "../../client/src/index.ts";
import { createKey } from "../src/keys/keyring.ts";
import type { Scope } from "../src/keys/scope.ts";
import { POLICY } from "./support/running-service.ts";
import { calybris, type Serving, serve } from "./support/serve-process.ts";

const KEYS = { decide: createKey(), operate: createKey(), audit: createKey() };
const ASKED = { tenant: "acme", requested: "large", inputTokens: 1_000, outputTokens: 100 };
const GRANTED = 10_000_000_000_000n;

let place: string;
let journal: string;
let config: string;
let serving: Serving | undefined;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "calybris-black-box-"));
  journal = join(place, "journal");
  config = join(place, "config.yaml");
  writeFileSync(join(place, "policy.json"), JSON.stringify(POLICY));
  writeFileSync(join(place, "budgets.json"), JSON.stringify({ tenants: { acme: {} } }));
  const keys = Object.entries(KEYS).map(([scope, { sha256 }]) => ({ name: scope, scopes: [scope], sha256 }));
  writeFileSync(
    config,
    `journal: { directory: ${journal} }\npolicy: { file: ${place}/policy.json }\nbudgets: { file: ${place}/budgets.json }\nkeys: ${JSON.stringify(keys)}\n`,
  );
});
afterEach(async () => {
  if (serving !== undefined && serving.process.exitCode === null && serving.process.signalCode === null) {
    serving.process.kill("SIGKILL");
    await serving.ended;
  }
  rmSync(place, { recursive: true, force: true });
});

async function start(options: { readonly fileBlocksMax?: number } = {}): Promise<Serving> {
  serving = await serve(["--config", config], options);
  return serving;
}

function client(scope: Scope, attempts = 1): CalybrisClient {
  return new CalybrisClient({ url: serving?.url ?? "", key: KEYS[scope].key, attempts });
}

/** How many answers a service under load gives before something happens to it. */
const LOAD = 500;

/** Sends requests from many clients at once until stopped; remembers every answer, and what went wrong otherwise. */
function underLoad(askers: number): {
  readonly answers: Map<string, Decision>;
  readonly failures: unknown[];
  /** Until so many were answered. */
  readonly answered: (count: number) => Promise<void>;
  readonly stop: () => Promise<void>;
} {
  const answers = new Map<string, Decision>();
  const failures: unknown[] = [];
  const decider = client("decide");
  let isOver = false;
  const asker = async (name: number): Promise<void> => {
    for (let index = 0; !isOver; index += 1) {
      const requestId = `${name}-${index}`;
      try {
        const decision = await decider.decide({ ...ASKED, requestId });
        answers.set(requestId, decision);
        if (index % 3 === 0 && decision.action !== "reject")
          await decider.settle({ decisionId: decision.decisionId, actualMicrocents: decision.costMicrocents });
      } catch (error) {
        failures.push(error);
        if (!(error instanceof ServiceError)) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  const all = Promise.all(Array.from({ length: askers }, (_, name) => asker(name)));
  return {
    answers,
    failures,
    answered: async (count) => {
      while (answers.size < count) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    stop: async () => {
      isOver = true;
      await all;
    },
  };
}

/** Every answer is remembered, money is conserved, and the journal verifies. */
async function nothingIsLost(answers: ReadonlyMap<string, Decision>): Promise<void> {
  const decider = client("decide", 5);
  const entries = [...answers];
  for (let from = 0; from < entries.length; from += 500) {
    const part = entries.slice(from, from + 500);
    const { results } = await decider.decideBatch(part.map(([requestId]) => ({ ...ASKED, requestId })));
    for (const [index, result] of results.entries()) {
      // What is left moves on; everything else is as it was answered.
      const answered = part.map(([, decision]) => decision)[index];
      expect(result).toEqual({ ...answered, repeated: true, budget: (result as Decision).budget });
    }
  }
  const ledger = await client("audit").ledger();
  expect(ledger.conserved).toBe(true);
  expect(ledger.total.grantedMicrocents).toBe(String(GRANTED));
  const open = ledger.reservations.map(({ decisionId }) => decisionId);
  expect(new Set(open).size).toBe(open.length);
  serving?.process.kill("SIGTERM");
  expect(await serving?.ended).toEqual({ code: 0, signal: null });
  const verified = await calybris("verify", journal, "--json");
  expect(JSON.parse(verified.out)).toMatchObject({ status: "intact", findingCount: 0 });
  expect(verified.code).toBe(0);
}

async function grant(): Promise<void> {
  await client("operate").setBudget("acme", { by: "ada", grant: { id: "all", amountMicrocents: GRANTED } });
}

test("a stranger starts it with one command, asks with plain HTTP, and reads why", async () => {
  serving = await serve(["--journal", journal]);
  const response = await fetch(`${serving.url}/v1/decisions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"requested":"gpt-5.1","inputTokens":1200}',
  });
  const decision = (await response.json()) as Decision;
  expect(response.status).toBe(200);
  expect(decision.action).toMatch(/execute|substitute/);
  const explained = await new CalybrisClient({ url: serving.url }).decision(decision.decisionId);
  expect(explained.explanation.length).toBeGreaterThan(20);
  expect(serving.complaints()).toContain("/docs");
  serving.process.kill("SIGTERM");
  expect(await serving.ended).toEqual({ code: 0, signal: null });
  const shown = await calybris("show", "--journal", journal, String(decision.sequence));
  expect([shown.code, shown.complaints]).toEqual([0, ""]);
});

test("killed under load, it comes back with every answer it gave, and no budget is lost", async () => {
  await start();
  await grant();
  const answers = new Map<string, Decision>();
  for (let round = 0; round < caseCount(2, 1); round += 1) {
    const load = underLoad(64);
    await load.answered(LOAD);
    serving?.process.kill("SIGKILL");
    await serving?.ended;
    await load.stop();
    for (const [requestId, decision] of load.answers) if (!answers.has(requestId)) answers.set(requestId, decision);
    await start();
  }
  expect(answers.size).toBeGreaterThan(100);
  await nothingIsLost(answers);
});

longTest("asked to stop under load, it answers what it took, refuses the rest, and seals the journal", async () => {
  await start();
  await grant();
  const load = underLoad(64);
  await load.answered(LOAD);
  serving?.process.kill("SIGTERM");
  expect(await serving?.ended).toEqual({ code: 0, signal: null });
  await load.stop();
  for (const failure of load.failures) {
    if (failure instanceof ServiceError) expect(failure).toMatchObject({ status: 503, code: "CAL_GATEWAY_STOPPING" });
    // There is nobody to connect to any more.
    else expect(String((failure as Error).cause ?? failure)).toMatch(/ECONNREFUSED|ECONNRESET|socket|closed/i);
  }
  expect(load.answers.size).toBeGreaterThan(100);
  const last = readFileSync(join(journal, "segment-000001.jsonl"), "utf8").trimEnd().split("\n").at(-1) ?? "";
  expect(last).toContain('"kind":"seal","cause":"close"');
  await start();
  await nothingIsLost(load.answers);
});

longTest("when the disk is full it says so for good, and a restart with free space finds every answer", async () => {
  await start();
  await grant();
  serving?.process.kill("SIGTERM");
  await serving?.ended;
  // The first 4 MiB are prepared; the next are not to be had.
  await start({ fileBlocksMax: 12_000 });
  const answers = new Map<string, Decision>();
  const decider = client("decide");
  let failure: unknown;
  for (let batch = 0; failure === undefined && batch < 200; batch += 1) {
    const requests = Array.from({ length: 100 }, (_, index) => ({ ...ASKED, requestId: `full-${batch}-${index}` }));
    const { results } = await decider.decideBatch(requests);
    for (const [index, result] of results.entries()) {
      if ("error" in result) failure ??= result.error;
      else answers.set(requests[index]?.requestId ?? "", result);
    }
  }
  expect(failure).toMatchObject({ code: "CAL_JOURNAL_FAILED", remedy: expect.stringContaining("Restart") });
  for (let again = 0; again < 3; again += 1) {
    await expect(decider.decide(ASKED)).rejects.toMatchObject({ status: 503, code: "CAL_JOURNAL_FAILED" });
    await expect(client("operate").setPolicy({ policy: { ...POLICY, epoch: 9 }, by: "ada" })).rejects.toMatchObject({
      status: 503,
    });
  }
  await expect(client("audit").ready()).rejects.toMatchObject({ status: 503, code: "CAL_GATEWAY_NOT_READY" });
  expect(await client("audit").health()).toEqual({ status: "alive" });
  const [known] = answers.values();
  expect(await client("audit").decision(known?.decisionId ?? "")).toMatchObject({ entryHash: known?.entryHash });
  serving?.process.kill("SIGTERM");
  await serving?.ended;
  await start();
  expect(serving?.complaints()).toContain("entries verified");
  await nothingIsLost(answers);
});

describe("a start that cannot be", () => {
  test.each([
    ["another address without a key", ["--host", "0.0.0.0"], /CAL_CONFIG_INVALID[\s\S]*no keys/],
    ["an option out of its range", ["--limits-depth-max", "1000"], /--limits-depth-max is 1000/],
    ["a flag that is not known", ["--prot", "1"], /unknown option/],
    ["a configuration that is not there", ["--config", "nowhere.yaml"], /CAL_INPUT_UNREADABLE/],
  ])("says why: %s", async (_what, words, complaint) => {
    const { code, complaints } = await calybris("serve", "--journal", journal, ...words);
    expect(code).toBe(2);
    expect(complaints).toMatch(complaint);
  });

  test("does not take a journal from under another", async () => {
    await start();
    const second = await calybris("serve", "--config", config, "--port", "0");
    expect([second.code, second.complaints]).toEqual([2, expect.stringContaining("CAL_JOURNAL_LOCKED")]);
  });
});

test("SIGHUP reloads, with a mistake too, and never ends the process; a restart keeps what was reloaded", async () => {
  await start();
  const hangUp = async (complaintOrLog: RegExp): Promise<void> => {
    serving?.process.kill("SIGHUP");
    await expect.poll(() => `${serving?.complaints()}${serving?.log()}`, { timeout: 60_000 }).toMatch(complaintOrLog);
  };
  writeFileSync(join(place, "policy.json"), JSON.stringify({ ...POLICY, epoch: "two" }));
  await hangUp(/nothing was reloaded[\s\S]*CAL_POLICY_INVALID/);
  writeFileSync(join(place, "policy.json"), JSON.stringify({ ...POLICY, epoch: 2 }));
  await hangUp(/"policyId":2/);
  expect((await client("operate").policies()).policies.map(({ policyEpoch }) => policyEpoch)).toEqual(["1", "2"]);
  serving?.process.kill("SIGTERM");
  expect(await serving?.ended).toEqual({ code: 0, signal: null });
  await start();
  expect((await client("operate").policies()).policies).toHaveLength(2);
  expect(await calybris("verify", journal)).toMatchObject({ code: 0 });
});
