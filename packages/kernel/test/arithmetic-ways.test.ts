import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Candidate, type Policy, prescribe, type Request, U32_MAX, U64_MAX } from "../src/index.ts";
import { candidateWith, type Fields, policyWith, requestWith } from "./cases.ts";
import { compare } from "./equality.ts";
import { RandomCases } from "./random-cases.ts";
import { traceKernel, type TracedKernel, WAYS } from "./traced-kernel.ts";

// Goal: every way through the arithmetic is taken, and at the last input of one and the first of the next the decision is
// the definition's.
// Method: a kernel that records its ways; cases made for each; and for each bound its edge, found by bisection.
let trace: (policy: Policy) => TracedKernel;
beforeAll(async () => {
  trace = await traceKernel();
});

const free = candidateWith({ riskCeilingBps: 65_535 });
const priced = candidateWith({ inputPriceMicrocents: 1_000_000_007n, outputPriceMicrocents: 1_000_000_007n });
const many = (fields: (index: number) => Fields<Candidate>): Candidate[] =>
  Array.from({ length: 20 }, (_, index) => candidateWith({ id: index + 1, ...fields(index) }));
const huge: Fields<Request> = { valueMicrocents: 2n ** 63n - 1n, confidenceBps: 65_535, riskBps: 0 };

const CASES: readonly [way: string, policy: Policy, request: Fields<Request>, by?: "walk"][] = [
  ["no survivors", policyWith([free]), { qualityMinBps: 9_999 }],
  ["packed", policyWith([free]), {}],
  ["packed, nobody", policyWith([priced]), { budgetLimitMicrocents: 0n }],
  ["beyond value", policyWith([free]), { valueMicrocents: 2n ** 47n + 1n }],
  [
    "beyond risk product",
    policyWith([free], { riskPenaltyMultiplierBps: 65_535 }),
    { valueMicrocents: 2n ** 46n, riskBps: 9_000 },
  ],
  ["beyond input tokens", policyWith([priced]), { inputTokens: U32_MAX }],
  ["beyond output tokens", policyWith([priced]), { outputTokens: U32_MAX }],
  ["beyond key", policyWith([priced]), { valueMicrocents: 2n ** 36n, outputTokens: 50_000 }],
  ["filtered", policyWith(many(() => ({}))), {}],
  ["filter refuses", policyWith(many((index) => ({ inputPriceMicrocents: BigInt(index) * 90_000_000n }))), {}],
  ["filter unsure", policyWith(many((index) => ({ inputPriceMicrocents: 68_490_000n + BigInt(index) * 1_000n }))), {}],
  ["filter passes over", policyWith(many((index) => ({ qualityBps: 5_000 + index * 200 }))), {}],
  ["unpacked words", policyWith([priced]), { valueMicrocents: 2n ** 36n, outputTokens: 50_000 }],
  ["unpacked wide", policyWith([free]), { valueMicrocents: 2n ** 62n }],
  ["unpacked, nobody", policyWith([priced]), { valueMicrocents: 2n ** 62n, budgetLimitMicrocents: 0n }],
  ["walked words", policyWith([free]), {}, "walk"],
  ["walked wide", policyWith([free]), { valueMicrocents: 2n ** 62n }, "walk"],
  ["cost saturates", policyWith([candidateWith({ inputPriceMicrocents: U64_MAX })]), { inputTokens: U32_MAX }],
  ["utility clamps high", policyWith([candidateWith({ qualityBps: 65_535 })]), huge],
  [
    "utility clamps low",
    policyWith([candidateWith({ latencyP95Ms: U32_MAX })], { latencyPenaltyMicrocentsPerMs: U64_MAX }),
    { latencyMaxMs: 0 },
  ],
];

describe("each way through the arithmetic", () => {
  test("has a case of its own", () => {
    expect(CASES.map(([way]) => way).sort()).toEqual([...WAYS].sort());
  });

  test.each(CASES)("%s: is taken, and decides as the definition does", (way, policy, fields, by) => {
    const request = requestWith(fields);
    const traced = trace(policy)(request, by);
    expect([...traced.ways]).toContain(way);
    expect(traced.decision).toEqual(prescribe(policy, request).decision);
  });

  test("is taken often by the random cases of the equality search", () => {
    const random = new RandomCases(1);
    const taken = new Map<string, number>();
    for (let round = 0; round < 200; round++) {
      const policy = random.policy();
      const kernel = trace(policy);
      for (let index = 0; index < 50; index++) {
        const request = random.request(policy);
        for (const by of ["masks", "walk"] as const) {
          for (const way of kernel(request, by).ways) taken.set(way, (taken.get(way) ?? 0) + 1);
        }
      }
    }
    const rare = WAYS.filter((way) => (taken.get(way) ?? 0) < 20);
    expect(rare, JSON.stringify([...taken])).toEqual([]);
  });
});

