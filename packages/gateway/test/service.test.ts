import { nodeSha256 } from "@calybris/engine";
import { nodeChain } from "@calybris/engine/internal";
import { parseEntryHead, parseEntryLine } from "@calybris/kernel";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { z } from "zod";
import type { CalybrisClient, Decision, ErrorAnswer } from "../../client/src/index.ts";
import * as answerShapes from "../src/decisions/answer-shapes.ts";
import * as moneyShapes from "../src/decisions/money-shapes.ts";
import * as serviceShapes from "../src/decisions/service-shapes.ts";
import { codeOf, POLICY, post, type Running, startService } from "./support/running-service.ts";

const ASKED = { requested: "large", inputTokens: 1_000, outputTokens: 100 };

let running: Running;
let decider: CalybrisClient;
let operator: CalybrisClient;
let auditor: CalybrisClient;

beforeAll(async () => {
  running = await startService({ onDisk: true });
  decider = running.client({ key: running.keys.decide });
  operator = running.client({ key: running.keys.operate });
  auditor = running.client({ key: running.keys.audit });
});
afterAll(() => running.end());

function conforms(shape: z.ZodType, answer: unknown): void {
  expect(shape.safeParse(answer).error?.issues ?? []).toEqual([]);
}

/** Starts one of its own, for what must not disturb the others. */
async function withService(
  options: Parameters<typeof startService>[0],
  body: (own: Running) => Promise<void>,
): Promise<void> {
  const own = await startService(options);
  try {
    await body(own);
  } finally {
    await own.end();
  }
}

describe("a decision", () => {
  test("carries all that proves it, and is in the journal when it is answered", async () => {
    const decision = await decider.decide(ASKED);
    conforms(answerShapes.decisionShape, decision);
    expect(decision).toMatchObject({
      action: "execute",
      selected: { id: 1, name: "large" },
      repeated: false,
      tenant: null,
    });
    const head = await auditor.journalHead();
    expect(head.sequence).toBeGreaterThanOrEqual(decision.sequence);
    const [line = ""] = await Array.fromAsync(
      auditor.journalEntries({ from: decision.sequence, to: decision.sequence }),
    );
    const entry = parseEntryLine(line);
    expect(entry?.entryHash).toBe(decision.entryHash);
    expect(nodeChain()(entry?.previousHash ?? "", Buffer.from(entry?.data ?? ""))).toBe(decision.entryHash);
  });

  test("is explained: one row for each candidate, the terms of its utility, and the line that anybody can hash", async () => {
    const decision = await decider.decide({ ...ASKED, capabilities: ["tools"], regions: ["eu"], latencyMaxMs: 600 });
    const explained = await auditor.decision(decision.decisionId);
    conforms(answerShapes.explainedShape, explained);
    expect(explained).toMatchObject({ ...decision, repeated: true });
    expect(explained.explanation.map(({ name, refusedBy }) => [name, refusedBy])).toEqual([
      ["large", "latency"],
      ["medium", null],
      ["small", "capability"],
    ]);
    expect(explained.request).toMatchObject({
      capabilities: ["tools"],
      regions: ["eu"],
      providers: null,
      latencyMaxMs: 600,
    });
    const entry = parseEntryLine(explained.proof.line);
    expect(parseEntryHead(entry?.data ?? "")?.sequence).toBe(decision.sequence);
    expect(nodeChain()(explained.proof.previousHash, Buffer.from(entry?.data ?? ""))).toBe(decision.entryHash);
    const { policy, request, decision: decided, identity } = explained.digests;
    const sequence = Buffer.alloc(8);
    sequence.writeBigUInt64LE(BigInt(String(explained.request["sequence"])));
    const bound = Buffer.concat([
      Buffer.from("calyidn1\0"),
      ...[policy, request, decided].map((text) => Buffer.from(text, "hex")),
      sequence,
    ]);
    expect(Buffer.from(nodeSha256(bound)).toString("hex")).toBe(identity);
  });

  test.each([
    "1-00000000",
    "99999999-0badc0de",
    "x",
    "3-zz",
    "0-00000000",
    "9007199254740993-00000000",
    "..%2f..%2fhead.json",
  ])("that was never made (%s) is not found", async (decisionId) => {
    await expect(auditor.decision(decisionId)).rejects.toMatchObject({
      status: 404,
      code: "CAL_GATEWAY_DECISION_UNKNOWN",
    });
  });

  test("of one request id is one decision, however it is asked for", async () => {
    const first = await decider.decide({ ...ASKED, requestId: "once" });
    const again = await decider.decide({ requestId: "once", ...ASKED });
    const byHeader = await post(running, "/v1/decisions", JSON.stringify(ASKED), { "idempotency-key": "once" });
    const byBoth = await post(running, "/v1/decisions", JSON.stringify({ ...ASKED, requestId: "once" }), {
      "idempotency-key": "once",
    });
    expect(again).toEqual({ ...first, repeated: true });
    expect(byHeader.body).toEqual(again);
    expect(byBoth.body).toEqual(again);
    await expect(decider.decide({ ...ASKED, inputTokens: 7, requestId: "once" })).rejects.toMatchObject({
      status: 409,
      code: "CAL_REQUEST_ID_REUSED",
    });
    const other = await post(running, "/v1/decisions", JSON.stringify({ ...ASKED, requestId: "a" }), {
      "idempotency-key": "b",
    });
    expect([other.status, codeOf(other.body)]).toEqual([400, "CAL_REQUEST_INVALID"]);
  });

  test("asked for a thousand times at once under one id is made once", async () => {
    const before = (await auditor.journalHead()).sequence;
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, () => decider.decide({ ...ASKED, requestId: "crowd" })),
    );
    expect(new Set(answers.map(({ entryHash }) => entryHash)).size).toBe(1);
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
    const lines = await Array.fromAsync(auditor.journalEntries({ from: before + 1 }));
    expect(lines.filter((line) => line.includes('"id":"crowd"'))).toHaveLength(1);
  });

  test("is answered in full whatever the script of its names", async () => {
    for (const requestId of ["naïve", "日本語", "😀😀", 'quo"te\\', "ÿĀ\u2028x"]) {
      const decision = await decider.decide({ ...ASKED, requestId });
      expect(decision.requestId).toBe(requestId);
      const { results } = await decider.decideBatch([
        { ...ASKED, requestId },
        { ...ASKED, capabilities: [requestId] },
      ]);
      expect(results[0]).toEqual({ ...decision, repeated: true });
      expect(JSON.stringify(results[1])).toContain(JSON.stringify(JSON.stringify(requestId)).slice(1, -1));
    }
  });

  test("that refuses is an answer with its reason", async () => {
    const decision = await decider.decide({ ...ASKED, riskBps: 9_700 });
    conforms(answerShapes.decisionShape, decision);
    expect(decision).toMatchObject({
      action: "reject",
      reason: "risk_hard_limit",
      selected: null,
      costMicrocents: "0",
    });
    const explained = await auditor.decision(decision.decisionId);
    conforms(answerShapes.explainedShape, explained);
    expect(explained.explanation).toEqual([]);
  });
});

