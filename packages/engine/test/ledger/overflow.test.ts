import { createPolicy, I64_MAX, priceMicrocents, samplePolicy } from "@calybris/kernel";
import { expect, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import { InlineDriver } from "../../src/journal/inline-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

/** Two of it fit below 2^63−1, and a hundredth more does not. */
const COST = 4_600_000_000_000_000_000n;

// What one level can still be billed says nothing about the level above it: each is asked, on every command that bills
// what the levels do not have. A settlement of so much is held.
test.each(["reconcile", "correct"] as const)(
  "%s: a cost that overflows a level above the tenant's own is refused, names that level and changes nothing",
  async (command) => {
    const disk = new MemoryDisk();
    let now = 1_000_000;
    const [candidate] = samplePolicy().candidates;
    const dear = {
      ...candidate,
      inputPriceMicrocents: priceMicrocents(COST),
      outputPriceMicrocents: priceMicrocents(0n),
    };
    const policy = createPolicy({ ...samplePolicy(), candidates: [dear as NonNullable<typeof candidate>] });
    const sample = sampleSnapshot();
    const engine = await Engine.open({
      directory: "memory",
      policy: { ...sample, policy, candidateNames: ["dear"], candidateTiers: [0] },
      disk,
      nowUs: () => ++now,
      driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    });
    const { ledger } = engine;
    const tenants = { org: {}, one: { parent: "org" }, other: { parent: "org" } };
    await ledger.apply(parseBudgets({ tenants }));
    for (const tenant of Object.keys(tenants)) await ledger.grant({ tenant, amountMicrocents: I64_MAX, id: tenant });
    const ask = (tenant: string) =>
      engine.decide({
        inputTokens: 1_000_000,
        outputTokens: 0,
        valueMicrocents: I64_MAX,
        riskBps: 0,
        confidenceBps: 10_000,
        tenant,
      });
    const [one, other] = [await ask("one"), await ask("other")];
    expect([one, other].map(({ decision }) => decision.costMicrocents)).toEqual([COST, COST]);

    const of = { decisionId: one.decisionId };
    if (command === "reconcile") await ledger.hold({ ...of, cause: "timeout" });
    if (command === "correct") await ledger.settle({ ...of, actualMicrocents: COST });
    const before = engine.stateDigest();
    const much = { ...of, actualMicrocents: COST + COST / 100n };
    await expect(ledger[command](much)).rejects.toMatchObject({
      code: "CAL_LEDGER_OVERFLOW",
      details: { tenant: "org", field: "billed" },
    });
    expect(engine.stateDigest()).toBe(before);
    await engine.close();
  },
);
