import { describe, expect, test } from "vitest";
import { MODEL_ALIASES, ModelNames } from "../src/model-names.ts";
import { CATALOG } from "./exports.ts";

const names = CATALOG.candidates.map(({ name }) => name);
const resolve = (written: string): string | undefined => names[new ModelNames(names).indexOf(written)];

describe("a name leads to its candidate", () => {
  test.each([
    ["gpt-4o", "gpt-4o"],
    ["GPT-4o", "gpt-4o"],
    ["gpt-4o-2024-08-06", "gpt-4o"],
    ["gpt-4o-2024-11-20", "gpt-4o"],
    ["gpt-4o-2024-05-13", "gpt-4o-2024-05-13"],
    ["openai/gpt-4o", "gpt-4o"],
    ["azure/eu/gpt-4o-2024-08-06", "gpt-4o"],
    ["azure/gpt-35-turbo", "gpt-3.5-turbo"],
    ["gpt-3.5-turbo-0125", "gpt-3.5-turbo"],
    ["gpt-4-0613", "gpt-4"],
    ["gpt-4-turbo-2024-04-09", "gpt-4-turbo"],
    ["gpt-4o-mini-2024-07-18", "gpt-4o-mini"],
    ["o3-mini-2025-01-31", "o3-mini"],
    ["claude-sonnet-4-5-20250929", "claude-sonnet-4-5"],
    ["anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"],
    ["Claude Haiku 4.5", "claude-haiku-4-5"],
    ["Claude Sonnet 3.7", "claude-3-7-sonnet"],
    ["anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"],
    ["us.anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4"],
    ["bedrock/us-east-1/anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"],
    ["bedrock/eu.anthropic.claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku"],
    ["vertex_ai/claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet"],
    ["claude-3-5-haiku-latest", "claude-3-5-haiku"],
    ["models/gemini-2.5-flash", "gemini-2.5-flash"],
    ["publishers/google/models/gemini-2.0-flash-001", "gemini-2.0-flash"],
    ["gemini/gemini-2.5-pro-preview-05-06", "gemini-2.5-pro"],
    ["google/gemini-3-pro-preview", "gemini-3-pro"],
    ["together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", "llama-3.3-70b"],
    ["meta.llama3-1-70b-instruct-v1:0", "llama-3.1-70b"],
    ["accounts/fireworks/models/deepseek-r1", "deepseek-r1"],
    ["mistral/mistral-large-2512", "mistral-large-3"],
  ])("%s is %s", (written, name) => {
    expect(resolve(written)).toBe(name);
  });

  test("every alias, and every name of the catalog, leads to a candidate", () => {
    for (const name of names) expect(resolve(name)).toBe(name);
    for (const [alias, name] of MODEL_ALIASES) expect([alias, resolve(alias)]).toEqual([alias, name]);
  });
});

test.each([
  "",
  "gpt-4o-realtime-preview",
  "ft:gpt-4o-mini-2024-07-18:org::id",
  "gpt-3.5-turbo-0613",
  "gpt-4o-audio-preview",
  "gpt-5.9",
  "claude",
  "__proto__",
  "llama",
])("%s is not taken for a model that costs something else", (written) => {
  expect(resolve(written)).toBeUndefined();
});

test("a name longer than any is unknown", () => {
  expect(resolve("x".repeat(10_000))).toBeUndefined();
  expect(resolve(`${"a/".repeat(5_000)}gpt-4o`)).toBeUndefined();
});