/** What is raised until the packed key no longer holds it. */
const RAISED: readonly { readonly field: keyof Request; readonly max: bigint; readonly beyond: string }[] = [
  { field: "inputTokens", max: BigInt(U32_MAX), beyond: "beyond input tokens" },
  { field: "outputTokens", max: BigInt(U32_MAX), beyond: "beyond output tokens" },
  { field: "valueMicrocents", max: 2n ** 63n - 1n, beyond: "beyond value" },
  { field: "riskBps", max: 65_534n, beyond: "beyond risk product" },
];

const price = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 20n }),
  fc.bigInt({ min: 1n, max: 4_000n }).map((cents) => cents * 10n ** 6n),
  fc.bigInt({ min: 2n ** 20n, max: 2n ** 34n }),
  fc.bigInt({ min: 2n ** 34n, max: U64_MAX }),
);

const boundedPolicy = fc
  .record({
    candidates: fc.array(fc.record({ qualityBps: fc.integer({ min: 0, max: 65_535 }), input: price, output: price }), {
      minLength: 1,
      maxLength: 6,
    }),
    riskPenaltyMultiplierBps: fc.integer({ min: 0, max: 65_535 }),
    latencyPenaltyMicrocentsPerMs: fc.bigInt({ min: 0n, max: 100n }),
  })
  .map(({ candidates, ...fields }) =>
    policyWith(
      candidates.map(({ qualityBps, input, output }, index) =>
        candidateWith({
          id: index + 1,
          qualityBps,
          inputPriceMicrocents: input,
          outputPriceMicrocents: output,
          riskCeilingBps: 65_535,
        }),
      ),
      { ...fields, riskHardLimitBps: 65_535, confidenceMinBps: 0 },
    ),
  );

describe("at each bound", () => {
  test.each(RAISED)("of $field the next way takes over and decides the same", ({ field, max, beyond }) => {
    let edges = 0;
    // A value whose products are large while its worth is small, so that none of the other bounds is met before.
    const ofProduct = !field.endsWith("Tokens");
    const base = fc.record({
      valueMicrocents: fc.bigInt(ofProduct ? { min: 2n ** 45n, max: 2n ** 47n } : { min: 0n, max: 2n ** 20n }),
      confidenceBps: ofProduct ? fc.integer({ min: 0, max: 9 }) : fc.integer({ min: 0, max: 65_535 }),
      inputTokens: fc.integer({ min: 0, max: ofProduct ? 0 : 2_000 }),
      outputTokens: fc.integer({ min: 0, max: ofProduct ? 0 : 2_000 }),
    });
    const property = fc.property(boundedPolicy, base, (policy, fields) => {
      const requestAt = (value: bigint): Request => {
        const wide = typeof requestWith()[field] === "bigint";
        const lax = { riskBps: 0, qualityMinBps: 0, latencyMaxMs: 0, budgetLimitMicrocents: U64_MAX };
        return requestWith({ ...lax, ...fields, [field]: wide ? value : Number(value) });
      };
      const kernel = trace(policy);
      const isWithin = (value: bigint): boolean => kernel(requestAt(value)).ways.has("packed");
      const edge = lastWithin(isWithin, max);
      if (edge !== undefined) {
        edges += Number(kernel(requestAt(edge + 1n)).ways.has(beyond));
        const near = [-2n, -1n, 0n, 1n, 2n, 3n]
          .map((step) => edge + step)
          .filter((value) => value >= 0n && value <= max);
        compare(policy, near.map(requestAt));
      }
    });
    fc.assert(property, { numRuns: 150, seed: 20_260_103 });
    expect(edges, `edges that are ${beyond}`).toBeGreaterThan(3);
  });
});

/** The largest value within, by bisection; undefined when all are or 0 is not. */
function lastWithin(isWithin: (value: bigint) => boolean, max: bigint): bigint | undefined {
  if (!isWithin(0n) || isWithin(max)) return undefined;
  let [low, high] = [0n, max];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (isWithin(middle)) low = middle;
    else high = middle;
  }
  return low;
}
