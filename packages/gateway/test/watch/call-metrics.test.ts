import { microcents } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_TOKENS } from "../../src/usage/usage-record.ts";
import { CallMetrics, dollarText } from "../../src/watch/call-metrics.ts";
import { genAiAttributes } from "../../src/watch/gen-ai-attributes.ts";
import { Metrics } from "../../src/watch/metrics.ts";

const CALL = { provider: "openai", asked: "large", served: "small", result: "answered" } as const;

describe("the metrics of calls", () => {
  test("add up to the microcent what calls cost, saved and left held", () => {
    const amount = fc.bigInt(0n, 10n ** 12n);
    fc.assert(
      fc.property(fc.array(fc.tuple(amount, amount, amount), { minLength: 1, maxLength: 20 }), (calls) => {
        const metrics = new CallMetrics();
        let [cost, saved, held] = [0n, 0n, 0n];
        for (const [costs, asked, holds] of calls) {
          metrics.ended({
            ...CALL,
            costMicrocents: microcents(costs),
            askedMicrocents: microcents(asked),
            heldMicrocents: microcents(holds),
          });
          cost += costs;
          saved += asked > costs ? asked - costs : 0n;
          held += holds;
        }
        const lines = metrics.lines();
        const amountOf = (name: string): string | undefined =>
          lines
            .find((line) => line.startsWith(`${name}{`))
            ?.split(" ")
            .at(-1);
        const expected = (sum: bigint): string | undefined => (sum === 0n ? undefined : dollarText(sum));
        expect(amountOf("calybris_calls_total")).toBe(String(calls.length));
        expect(amountOf("calybris_calls_cost_dollars_total")).toBe(expected(cost));
        expect(amountOf("calybris_calls_saved_dollars_total")).toBe(expected(saved));
        expect(amountOf("calybris_calls_held_dollars_total")).toBe(expected(held));
      }),
    );
  });

  test("count tokens by kind", () => {
    const metrics = new CallMetrics();
    const usage = {
      ...NO_TOKENS,
      inputTokens: 100,
      cacheReadTokens: 40,
      cacheWrite1hTokens: 5,
      cacheWriteTokens: 6,
      outputTokens: 9,
    };
    metrics.ended({ ...CALL, usage });
    metrics.ended({ ...CALL, usage });
    expect(metrics.lines().filter((line) => line.startsWith("calybris_calls_tokens_total"))).toEqual(
      [
        ["input", 200],
        ["output", 18],
        ["cache_read", 80],
        ["cache_write", 22],
      ].map(([kind, count]) => `calybris_calls_tokens_total{provider="openai",served="small",kind="${kind}"} ${count}`),
    );
  });

  test("keep to 500 rows however many models clients name, and lose no call", () => {
    const metrics = new CallMetrics();
    for (let index = 0; index < 2_000; index += 1) metrics.ended({ ...CALL, asked: `m${index}` });
    const rows = metrics.lines().filter((line) => line.startsWith("calybris_calls_total{"));
    expect(rows).toHaveLength(501);
    expect(rows.at(-1)).toBe('calybris_calls_total{asked="other",served="other",result="other"} 1500');
  });

  test("write any name of a model as one label", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (asked) => {
        const metrics = new CallMetrics();
        metrics.ended({ ...CALL, asked });
        const lines = metrics.lines();
        expect(lines).toHaveLength(3);
        expect(lines[2]).toMatch(
          /^calybris_calls_total\{asked="(?:[^"\\\n]|\\["\\n])*",served="small",result="answered"\} 1$/u,
        );
      }),
    );
  });

  test("are in the service's text with the gauges that are given, and absent before the first call", () => {
    const metrics = new Metrics();
    expect(metrics.text([])).not.toContain("calybris_calls");
    metrics.calls.ended({ ...CALL, costMicrocents: microcents(1n) });
    const gauges = {
      reservedMicrocents: 250_000_000n,
      debtMicrocents: 0n,
      deployments: [{ name: "a", state: "open" as const }],
      estimatesCompared: 100,
      estimatesMissed: 1,
    };
    const text = metrics.text([], gauges);
    for (const line of [
      "calybris_ledger_reserved_dollars 2.5",
      "calybris_ledger_debt_dollars 0",
      'calybris_breaker_state{deployment="a"} 2',
      "calybris_estimates_missed_total 1",
      'calybris_calls_cost_dollars_total{provider="openai",served="small"} 0.00000001',
    ])
      expect(text.split("\n")).toContain(line);
    const names = text
      .split("\n")
      .filter((line) => line.startsWith("# TYPE "))
      .map((line) => line.split(" ")[2]);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each([
    [0n, "0"],
    [1n, "0.00000001"],
    [100_000_000n, "1"],
    [-150_000_000n, "-1.5"],
    [2n ** 63n, "92233720368.54775808"],
  ])("write %d microcents as $%s", (amount, text) => {
    expect(dollarText(amount)).toBe(text);
  });
});

test("a span names models, tokens and the decision, and nothing of the text", () => {
  const call = {
    dialect: "openai-embeddings",
    provider: "google",
    asked: "auto",
    served: undefined,
    limitTokens: undefined,
    usage: { ...NO_TOKENS, inputTokens: 7 },
    finishReason: undefined,
    session: "s",
    decisionId: "4-e87e4357",
  } as const;
  expect(genAiAttributes(call)).toEqual({
    "gen_ai.operation.name": "embeddings",
    "gen_ai.provider.name": "gcp.gemini",
    "gen_ai.request.model": "auto",
    "gen_ai.usage.input_tokens": 7,
    "gen_ai.usage.output_tokens": 0,
    "gen_ai.usage.cache_read.input_tokens": 0,
    "gen_ai.conversation.id": "s",
    "calybris.decision.id": "4-e87e4357",
  });
});
