import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CALL_FEATURES, callFeatures, listedFeatures } from "../../src/attribution/call-features.ts";
import { signalsOf } from "../../src/attribution/call-signals.ts";
import { useCaseOf } from "../../src/attribution/use-case.ts";
import { scanCall } from "../../src/scan/call-scan.ts";

function featuresOf(text: string, more: object = {}, limit?: number): ReturnType<typeof callFeatures> {
  const body = JSON.stringify({ messages: [{ role: "user", content: text }], ...more });
  return callFeatures(scanCall(Buffer.from(body), "openai-chat", new Uint8Array(32)).content, limit);
}

describe("the features of a call", () => {
  test("are whole numbers from 0, for any text, in no more time than its length", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        for (const value of Object.values(featuresOf(text)))
          expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
      }),
    );
    // Patterns that look back would take minutes for these.
    for (const line of ["import ".repeat(1_000), "<a".repeat(4_000), " ".repeat(8_000), "if(".repeat(2_700)])
      expect(featuresOf(line).text_lines).toBe(1);
  });

  test("are counts of what is there", () => {
    const text = "Fix this:\n\nconst a = [1, 2];\n}\nWhy does it FAIL? 北";
    expect(featuresOf(text, { tools: [{ type: "function" }] }, 100)).toMatchObject({
      messages: 1,
      tools: 1,
      images: 0,
      output_limit: 100,
      text_characters: text.length,
      text_lines: 5,
      text_digits: 2,
      text_capitals: 6,
      text_questions: 1,
      text_code: 2,
      text_script: 1,
    });
    expect(featuresOf("")).toMatchObject({ text_lines: 0, text_words: 0, text_script: 0, wide_bps: 0 });
  });

  test.each([
    ["Hello there", 1],
    ["Привет, мир", 2],
    ["Γειά σου", 3],
    ["مرحبا", 4],
    ["שלום", 5],
    ["नमस्ते", 6],
    ["北京是哪里? OK", 7],
    ["東京はどこですか", 8],
    ["안녕하세요", 9],
    ["สวัสดี", 10],
    ["ሰላም", 11],
    ["123 + 4", 0],
  ])("say the script of %j", (text, script) => {
    expect(featuresOf(text).text_script).toBe(script);
  });

  test("are given to the engine as the policy lists them", () => {
    const features = featuresOf("Hi");
    expect(listedFeatures(features, ["text_words", "of_another_source"])).toEqual({ text_words: 1 });
    expect(listedFeatures(features, ["grams"])).toBeUndefined();
    expect(listedFeatures(features, [])).toBeUndefined();
    expect(Object.keys(features)).toEqual(Object.keys(CALL_FEATURES));
    expect(listedFeatures(features, ["toString"])).toBeUndefined();
  });
});

describe("the signals of a call", () => {
  const END = {
    latencyMs: 10,
    latencyMaxMs: 100,
    isFailed: false,
    isRepeat: false,
    isAborted: false,
    finishReason: "stop",
  };
  test.each([
    ["none, of a good answer", {}, []],
    ["slow", { latencyMs: 101 }, ["slow"]],
    ["none, without a limit", { latencyMs: 10_000, latencyMaxMs: 0 }, []],
    ["error", { isFailed: true, finishReason: undefined }, ["error"]],
    [
      "aborted only, whatever the provider did then",
      { isAborted: true, isFailed: true, latencyMs: 999, finishReason: undefined },
      ["aborted"],
    ],
    ["truncated, in each dialect", { finishReason: "max_tokens" }, ["truncated"]],
    [
      "all that hold, in order",
      { latencyMs: 101, isRepeat: true, finishReason: "length" },
      ["slow", "retried", "truncated"],
    ],
  ])("are %s", (_what, part, signals) => {
    expect(signalsOf({ ...END, ...part })).toEqual(signals);
  });
});

describe("the use case of a call", () => {
  const known = { coding: {}, support: {} };
  test.each([
    ["the header's", { "x-calybris-use-case": "coding" }, { route: "support", key: "support" }, "coding"],
    ["the route's", {}, { route: "support", key: "coding" }, "support"],
    ["the key's", {}, { key: "coding" }, "coding"],
    ["the next, where one is not known any more", {}, { route: "gone", key: "coding" }, "coding"],
    ["the default, where nobody says", {}, {}, "default"],
  ])("is %s", (_what, headers, configured, useCase) => {
    expect(useCaseOf(headers, configured, known)).toBe(useCase);
  });

  test("of a header that names another is refused", () => {
    for (const name of ["other", "constructor"])
      expect(() => useCaseOf({ "x-calybris-use-case": name }, {}, known)).toThrowError(
        expect.objectContaining({ code: "CAL_GATEWAY_REQUEST_INVALID" }) as Error,
      );
  });
});
