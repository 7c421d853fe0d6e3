import { cost, priceMicrocents, sampleRequest, tokens } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../test/share.ts";
import { AMOUNT_MAX_MICROCENTS } from "../src/cells.ts";
import { type Candidate, costOf, estimateOf } from "../src/prices.ts";
import type { SavingsReport, Within } from "../src/index.ts";
import type { UsageRow } from "../src/usage-row.ts";
import { CATALOG, reportOf } from "./exports.ts";

// Goal: whatever the rows, sums add up, the curve falls, and no row costs more than it did. Method: random tables of known
// and unknown models, with and without cost, day and tag, beside a model that adds up the rows one by one.
const row = fc.record({
  model: fc.oneof(
    fc.constantFrom(...CATALOG.candidates.map(({ name }) => name)),
    fc.constantFrom("unknown-1", "unknown-2", ""),
  ),
  input: fc.oneof(fc.nat(100_000), fc.constantFrom(0, 1, 5_000_000_000)),
  output: fc.nat(20_000),
  cached: fc.nat(50_000),
  requests: fc.integer({ min: 1, max: 5 }),
  paidMicrocents: fc.option(fc.nat(10_000_000_000)),
  day: fc.constantFrom("2026-01-01", "2026-01-02", ""),
  tag: fc.constantFrom("a", "b", ""),
});
type Row = typeof row extends fc.Arbitrary<infer Value> ? Value : never;

const MAP = {
  model: ["model"],
  inputTokens: ["input"],
  cacheReadTokens: ["cached"],
  outputTokens: ["output"],
  requests: ["requests"],
  paid: { columns: ["paid"], unit: "microcents" as const },
  time: ["day"],
  tag: ["tag"],
};

function textOf(rows: readonly Row[]): string {
  const lines = rows.map((each) =>
    [
      each.model,
      each.input,
      each.output,
      each.cached,
      each.requests,
      each.paidMicrocents ?? "",
      each.day,
      each.tag,
    ].join(","),
  );
  return ["model,input,output,cached,requests,paid,day,tag", ...lines].join("\n");
}

const rows = fc.array(row, { minLength: 1, maxLength: 30 });
const within: fc.Arbitrary<Within> = fc.oneof(
  fc.constantFrom("any" as const, "requestedProvider" as const),
  fc.subarray([...CATALOG.providers]),
);

async function reportOn(
  written: readonly Row[],
  options: { readonly within?: Within; readonly floorBps?: number } = {},
): Promise<SavingsReport> {
  return reportOf(textOf(written), { map: MAP, ...options });
}

/** What a row cost, from its definition. */
function paidOf(each: Row): bigint | undefined {
  if (each.paidMicrocents !== null) return BigInt(each.paidMicrocents);
  const candidate = CATALOG.candidates.find(({ name }) => name === each.model);
  if (candidate === undefined) return undefined;
  const cacheReadTokens = each.cached <= each.input ? each.cached : 0;
  return BigInt(
    estimateOf(candidate, {
      inputTokens: each.input,
      cacheReadTokens,
      cacheWriteTokens: 0,
      outputTokens: each.output,
    } as UsageRow),
  );
}

const sum = (of: readonly { readonly paidMicrocents: bigint }[]): bigint =>
  of.reduce((total, { paidMicrocents }) => total + paidMicrocents, 0n);