describe("a batch", () => {
  test("is decided in order, each request on its own", async () => {
    const { results } = await decider.decideBatch([
      ASKED,
      { ...ASKED, inputTokens: -1 },
      { ...ASKED, requestId: "in a batch" },
    ]);
    conforms(answerShapes.batchShape, { results });
    const [first, second, third] = results as unknown as [Decision, ErrorAnswer, Decision];
    expect(second.error.code).toBe("CAL_REQUEST_INVALID");
    expect(third.sequence).toBe(first.sequence + 1);
    expect(await decider.decide({ ...ASKED, requestId: "in a batch" })).toMatchObject({
      sequence: third.sequence,
      repeated: true,
    });
  });

  test.each([
    ["nothing", "{}"],
    ["no list", '{"requests":{}}'],
    ["an empty list", '{"requests":[]}'],
    ["a key that is not known", '{"requests":[{"inputTokens":1}],"atomic":true}'],
    ["null", "null"],
  ])("with %s is refused", async (_what, body) => {
    const answer = await post(running, "/v1/decisions:batch", body);
    expect([answer.status, codeOf(answer.body)]).toEqual([400, "CAL_GATEWAY_REQUEST_INVALID"]);
  });

  test("takes no idempotency key for all of them", async () => {
    const answer = await post(running, "/v1/decisions:batch", JSON.stringify({ requests: [ASKED] }), {
      "idempotency-key": "x",
    });
    expect([answer.status, codeOf(answer.body)]).toEqual([400, "CAL_GATEWAY_REQUEST_INVALID"]);
  });

  test("that the journal has no headroom for is refused whole, with when to come again", async () => {
    await withService({ onDisk: true, flags: { "journal-waiting-max": "8", "limits-batch-max": "8" } }, async (own) => {
      const client = own.client({ key: own.keys.decide });
      const batch = (): Promise<unknown> => client.decideBatch(Array.from({ length: 8 }, () => ASKED));
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, batch));
      const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
      expect(refused.length).toBeGreaterThan(0);
      for (const error of refused)
        expect(error).toMatchObject({ status: 429, code: "CAL_JOURNAL_OVERLOADED", retryAfterSeconds: 1 });
      const decided = outcomes.length - refused.length;
      const lines = await Array.fromAsync(own.client({ key: own.keys.audit }).journalEntries());
      expect(lines.filter((line) => line.includes('"kind":"decision"'))).toHaveLength(8 * decided);
    });
  });
});

