import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  amountMicrocents,
  CalybrisError,
  type Mistake,
  MONEY_UNITS,
  type MoneyUnit,
  type PolicySnapshot,
  parseExact,
  snapshotFromJson,
  snapshotToJson,
  writeExact,
} from "@calybris/kernel";
import { afterAll, describe, expect, test } from "vitest";
import {
  BUILT_IN_CATALOGS,
  type ClientRequest,
  contentOf,
  loadCatalog,
  parsePolicyFile,
  readFileBytes,
  readJson,
  requestRows,
  resolveRequest,
} from "../../src/intake/intake.ts";
import { snapshotIndex } from "../../src/intake/snapshot-index.ts";

const directory = mkdtempSync(join(tmpdir(), "calybris-intake-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function errorOf(run: () => unknown): CalybrisError {
  try {
    run();
  } catch (error) {
    if (error instanceof CalybrisError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function pathsOf(run: () => unknown): string[] {
  const { details } = errorOf(run);
  return (details as { mistakes: readonly Mistake[] }).mistakes.map(({ path }) => path);
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

async function gather<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const gathered: Item[] = [];
  for await (const item of items) gathered.push(item);
  return gathered;
}

const candidate = {
  id: 1,
  name: "swift",
  provider: "alpha",
  tier: "low",
  qualityBps: 8000,
  riskCeilingBps: 9000,
  latencyP95Ms: 100,
  capabilities: ["fold"],
  regions: ["north"],
  inputPriceDollarsPerMillion: "1.25",
  outputPriceCentsPerMillion: "500",
};
const policy = {
  name: "test",
  epoch: 1,
  catalog: {
    name: "small",
    title: "One candidate",
    epoch: 1,
    providers: ["alpha"],
    capabilities: ["fold"],
    regions: ["north"],
    tiers: ["low"],
    candidates: [candidate],
  },
  riskHardLimitBps: 9600,
  confidenceMinBps: 5500,
  riskPenaltyMultiplierBps: 3500,
  latencyPenaltyMicrocentsPerMs: 2,
  useCases: { default: { valueDollars: "0.10", riskBps: 100, confidenceBps: 9000, qualityMinBps: 1, outputTokens: 9 } },
};
const withCandidate = (change: object): unknown => ({
  ...policy,
  catalog: { ...policy.catalog, candidates: [{ ...candidate, ...change }] },
});
const snapshot: PolicySnapshot = parsePolicyFile(policy);

describe("JSON", () => {
  test.each([
    ["a duplicate key", '{"a":1,\n"a":2}', 2],
    ["NaN", '{"a":\nNaN}', 2],
    ["half a surrogate pair", '["\\ud800"]', 1],
    ["nothing", "", 1],
    ["cut off", '{"a":', 1],
  ])("%s is malformed, with its line", (_name, text, line) => {
    const error = errorOf(() => readJson(text, "f"));
    expect(error.code).toBe("CAL_INPUT_MALFORMED");
    expect((error.details as { line?: number }).line).toBe(line);
  });

  test("broken UTF-8 is malformed", () => {
    const error = errorOf(() => readJson(new Uint8Array([0x22, 0xff, 0x22]), "f"));
    expect(error.code).toBe("CAL_INPUT_MALFORMED");
  });

  test("integers beyond 2^53 are exact, and a fraction that rounds is no integer", () => {
    expect(readJson("[18446744073709551615,0.99999999999999999999,1.0]", "f").value).toEqual([
      2n ** 64n - 1n,
      Number.NaN,
      1,
    ]);
  });
});

test("money is exact to the microcent, and finer is refused", () => {
  const [microcents, cents, dollars] = MONEY_UNITS as readonly [MoneyUnit, MoneyUnit, MoneyUnit];
  expect(amountMicrocents("0.00000001", dollars)).toBe(1n);
  expect(amountMicrocents("0.000000001", dollars)).toBeUndefined();
  expect(amountMicrocents(0.25, dollars)).toBeUndefined();
  expect(amountMicrocents("-1.5", cents)).toBe(-1_500_000n);
  expect(amountMicrocents("1.5", microcents)).toBeUndefined();
});

describe("a policy", () => {
  test("gives a snapshot that survives the journal", () => {
    expect(snapshot.policy.candidates[0]?.inputPriceMicrocents).toBe(125_000_000n);
    const text = writeExact(snapshotToJson(snapshot));
    expect(writeExact(snapshotToJson(snapshotFromJson(parseExact(text))))).toBe(text);
  });

  test.each<[string, unknown, string]>([
    ["a misspelt key", { ...policy, riskHardLimit: 1 }, "riskHardLimit"],
    ["looser than governance", { ...policy, riskHardLimitBps: 9601 }, "riskHardLimitBps"],
    ["not an integer", { ...policy, confidenceMinBps: 6000.5 }, "confidenceMinBps"],
    ["NaN", { ...policy, riskPenaltyMultiplierBps: Number.NaN }, "riskPenaltyMultiplierBps"],
    ["beyond 64 bit", { ...policy, epoch: 2n ** 64n }, "epoch"],
    ["an amount in two units", { ...policy, latencyPenaltyCentsPerMs: "1" }, "latencyPenaltyCentsPerMs"],
    ["no default use case", { ...policy, useCases: {} }, "useCases.default"],
    ["an unknown disabled candidate", { ...policy, disabled: ["swft"] }, "disabled[0]"],
    ["id 0", withCandidate({ id: 0 }), "catalog.candidates[0].id"],
    ["an unknown provider", withCandidate({ provider: "alpah" }), "catalog.candidates[0].provider"],
    ["an unknown capability", withCandidate({ capabilities: ["fodl"] }), "catalog.candidates[0].capabilities[0]"],
    ["a wrong type", withCandidate({ enabled: 1 }), "catalog.candidates[0].enabled"],
    [
      "a price as a fraction",
      withCandidate({ inputPriceDollarsPerMillion: 0.1 }),
      "catalog.candidates[0].inputPriceDollarsPerMillion",
    ],
    ["all disabled", withCandidate({ enabled: false }), "catalog.candidates"],
  ])("%s is refused at its path", (_name, value, path) => {
    expect(pathsOf(() => parsePolicyFile(value))).toContain(path);
  });

  test("every mistake is reported at once, with a remedy", () => {
    const error = errorOf(() => parsePolicyFile({ ...policy, epoch: -1, nmae: "x", confidenceMinBps: 1 }));
    const { mistakes } = error.details as { mistakes: readonly Mistake[] };
    expect(mistakes.map(({ path }) => path).sort()).toEqual(["confidenceMinBps", "epoch", "nmae"]);
    expect(mistakes.find(({ path }) => path === "nmae")?.remedy).toContain('"name"');
  });
});

describe("a request", () => {
  test("takes from the use case what it does not say", () => {
    const { request, defaulted } = resolveRequest(
      snapshotIndex(snapshot),
      { inputTokens: 5, requested: "swift", riskBps: 7 },
      3n,
    );
    expect(request).toMatchObject({ sequence: 3n, requestedId: 1, valueMicrocents: 10_000_000n, riskBps: 7 });
    expect(defaulted).toEqual(["value", "confidence", "floor", "output"]);
  });

  test.each<[string, object, string]>([
    ["inputTokens", { inputTokens: 1.5 }, "inputTokens"],
    ["no inputTokens", {}, "inputTokens"],
    ["bps beyond the whole", { inputTokens: 1, riskBps: 10_001 }, "riskBps"],
    ["NaN", { inputTokens: 1, confidenceBps: Number.NaN }, "confidenceBps"],
    ["a value beyond 64 bit", { inputTokens: 1, valueMicrocents: 2n ** 63n }, "valueMicrocents"],
    ["a negative budget", { inputTokens: 1, budgetCents: "-1" }, "budgetCents"],
    ["an unknown field", { inputTokens: 1, inputTokns: 1 }, "inputTokns"],
    ["an unknown candidate", { inputTokens: 1, requested: "swfit" }, "requested"],
    ["an unknown use case", { inputTokens: 1, useCase: "x" }, "useCase"],
    ["an empty id", { inputTokens: 1, requestId: "" }, "requestId"],
    ["a control character in an id", { inputTokens: 1, requestId: "a\nb" }, "requestId"],
    ["no provider allowed", { inputTokens: 1, providers: [] }, "providers"],
    ["an unknown region", { inputTokens: 1, regions: ["nroth"] }, "regions[0]"],
  ])("%s is refused by name", (_name, request, path) => {
    expect(pathsOf(() => resolveRequest(snapshotIndex(snapshot), request as ClientRequest, 1n))).toEqual([path]);
  });

  test("has one content whatever the order of its keys", () => {
    expect(contentOf({ inputTokens: 1, riskBps: 2 })).toBe(contentOf({ riskBps: 2, inputTokens: 1 }));
  });
});

describe("files", () => {
  test.each([
    ["a directory", (): string => directory, "CAL_INPUT_UNREADABLE"],
    ["a missing file", (): string => join(directory, "none"), "CAL_INPUT_UNREADABLE"],
    [
      "truncated gzip",
      (): string => file("cut.json.gz", gzipSync("x".repeat(9999)).subarray(0, 20)),
      "CAL_INPUT_MALFORMED",
    ],
    ["no gzip at all", (): string => file("not.json.gz", "{}"), "CAL_INPUT_MALFORMED"],
  ])("%s is a coded error", async (_name, path, code) => {
    await expect(readFileBytes(path())).rejects.toMatchObject({ code });
  });

  // Skipped for the superuser, whom no permission stops.
  test.skipIf(process.getuid?.() === 0)("a file without permission (skipped for root, who may read all)", async () => {
    const path = file("closed.json", "{}");
    chmodSync(path, 0);
    await expect(readFileBytes(path)).rejects.toMatchObject({ code: "CAL_INPUT_UNREADABLE" });
  });

  test("rows are read from JSON Lines and CSV alike", async () => {
    mkdirSync(join(directory, "rows"), { recursive: true });
    const lines = file("rows/a.jsonl.gz", gzipSync('{"inputTokens":1}\n\n{"inputTokens":2}\n'));
    const table = file("rows/a.csv", "In,Out\n1,5\n2,6\n");
    expect(await gather(requestRows(lines))).toEqual([
      { line: 1, request: { inputTokens: 1 } },
      { line: 3, request: { inputTokens: 2 } },
    ]);
    const map = { inputTokens: "In", useCase: { const: "coding" } };
    expect(await gather(requestRows(table, map))).toEqual([
      { line: 2, request: { inputTokens: 1, useCase: "coding" } },
      { line: 3, request: { inputTokens: 2, useCase: "coding" } },
    ]);
  });

  test("a row with a duplicate key, broken UTF-8 or a missing column names its line", async () => {
    const twice = file("rows/t.jsonl", '{"inputTokens":1}\n{"inputTokens":1,"inputTokens":2}\n');
    const broken = file("rows/b.jsonl", Buffer.from([0x7b, 0x7d, 0x0a, 0xff, 0x0a]));
    const table = file("rows/m.csv", "In\n1\n");
    for (const [path, line] of [
      [twice, 2],
      [broken, 2],
    ] as const)
      await expect(gather(requestRows(path))).rejects.toMatchObject({
        code: "CAL_INPUT_MALFORMED",
        details: { line },
      });
    await expect(gather(requestRows(table, { inputTokens: "Im" }))).rejects.toMatchObject({
      code: "CAL_INPUT_MALFORMED",
    });
  });
});

describe("catalogs", () => {
  test.each(BUILT_IN_CATALOGS)("%s is complete", async (name) => {
    expect((await loadCatalog(name)).candidates.length).toBeGreaterThan(5);
  });

  test("llm has 22 candidates or more of six providers", async () => {
    const { candidates, providers } = await loadCatalog("llm");
    expect(candidates.length).toBeGreaterThanOrEqual(22);
    expect(new Set(candidates.map(({ providerId }) => providerId)).size).toBe(providers.length);
  });

  test("no source of kernel or engine knows what a courier or a venue is", () => {
    for (const root of ["../../../kernel/src/", "../../src/"]) {
      const at = new URL(root, import.meta.url);
      for (const name of readdirSync(at, { recursive: true, encoding: "utf8" }).filter((path) =>
        path.endsWith(".ts"),
      )) {
        const source = readFileSync(new URL(name, at), "utf8").replaceAll(/\["llm", "couriers", "venues"\]/g, "");
        expect(source, name).not.toMatch(
          /\b(courier|parcel|pallet|venue|midpoint|iceberg|openai|anthropic|mistral)s?\b/i,
        );
      }
    }
  });
});