describe("whatever the rows", () => {
  test("what was paid is the same by model, by day, by tag and in total", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (written) => {
        const report = await reportOn(written);
        const expected = written.reduce((total, each) => total + (paidOf(each) ?? 0n), 0n);
        expect(report.total.paidMicrocents).toBe(expected);
        expect(report.total.reportedMicrocents + report.total.estimatedMicrocents).toBe(expected);
        for (const list of [[...report.models, ...report.unknownModels], report.days, report.tags]) {
          expect(sum(list)).toBe(expected);
          expect(list.reduce((count, each) => count + each.rows, 0)).toBe(written.length);
          expect(list.reduce((tokens, each) => tokens + each.inputTokens, 0n)).toBe(report.total.inputTokens);
        }
        expect(report.total.unpricedRows).toBe(written.filter((each) => paidOf(each) === undefined).length);
      }),
      { numRuns: 300 },
    );
  });

  test("a lower floor never costs more, and no row ever costs more than it did", async () => {
    await fc.assert(
      fc.asyncProperty(rows, within, async (written, allowed) => {
        const { curve, comparableMicrocents, chosen } = await reportOn(written, { within: allowed });
        let saved = 0n;
        for (const point of curve) {
          expect(point.savedMicrocents).toBeGreaterThanOrEqual(saved);
          expect(point.savedMicrocents).toBeLessThanOrEqual(comparableMicrocents);
          expect(point.policyFloorBps).toBeGreaterThanOrEqual(point.floorBps);
          saved = point.savedMicrocents;
        }
        for (const flow of chosen?.flows ?? []) expect(flow.costMicrocents).toBeLessThanOrEqual(flow.askedMicrocents);
        expect(sumOf(chosen?.flows.map(({ askedMicrocents }) => askedMicrocents) ?? [])).toBe(comparableMicrocents);
      }),
      { numRuns: 300 },
    );
  });

  test("one row never costs more than it did, at any floor, by its own catalog price or by what was paid", async () => {
    const floors = fc.constantFrom(0, 5_000, 7_000, 7_887, 8_300, 8_741, 10_000);
    await fc.assert(
      fc.asyncProperty(row, floors, within, async (each, floorBps, allowed) => {
        const { chosen } = await reportOn([each], { floorBps, within: allowed });
        const [flow] = chosen?.flows ?? [];
        if (flow === undefined) return;
        const [asked, ran] = [flow.requested, flow.chosen].map((name) =>
          CATALOG.candidates.find((candidate) => candidate.name === name),
        );
        if (asked === undefined || ran === undefined) throw new Error("a flow names a candidate of the catalog");
        expect(costOf(ran, each.input, each.output)).toBeLessThanOrEqual(costOf(asked, each.input, each.output));
        expect(flow.costMicrocents).toBeLessThanOrEqual(paidOf(each) as bigint);
        // The floor holds, as far as what was asked for holds it.
        expect(ran.qualityBps).toBeGreaterThanOrEqual(Math.min(chosen?.floorBps ?? 0, asked.qualityBps));
        if (allowed !== "any" && allowed !== "requestedProvider" && ran !== asked)
          expect([...allowed, CATALOG.providers[asked.providerId]]).toContain(CATALOG.providers[ran.providerId]);
        if (allowed === "requestedProvider") expect(ran.providerId).toBe(asked.providerId);
      }),
      { numRuns: caseCount(1_000) },
    );
  });

  test("the floor that is chosen by default gives no request a lower rating, and no cheaper floor does so", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (written) => {
        const { chosen, curve } = await reportOn(written);
        expect(chosen === undefined).toBe(curve.length === 0);
        if (chosen === undefined) return;
        expect(chosen.lowerRatedRequests).toBe(0);
        expect(chosen.qualityBps).toBeGreaterThanOrEqual(chosen.askedQualityBps);
        for (const point of curve)
          if (point.savedMicrocents > chosen.savedMicrocents) expect(point.lowerRatedRequests).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });

  test("the report does not depend on where chunks of the file end", async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 50 }), async (written, chunkBytes) => {
        expect(await reportOf(textOf(written), { map: MAP }, chunkBytes)).toEqual(await reportOn(written));
      }),
      { numRuns: 100 },
    );
  });
});

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

test("days and tags beyond their bounds are one row, and still add up", async () => {
  const lines = Array.from(
    { length: 5_000 },
    (_, at) => `gpt-4o,1000,0,tag ${at},${new Date(at * 86_400_000).toISOString()}`,
  );
  const { days, tags, total } = await reportOf(["model,input_tokens,output_tokens,tag,time", ...lines].join("\n"));
  expect([days.length, tags.length]).toEqual([3_661, 1_001]);
  expect([sum(days), sum(tags)]).toEqual([total.paidMicrocents, total.paidMicrocents]);
  expect(tags.find(({ name }) => name === "(other)")?.rows).toBe(4_000);
});

test("a catalog cost is the kernel's, at any price, also where plain numbers would not be exact", () => {
  const price = fc.oneof(
    fc.bigInt(0n, 10_000_000_000n),
    fc.bigInt(0n, 2n ** 60n),
    fc.constantFrom(1n, 999_999n, 1_000_001n),
  );
  const count = fc.oneof(fc.nat(100_000), fc.nat(4_294_967_295));
  fc.assert(
    fc.property(price, price, count, count, (inputPrice, outputPrice, input, output) => {
      const [sample] = CATALOG.candidates as [Candidate];
      const prices = {
        inputPriceMicrocents: priceMicrocents(inputPrice),
        outputPriceMicrocents: priceMicrocents(outputPrice),
      };
      const candidate = { ...sample, ...prices };
      const exact = cost({ ...sampleRequest(), inputTokens: tokens(input), outputTokens: tokens(output) }, candidate);
      const expected = exact > BigInt(AMOUNT_MAX_MICROCENTS) ? Number.POSITIVE_INFINITY : Number(exact);
      expect(costOf(candidate, input, output)).toBe(expected);
    }),
    { numRuns: caseCount(5_000) },
  );
});