describe("money", () => {
  test("is limited, granted, reserved, settled and proven, and never lost", async () => {
    await withService({ flags: { "budgets-unknown-tenants": "refuse" } }, async (own) => {
      const [decide, operate, audit] = (["decide", "operate", "audit"] as const).map((scope) =>
        own.client({ key: own.keys[scope] }),
      ) as [CalybrisClient, CalybrisClient, CalybrisClient];
      const grant = { id: "june", amountMicrocents: "100000000" };
      const change = await operate.setBudget("acme", { by: "ada", limit: { exposureCapDollars: "5" }, grant });
      conforms(moneyShapes.budgetSetShape, change);
      expect(change).toMatchObject({ limitChanged: true, grant: { id: "june", repeated: false } });
      const repeated = await operate.setBudget("acme", { by: "ada", grant });
      expect(repeated).toMatchObject({
        limitChanged: false,
        grant: { repeated: true, sequence: change.grant?.sequence },
      });

      const decision = await decide.decide({ ...ASKED, tenant: "acme", requestId: "spent" });
      conforms(answerShapes.decisionShape, decision);
      const cost = BigInt(decision.costMicrocents);
      expect(decision.budget?.remainingMicrocents).toBe(String(100_000_000n - cost));
      expect(await decide.decide(ASKED)).toMatchObject({ action: "execute", tenant: null, budget: null });
      await expect(decide.decide({ ...ASKED, tenant: "nobody" })).rejects.toMatchObject({
        status: 404,
        code: "CAL_LEDGER_TENANT_UNKNOWN",
      });

      const settled = await decide.settle({ decisionId: decision.decisionId, actualMicrocents: cost - 1n });
      conforms(moneyShapes.settledShape, settled);
      expect(settled).toMatchObject({ state: "settled", actualMicrocents: String(cost - 1n), repeated: false });
      expect(await decide.settle({ decisionId: decision.decisionId, actualMicrocents: `${cost - 1n}` })).toMatchObject({
        repeated: true,
      });
      await expect(decide.settle({ decisionId: decision.decisionId, actualMicrocents: 1 })).rejects.toMatchObject({
        status: 409,
        code: "CAL_LEDGER_RESERVATION_STATE",
        details: { actualMicrocents: String(cost - 1n) },
      });
      expect(
        await operate.correct({ decisionId: decision.decisionId, actualMicrocents: cost, by: "ada" }),
      ).toMatchObject({
        state: "corrected",
      });

      const held = await decide.decide({ ...ASKED, tenant: "acme" });
      expect(await decide.hold({ decisionId: held.decisionId, cause: "timeout" })).toMatchObject({ state: "held" });
      expect(await operate.reconcile({ decisionId: held.decisionId, actualMicrocents: 0, by: "ada" })).toMatchObject({
        state: "reconciled",
      });
      const released = await decide.decide({ ...ASKED, tenant: "acme" });
      expect(await decide.release({ decisionId: released.decisionId })).toMatchObject({ state: "released" });

      const budget = await audit.budget("acme");
      conforms(moneyShapes.tenantShape, budget);
      expect(budget).toMatchObject({
        remainingMicrocents: String(100_000_000n - cost),
        reservedMicrocents: "0",
        conserved: true,
      });
      const ledger = await audit.ledger();
      conforms(moneyShapes.ledgerShape, ledger);
      expect(ledger).toMatchObject({ conserved: true, total: { settledMicrocents: String(cost) } });
    });
  });

  test("a limit names those above it, as a file of budgets would", async () => {
    await withService({}, async (own) => {
      const operate = own.client({ key: own.keys.operate });
      await operate.setBudget("company", { by: "ada", limit: {}, grant: { id: "c", amountMicrocents: 10 } });
      await operate.setBudget("team", {
        by: "ada",
        limit: { parent: "company" },
        grant: { id: "t", amountMicrocents: 10 },
      });
      expect((await operate.budget("team")).parent).toBe("company");
      for (const limit of [
        { parent: "nobody" },
        { parent: "team" },
        { exposureCapDolars: "1" },
        { exposureCapDollars: 1.5 },
      ])
        await expect(operate.setBudget("team", { by: "ada", limit: limit as object })).rejects.toMatchObject({
          status: 400,
        });
      await expect(operate.setBudget("team", { by: "ada" })).rejects.toMatchObject({
        code: "CAL_GATEWAY_REQUEST_INVALID",
      });
      await expect(operate.setBudget("x", { by: "a", grant: { amountMicrocents: 1 } })).rejects.toMatchObject({
        code: "CAL_GATEWAY_REQUEST_INVALID",
      });
    });
  });
});

