import { type CatalogFile, loadCatalog, parseCatalogFile, parsePolicyFile } from "@calybris/engine";
import { readJson } from "@calybris/engine/internal";
import {
  ALL_PROVIDERS,
  bounded,
  boundsOf,
  type Candidate,
  mask,
  milliseconds,
  NO_BUDGET_LIMIT,
  type PolicySnapshot,
  prescribe,
  sampleRequest,
  tokens,
} from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../test/share.ts";
import { savingsPolicy, type Within } from "../src/index.ts";
import { reportOf } from "./exports.ts";

interface Row {
  readonly asked: string;
  readonly input: number;
  readonly output: number;
}

/** A catalog as its file says it. */
interface Written {
  readonly catalog: CatalogFile;
  readonly value: unknown;
}

// Goal: the policy that is written decides each request as the report says. Method: some rows through the report, then each
// through the bounds of the policy and the kernel.
async function requireEqual(
  { catalog, value }: Written,
  rows: readonly Row[],
  floorBps: number,
  within: Within,
): Promise<void> {
  const lines = rows.map(({ asked, input, output }) => `${asked},${input},${output}`);
  const text = ["model,input_tokens,output_tokens", ...lines].join("\n");
  const limits = { within };
  const report = await reportOf(text, { catalog, floorBps, ...limits });
  const policy = savingsPolicy(report, catalog, { catalog: "it", schema: "policy.schema.json", limits });
  const snapshot = parsePolicyFile(readJson(policy, "policy.jsonc").value, value);

  const [expected, found] = [new Map<string, number>(), new Map<string, number>()];
  const count = (of: Map<string, number>, key: string, by: number): void => void of.set(key, (of.get(key) ?? 0) + by);
  let rejected = 0;
  for (const row of rows) {
    const chosen = kernelChoice(snapshot, catalog, row);
    if (chosen === undefined) rejected += 1;
    // What is enabled and asked for is never cut off, whatever the policy disables.
    const { enabled } = catalog.candidates.find(({ name }) => name === row.asked) as Candidate;
    expect(chosen === undefined && enabled !== 0).toBe(false);
    count(found, `${row.asked} -> ${chosen ?? row.asked}`, 1);
  }
  for (const flow of report.chosen?.flows ?? []) count(expected, `${flow.requested} -> ${flow.chosen}`, flow.requests);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  expect(rejected).toBe(report.chosen?.rejectedRequests);
}

/** As the engine decides a request that sends nothing but what it asks for. */
function kernelChoice(
  snapshot: PolicySnapshot,
  catalog: CatalogFile,
  { asked, input, output }: Row,
): string | undefined {
  const { policy, useCases } = snapshot;
  const requested = catalog.candidates.find(({ name }) => name === asked) as Candidate;
  const useCase = useCases["default"] as (typeof useCases)[string];
  const request = {
    ...sampleRequest(),
    requestedId: requested.id,
    inputTokens: tokens(input),
    outputTokens: tokens(output),
    valueMicrocents: useCase.valueMicrocents,
    riskBps: useCase.riskBps,
    confidenceBps: useCase.confidenceBps,
    qualityMinBps: useCase.qualityMinBps,
    budgetLimitMicrocents: NO_BUDGET_LIMIT,
    latencyMaxMs: milliseconds(0),
    capabilitiesRequired: mask(0n),
    providersAllowed: ALL_PROVIDERS,
  };
  const { decision } = prescribe(policy, bounded(snapshot, request, boundsOf(snapshot, request), true));
  return catalog.candidates.find(({ id }) => id === decision.selectedId)?.name;
}

const rowsOf = (names: readonly string[]): fc.Arbitrary<Row[]> =>
  fc.array(
    fc.record({
      asked: fc.constantFrom(...names),
      input: fc.nat(100_000),
      output: fc.integer({ min: 1, max: 20_000 }),
    }),
    { minLength: 1, maxLength: 12 },
  );

