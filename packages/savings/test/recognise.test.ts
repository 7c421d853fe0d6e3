import { describe, expect, test } from "vitest";
import { parseUsageMap } from "../src/usage-map.ts";
import { USAGE_EXPORTS } from "../src/index.ts";
import { CATALOG, reportOf, SAMPLES } from "./exports.ts";

describe("every export that is recognised", () => {
  test("has a sample here, and a documentation that says where its columns are from", () => {
    expect(Object.keys(SAMPLES).sort()).toEqual(USAGE_EXPORTS.map(({ name }) => name).sort());
    for (const { documentation } of USAGE_EXPORTS) expect(documentation).toMatch(/^https:\/\//);
  });

  test.each(Object.entries(SAMPLES))("%s is recognised by its columns", async (name, text) => {
    const { source, rows, badRows } = await reportOf(text);
    expect({ name: source.name, bad: badRows }).toEqual({ name, bad: [] });
    expect(rows.used).toBeGreaterThan(0);
  });
});

describe("what is read of a sample", () => {
  test("LiteLLM: the cost as recorded, exponents included, and the tag", async () => {
    const { total, models, tags, firstDay, lastDay } = await reportOf(SAMPLES["litellm-spend-logs"] as string);
    expect(total).toMatchObject({ rows: 2, inputTokens: 1_100n, outputTokens: 1_000n, paidMicrocents: 1_251_500n });
    expect(models.map(({ name, writtenAs }) => [name, ...writtenAs])).toEqual([
      ["gpt-4o", "gpt-4o-2024-08-06"],
      ["gpt-4o-mini", "openai/gpt-4o-mini"],
    ]);
    expect(tags.map(({ name }) => name)).toEqual(["search", "t1"]);
    expect([firstDay, lastDay]).toEqual(["2026-03-01", "2026-03-02"]);
  });

  test("Claude Console: cached input is part of the input and has its own price", async () => {
    const { total } = await reportOf(SAMPLES["anthropic-console-usage"] as string);
    // 1,000,000 at $3 + 100,000 written at $3.75 + 2,000,000 read at $0.30 + 100,000 out at $15.
    expect(total).toMatchObject({
      inputTokens: 3_100_000n,
      cachedInputTokens: 2_000_000n,
      estimatedMicrocents: 547_500_000n,
    });
  });

  test("OpenAI: a row adds up requests, cached input is cheaper, an empty bucket is no bad row", async () => {
    const { total, rows } = await reportOf(SAMPLES["openai-usage"] as string);
    expect(rows).toMatchObject({ used: 1, empty: 1, bad: 0 });
    // 5,882 at $2 + 1,280 at $0.50 + 1,000 at $8, in microcents.
    expect(total).toMatchObject({ requests: 3, estimatedMicrocents: 1_176_400n + 64_000n + 800_000n });
  });

  test.each([
    ["openai-usage", ",,,7162", ",true,,7162", 2_040_400n / 2n],
    ["anthropic-console-usage", ",standard,", ",batch,", 547_500_000n / 2n],
  ])("%s: what ran as a batch is estimated at half the price", async (name, standard, batch, expected) => {
    const { total, rows } = await reportOf((SAMPLES[name] as string).replace(standard, batch));
    expect([total.estimatedMicrocents, rows.batch]).toEqual([expected, 1]);
  });

  test("an export of costs without tokens is paid, by model where it names one, and compares nothing", async () => {
    const report = await reportOf(SAMPLES["anthropic-console-cost"] as string);
    expect(report.total).toMatchObject({ paidMicrocents: 5_000_000n, reportedMicrocents: 5_000_000n });
    expect(report.models[0]?.name).toBe("claude-haiku-4-5");
    expect(report.curve).toEqual([]);
    expect(report.chosen).toBeUndefined();
  });
});

describe("a table that is no known export", () => {
  test("is read by the names of its columns when they are plain, and says so", async () => {
    const { source, total } = await reportOf("Model;Tokens In;Tokens Out\ngpt-4o;1000;1000\n");
    expect(source).toMatchObject({ name: "guess", map: { model: ["Model"], inputTokens: ["Tokens In"] } });
    expect(total.paidMicrocents).toBe(1_250_000n);
  });

  test("prints its columns and a map to start from when they are not", async () => {
    await expect(reportOf("when,who,a,b\n1,2,3,4\n")).rejects.toMatchObject({
      code: "CAL_USAGE_UNRECOGNISED",
      details: { columns: '"when", "who", "a", "b"', map: '{"model":"…","inputTokens":"…","outputTokens":"…"}' },
    });
  });

  test("is read by a map, whatever its delimiter", async () => {
    const map = {
      model: ["m"],
      inputTokens: ["i1", "i2"],
      outputTokens: ["o"],
      paid: { columns: ["c"], unit: "cents" as const },
    };
    const { total } = await reportOf("m~i1~i2~o~c\ngpt-4o~1~2~3~0.5\n", { map, delimiter: "~" });
    expect(total).toMatchObject({ inputTokens: 3n, outputTokens: 3n, paidMicrocents: 500_000n });
  });

  test("that lacks a mapped column is refused by its name", async () => {
    const map = { model: ["nope"], inputTokens: ["i"], outputTokens: ["o"] };
    await expect(reportOf("m,i,o\n", { map })).rejects.toMatchObject({
      code: "CAL_INPUT_MALFORMED",
      message: expect.stringContaining('"nope"'),
    });
  });
});

test("a model the catalog does not hold is counted with its cost and stays as it is", async () => {
  const text =
    "model,input_tokens,output_tokens,cost\nllama-9,10,10,1.00\nllama-9,10,10,0.50\ngpt-4o,1000,1000,0.0125\nother,5,5,\n";
  const { unknownModels, chosen, total } = await reportOf(text);
  expect(
    unknownModels.map(({ name, rows, paidMicrocents, unpricedRows }) => [name, rows, paidMicrocents, unpricedRows]),
  ).toEqual([
    ["llama-9", 2, 150_000_000n, 0],
    ["other", 1, 0n, 1],
  ]);
  expect(total.paidMicrocents).toBe(151_250_000n);
  expect(chosen?.savedMicrocents).toBeLessThan(1_250_000n);
  expect(CATALOG.candidates.map(({ name }) => name)).not.toContain("llama-9");
});

test("a map need not name a column of models where the command names the model", () => {
  const columns = { inputTokens: "ContextTokens", outputTokens: "GeneratedTokens" };
  expect(parseUsageMap(columns, "map.json", "gpt-4o").model).toEqual({ const: "gpt-4o" });
  expect(parseUsageMap({ ...columns, model: "model" }, "map.json", "gpt-4o").model).toEqual({ const: "gpt-4o" });
  expect(() => parseUsageMap(columns, "map.json")).toThrow(/model is missing/);
});

test("where a substitute's catalog price is above what was paid, no saving is counted, and the excess is reported", async () => {
  // At catalog prices this costs $0.0125; mistral-large-3 would cost $0.002.
  const { chosen, comparableMicrocents } = await reportOf(
    "model,input_tokens,output_tokens,cost\ngpt-4o,1000,1000,0.0005\n",
    {
      floorBps: 8_350,
    },
  );
  expect(chosen?.flows).toMatchObject([
    { chosen: "mistral-large-3", askedMicrocents: 50_000n, costMicrocents: 50_000n },
  ]);
  expect(chosen).toMatchObject({ savedMicrocents: 0n, excessMicrocents: 150_000n });
  expect(comparableMicrocents).toBe(50_000n);
});

test("what was paid beyond the catalog's price is not saved", async () => {
  const { chosen } = await reportOf("model,input_tokens,output_tokens,cost\ngpt-4o,1000,1000,1\n", { floorBps: 8_350 });
  expect(chosen?.savedMicrocents).toBe(1_250_000n - 200_000n);
});

test("a row without a day, a tag or a model has its own name, and a model shows how it was written, at most five ways", async () => {
  const names = ["gpt-4o", "GPT-4o", "openai/gpt-4o", "azure/gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-2024-11-20"];
  const rows = [...names, ""].map((name) => `${name},1000,1000,,`);
  const { days, tags, models, unknownModels } = await reportOf(
    ["model,input_tokens,output_tokens,time,tag", ...rows].join("\n"),
  );
  expect([days, tags, unknownModels].map((list) => list.map(({ name }) => name))).toEqual([
    ["(no date)"],
    ["(no tag)"],
    ["(no model)"],
  ]);
  expect(models[0]).toMatchObject({ name: "gpt-4o", rows: 6 });
  expect(models[0]?.writtenAs.length).toBe(5);
});

test("capabilities that are lost, and reasoning that is new, are counted by request", async () => {
  const text = "model,input_tokens,output_tokens,requests\ngpt-4o,1000,1000,3\ngemini-3-pro,1000,1000,2\n";
  const { chosen } = await reportOf(text, { floorBps: 7_276 });
  expect(chosen?.flows.map((flow) => flow.chosen)).toEqual(["gpt-5-nano", "gpt-5-nano"]);
  expect(chosen).toMatchObject({ newlyReasoningRequests: 3, lostCapabilities: [] });
  const excluded = await reportOf(text, { floorBps: 8_290, exclude: ["mistral-large-3"] });
  expect(excluded.chosen?.lostCapabilities).toEqual([
    { name: "vision", requests: 5 },
    { name: "reasoning", requests: 2 },
  ]);
});

test("the same tags in another order are the same tag, and one tag is itself", async () => {
  const cells = ['"[""b"", ""a""]"', '"[""a"", ""b""]"', '"[""a""]"', "a", "[]", "[broken"];
  const rows = cells.map((cell) => `gpt-4o,1,1,${cell}`);
  const { tags } = await reportOf(["model,input_tokens,output_tokens,tags", ...rows].join("\n"));
  expect(Object.fromEntries(tags.map(({ name, rows: count }) => [name, count]))).toEqual({
    "(no tag)": 1,
    "[broken": 1,
    a: 2,
    "a, b": 2,
  });
});

test("a table of models and costs alone is read by its names", async () => {
  const { source, total, curve } = await reportOf("model,cost_usd\ngpt-4o,0.5\n");
  expect(source).toMatchObject({
    name: "guess",
    map: { model: ["model"], paid: { columns: ["cost_usd"], unit: "dollars" } },
  });
  expect([total.paidMicrocents, curve.length]).toEqual([50_000_000n, 0]);
});
