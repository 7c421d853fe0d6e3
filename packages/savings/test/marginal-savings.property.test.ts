import type { CatalogFile } from "@calybris/engine";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { estimateMarginalSavings, type MarginalSavings, type ModelUsage } from "../src/index.ts";
import { costOf } from "../src/prices.ts";
import { CATALOG, reportOf } from "./exports.ts";

// Goal: each figure is what its incumbent would cost, computed here from single candidates; and Calybris never costs more than today.
const NAMES = CATALOG.candidates.map(({ name }) => name);
const usage: fc.Arbitrary<ModelUsage> = fc.record({
  model: fc.constantFrom(...NAMES),
  requests: fc.integer({ min: 1, max: 500 }),
  inputTokens: fc.nat(5_000_000),
  outputTokens: fc.nat(1_000_000),
  paidMicrocents: fc.option(fc.nat(10_000_000_000), { nil: undefined }),
});
const usages = fc.uniqueArray(usage, { minLength: 1, maxLength: 8, selector: ({ model }) => model });
const floor = fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined });

const candidateOf = (name: string): CatalogFile["candidates"][number] => {
  const found = CATALOG.candidates.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is no candidate`);
  return found;
};
const catalogCost = (name: string, { inputTokens, outputTokens }: ModelUsage): number =>
  costOf(candidateOf(name), inputTokens, outputTokens);
const paidFor = (one: ModelUsage): number => one.paidMicrocents ?? catalogCost(one.model, one);
const movedTo = (name: string, one: ModelUsage): number =>
  name === one.model ? paidFor(one) : catalogCost(name, one) + Math.max(0, paidFor(one) - catalogCost(one.model, one));
const sum = (values: readonly number[]): bigint => values.reduce((total, value) => total + BigInt(value), 0n);
const costs = (estimate: MarginalSavings | undefined, incumbent: string): bigint | undefined =>
  estimate?.against.find((one) => one.incumbent === incumbent)?.costMicrocents;

describe("estimateMarginalSavings", () => {
  test("beside each incumbent is what its models cost one by one, and what is saved is the difference", () => {
    fc.assert(
      fc.property(usages, floor, (current, floorBps) => {
        const estimate = estimateMarginalSavings(current, { catalog: CATALOG, floorBps });
        expect(estimate).toBeDefined();
        for (const { costMicrocents, savedMicrocents } of estimate?.against ?? [])
          expect(savedMicrocents).toBe(costMicrocents - (estimate?.costMicrocents ?? 0n));
        expect(costs(estimate, "today")).toBe(sum(current.map(paidFor)));
        const best = Math.max(...current.map(({ model }) => candidateOf(model).qualityBps));
        const none = estimate?.against.find(({ incumbent }) => incumbent === "none");
        expect(candidateOf(none?.model ?? "").qualityBps).toBe(best);
        expect(none?.costMicrocents).toBe(sum(current.map((one) => movedTo(none?.model ?? "", one))));
        const at = estimate?.floorBps ?? 0;
        const smart = current.map((one) => {
          const least = Math.min(at, candidateOf(one.model).qualityBps);
          const enough = CATALOG.candidates.filter(({ qualityBps, enabled }) => enabled !== 0 && qualityBps >= least);
          return Math.min(paidFor(one), ...enough.map(({ name }) => movedTo(name, one)));
        });
        expect(costs(estimate, "smart")).toBe(sum(smart));
      }),
    );
  });

  test("costs no more than today, and no less than the cheapest models that are good enough", () => {
    fc.assert(
      fc.property(usages, floor, (current, floorBps) => {
        const estimate = estimateMarginalSavings(current, { catalog: CATALOG, floorBps });
        const cost = estimate?.costMicrocents ?? -1n;
        expect(cost <= (costs(estimate, "today") ?? -1n)).toBe(true);
        expect(cost >= (costs(estimate, "smart") ?? 0n)).toBe(true);
      }),
    );
  });

  test("the one cheaper model is rated at least as high as the floor, and no other such one is cheaper in all", () => {
    fc.assert(
      fc.property(usages, fc.integer({ min: 5_000, max: 8_700 }), (current, floorBps) => {
        const estimate = estimateMarginalSavings(current, { catalog: CATALOG, floorBps });
        const at = estimate?.floorBps ?? 0;
        expect(at).toBeGreaterThanOrEqual(floorBps);
        const chosen = estimate?.against.find(({ incumbent }) => incumbent === "basic")?.model ?? "";
        expect(candidateOf(chosen).qualityBps).toBeGreaterThanOrEqual(at);
        const [inputTokens, outputTokens] = [
          current.reduce((total, one) => total + one.inputTokens, 0),
          current.reduce((total, one) => total + one.outputTokens, 0),
        ];
        const inAll = (name: string): number => costOf(candidateOf(name), inputTokens, outputTokens);
        for (const { name, qualityBps, enabled } of CATALOG.candidates)
          if (enabled !== 0 && qualityBps >= at) expect(inAll(chosen)).toBeLessThanOrEqual(inAll(name));
      }),
    );
  });

  test.each<readonly [string, readonly ModelUsage[], RegExp]>([
    ["nothing", [], /holds no usage/],
    ["a model that nobody knows", [{ model: "gpt-9", requests: 1, inputTokens: 1, outputTokens: 1 }], /gpt-9/],
    ["no request", [{ model: "gpt-4o", requests: 0, inputTokens: 1, outputTokens: 1 }], /requests 0/],
    ["half a token", [{ model: "gpt-4o", requests: 1, inputTokens: 0.5, outputTokens: 1 }], /inputTokens 0.5/],
    [
      "a cost below nothing",
      [{ model: "gpt-4o", requests: 1, inputTokens: 1, outputTokens: 1, paidMicrocents: -1 }],
      /paidMicrocents -1/,
    ],
    ["more than can be added up", [{ model: "gpt-4o", requests: 1, inputTokens: 2 ** 52, outputTokens: 1 }], /2\^52/],
  ])("%s is refused by name", (_what, current, message) => {
    expect(() => estimateMarginalSavings(current, { catalog: CATALOG })).toThrow(message);
  });
});

test("a report's figures beside today are those of its chosen floor, to the microcent", async () => {
  const text =
    "model,input_tokens,output_tokens,cost_usd\ngpt-4o,1000,1000,0.0125\ngpt-4o-mini,5000,100,0.2\nnobody,1,1,3\n";
  const { marginal, chosen, comparableMicrocents } = await reportOf(text);
  const today = marginal?.against.find(({ incumbent }) => incumbent === "today");
  expect(today?.costMicrocents).toBe(comparableMicrocents);
  expect(today?.savedMicrocents).toBe(chosen?.savedMicrocents);
  expect(marginal?.floorBps).toBe(chosen?.floorBps);
  expect(today?.qualityBps).toBe(chosen?.askedQualityBps);
});
