import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCatalog, loadPolicy } from "@calybris/engine";
import {
  ALL_PROVIDERS,
  bps,
  cost,
  costMicrocents,
  type PolicySnapshot,
  prescribe,
  sampleRequest,
  tokens,
} from "@calybris/kernel";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { Choices, savingsPolicy } from "../src/index.ts";
import { reportOf } from "./exports.ts";

const folder = mkdtempSync(join(tmpdir(), "calybris-savings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function snapshotOf(text: string): Promise<PolicySnapshot> {
  const file = join(folder, "policy.jsonc");
  writeFileSync(file, text);
  return loadPolicy(file);
}

// Goal: the policy that is written decides each request as the report says. Method: for every floor of every catalog,
// requests of one row through the report and through the kernel under that policy; the budget is the cost of what was asked
// for, and the floor is lowered to its quality, as the engine does by default.
test.each(["llm-with-legacy", "couriers", "venues"])(
  "the kernel under the written policy chooses as the report says: %s",
  async (name) => {
    const catalog = await loadCatalog(name);
    const enabled = catalog.candidates.filter((candidate) => candidate.enabled !== 0);
    for (const floorBps of new Choices(catalog).floors) {
      const large = `${enabled[0]?.name},2000000,200000`;
      const written = await reportOf(`model,input_tokens,output_tokens\n${large}\n`, { catalog, floorBps });
      const policyFloor = written.chosen?.policyFloorBps ?? 0;
      const snapshot = await snapshotOf(
        savingsPolicy(written, catalog, { catalog: name, schema: "policy.schema.json" }),
      );
      const { policy, useCases } = snapshot;
      const useCase = useCases["default"] as (typeof useCases)[string];
      expect(useCase.qualityMinBps).toBe(policyFloor);
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...enabled),
          fc.nat(100_000),
          fc.integer({ min: 1, max: 20_000 }),
          async (asked, input, output) => {
            const report = await reportOf(`model,input_tokens,output_tokens\n${asked.name},${input},${output}\n`, {
              catalog,
              floorBps: policyFloor,
            });
            const row = { ...sampleRequest(), inputTokens: tokens(input), outputTokens: tokens(output) };
            const { decision } = prescribe(policy, {
              ...row,
              requestedId: asked.id,
              valueMicrocents: useCase.valueMicrocents,
              riskBps: useCase.riskBps,
              confidenceBps: useCase.confidenceBps,
              qualityMinBps: bps(Math.min(policyFloor, asked.qualityBps)),
              budgetLimitMicrocents: costMicrocents(cost(row, asked)),
              latencyMaxMs: 0 as typeof row.latencyMaxMs,
              capabilitiesRequired: 0n as typeof row.capabilitiesRequired,
              providersAllowed: ALL_PROVIDERS,
            });
            // A lower floor whose policy is a higher one's is written with the higher floor.
            if (report.chosen?.policyFloorBps !== policyFloor) return;
            expect(catalog.candidates.find(({ id }) => id === decision.selectedId)?.name).toBe(
              report.chosen?.flows[0]?.chosen,
            );
          },
        ),
        { numRuns: 60 },
      );
    }
  },
  120_000,
);

test("for each disabled legacy model, an enabled one is rated at least as high and costs no more", async () => {
  const catalog = await loadCatalog("llm-with-legacy");
  for (const legacy of catalog.candidates.filter(({ enabled }) => enabled === 0)) {
    const better = catalog.candidates.filter(
      (other) =>
        other.enabled !== 0 &&
        other.qualityBps >= legacy.qualityBps &&
        other.inputPriceMicrocents <= legacy.inputPriceMicrocents &&
        other.outputPriceMicrocents <= legacy.outputPriceMicrocents,
    );
    expect([legacy.name, better.length]).toEqual([legacy.name, expect.toSatisfy((count: number) => count > 0)]);
  }
});

test("the catalog with legacy models holds the catalog llm as it is", async () => {
  const [{ candidates: current, ...llm }, { candidates, ...legacy }] = [
    await loadCatalog("llm"),
    await loadCatalog("llm-with-legacy"),
  ];
  expect(candidates.slice(0, current.length)).toEqual(current);
  expect({ ...legacy, name: "", title: "" }).toEqual({ ...llm, name: "", title: "" });
});