describe("the kernel under the written policy chooses as the report says", () => {
  test.each(["llm-with-legacy", "couriers", "venues"])("at every floor of the catalog %s", async (name) => {
    const catalog = await loadCatalog(name);
    const value = (await import(`@calybris/catalogs/${name}.json`, { with: { type: "json" } })) as { default: unknown };
    const written = { catalog, value: value.default };
    const within = fc.oneof(fc.constantFrom<Within>("any", "requestedProvider"), fc.subarray([...catalog.providers]));
    const floors = fc.constantFrom(...catalog.candidates.map(({ qualityBps }) => Number(qualityBps)), 0, 10_000);
    await fc.assert(
      fc.asyncProperty(
        rowsOf(catalog.candidates.map((candidate) => candidate.name)),
        floors,
        within,
        async (rows, floor, allowed) => requireEqual(written, rows, floor, allowed),
      ),
      { numRuns: 300 },
    );
  });

  // Few qualities and prices, so that candidates tie, dominate each other and are incomparable.
  test("on any small catalog", async () => {
    const candidate = fc.record({
      qualityBps: fc.constantFrom(5_000, 6_000, 6_001, 7_000),
      inputPriceDollarsPerMillion: fc.constantFrom("0.1", "0.2", "0.4", "3"),
      outputPriceDollarsPerMillion: fc.constantFrom("0.1", "0.5", "2", "9"),
      provider: fc.constantFrom("A", "B", "C"),
      enabled: fc.constantFrom(true, true, true, false),
    });
    const catalogs = fc
      .array(candidate, { minLength: 1, maxLength: 7 })
      .filter((candidates) => candidates.some(({ enabled }) => enabled))
      .map((candidates) => ({
        name: "it",
        title: "any",
        epoch: 1,
        providers: ["A", "B", "C"],
        capabilities: [],
        regions: [],
        tiers: ["all"],
        candidates: candidates.map((each, index) => {
          const rest = { tier: "all", riskCeilingBps: 9_000, latencyP95Ms: 1, capabilities: [], regions: [] };
          return { id: index + 1, name: `model-${String.fromCharCode(97 + index)}`, ...rest, ...each };
        }),
      }));
    const cases = catalogs.chain((value) =>
      fc.tuple(
        fc.constant(value),
        rowsOf(value.candidates.map(({ name }) => name)),
        fc.constantFrom(0, 5_000, 5_500, 6_000, 6_001, 7_000, 10_000),
        fc.oneof(fc.constantFrom<Within>("any", "requestedProvider"), fc.subarray(["A", "B", "C"])),
      ),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([value, rows, floor, within]) =>
        requireEqual({ catalog: parseCatalogFile(value), value }, rows, floor, within),
      ),
      { numRuns: caseCount(1_500) },
    );
  });
});

test("a policy is valid whatever the largest request costs", async () => {
  const catalog = await loadCatalog("llm-with-legacy");
  const { default: value } = (await import("@calybris/catalogs/llm-with-legacy.json", { with: { type: "json" } })) as {
    default: unknown;
  };
  for (const tokens of ["0", "1", "500000000000"]) {
    const report = await reportOf(`model,input_tokens,output_tokens\ngpt-4o-mini,${tokens},1\n`, { catalog });
    expect(report.rows.used).toBe(1);
    const policy = savingsPolicy(report, catalog, { catalog: "it", schema: "policy.schema.json" });
    expect(parsePolicyFile(readJson(policy, "policy.jsonc").value, value).name).toMatch(/^savings-/);
  }
});

describe("the catalog llm-with-legacy", () => {
  test("has for each disabled model an enabled one that is rated at least as high and costs no more", async () => {
    const { candidates } = await loadCatalog("llm-with-legacy");
    for (const legacy of candidates.filter(({ enabled }) => enabled === 0)) {
      const better = candidates.filter(
        (other) =>
          other.enabled !== 0 &&
          other.qualityBps >= legacy.qualityBps &&
          other.inputPriceMicrocents <= legacy.inputPriceMicrocents &&
          other.outputPriceMicrocents <= legacy.outputPriceMicrocents,
      );
      expect(better.length, legacy.name).toBeGreaterThan(0);
    }
  });

  test("holds the catalog llm as it is", async () => {
    const [{ candidates: current, ...llm }, { candidates, ...legacy }] = [
      await loadCatalog("llm"),
      await loadCatalog("llm-with-legacy"),
    ];
    expect(candidates.slice(0, current.length)).toEqual(current);
    expect({ ...legacy, name: "", title: "" }).toEqual({ ...llm, name: "", title: "" });
  });
});