describe("an outcome", () => {
  test("is taken once, and a different one is refused", async () => {
    const decision = await decider.decide(ASKED);
    const outcome = { decisionId: decision.decisionId, succeeded: true, latencyMs: 400, observedAt: 1 };
    const observed = await decider.observe(outcome);
    conforms(moneyShapes.observedShape, observed);
    expect(observed).toMatchObject({ successBps: 10_000, repeated: false });
    expect(await decider.observe(outcome)).toEqual({ ...observed, repeated: true });
    await expect(decider.observe({ ...outcome, succeeded: false })).rejects.toMatchObject({
      code: "CAL_OUTCOME_DUPLICATE",
    });
    await expect(decider.observe({ ...outcome, decisionId: "2-00000000" })).rejects.toMatchObject({
      code: "CAL_OUTCOME_UNBOUND",
    });
  });
});

describe("policies", () => {
  test("are listed, checked, and activated for the next decision", async () => {
    await withService({}, async (own) => {
      const operate = own.client({ key: own.keys.operate });
      const stricter = { ...POLICY, epoch: 2, name: "stricter", confidenceMinBps: 9_900 };
      const check = await operate.checkPolicy({ policy: stricter });
      conforms(serviceShapes.policyCheckedShape, check);
      expect(check).toMatchObject({ name: "stricter", candidateCount: 3, isActive: false });
      const first = await own.client({ key: own.keys.decide }).decide(ASKED);
      const set = await operate.setPolicy({ policy: stricter, by: "ada" });
      conforms(serviceShapes.policySetShape, set);
      expect(await operate.setPolicy({ policy: stricter, by: "bob" })).toEqual({
        ...set,
        sequence: null,
        repeated: true,
      });
      const second = await own.client({ key: own.keys.decide }).decide(ASKED);
      expect([first.action, second.action, second.reason]).toEqual(["execute", "reject", "confidence_hard_limit"]);
      const list = await operate.policies();
      conforms(serviceShapes.policiesShape, list);
      expect(list.policies.map(({ name, isActive }) => [name, isActive])).toEqual([
        ["of the tests", false],
        ["stricter", true],
      ]);
      // An earlier decision is still explained under its own policy.
      expect(await own.client({ key: own.keys.audit }).decision(first.decisionId)).toMatchObject({ policyId: 1 });
    });
  });

  test("are refused with every mistake, and a caller names no file of this machine", async () => {
    const policy = { ...POLICY, riskHardLimitBps: 9_999, confidenceMinBps: 1, nmae: "x" };
    await expect(operator.checkPolicy({ policy: policy as never })).rejects.toMatchObject({
      status: 400,
      code: "CAL_POLICY_INVALID",
      details: { mistakes: { length: 3 } },
    });
    for (const catalog of ["./catalog.json", "/etc/passwd", "../../package", "llmm"])
      await expect(operator.checkPolicy({ policy: { ...POLICY, catalog } })).rejects.toMatchObject({
        code: "CAL_POLICY_INVALID",
      });
    await expect(operator.setPolicy({ policy: POLICY as never, by: " " })).rejects.toMatchObject({ status: 400 });
  });
});

describe("what watches over it", () => {
  test("learns that it is alive and ready, and what it counted", async () => {
    const own = await startService({ onDisk: true });
    onTestFinished(own.end);
    conforms(serviceShapes.healthShape, await own.client().health());
    conforms(serviceShapes.readyShape, await own.client().ready());
    await own.client({ key: own.keys.decide }).decide({ inputTokens: 10, riskBps: 9_700 });
    const text = await own.client({ key: own.keys.audit }).metrics();
    expect(text).toMatch(/^calybris_http_requests_total\{operation="decide",status="200"\} [1-9]/m);
    expect(text).toMatch(/^calybris_decisions_total\{action="reject",reason="risk_hard_limit"\} 1$/m);
    expect(text).toMatch(/^calybris_journal_fsyncs_total [1-9]/m);
    for (const line of text.split("\n").filter((row) => row !== "" && !row.startsWith("#")))
      expect(line).toMatch(/^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? (?:[0-9.e+-]+|NaN)$/);
  });

  test("reads the API and its documentation without a key", async () => {
    expect(await (await fetch(`${running.url}/openapi.json`)).json()).toMatchObject({ openapi: "3.1.0" });
    const docs = await fetch(`${running.url}/docs`);
    expect(docs.headers.get("content-security-policy")).toContain("default-src 'none'");
    const scripts = [...(await docs.text()).matchAll(/<script src="([^"]+)"/g)].map(([, path = ""]) => path);
    expect(scripts.length).toBe(2);
    for (const path of scripts) {
      const script = await fetch(running.url + path);
      expect(script.headers.get("content-type")).toMatch(/^text\/javascript/);
      expect(await script.text()).toContain("Redoc");
    }
  });
});
