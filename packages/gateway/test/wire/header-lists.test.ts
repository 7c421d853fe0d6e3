import { describe, expect, test } from "vitest";
import type { AnswerDialect } from "../../src/wire/dialect.ts";
import {
  callerKey,
  keyHeader,
  listedHeaders,
  REQUEST_HEADERS,
  RESPONSE_HEADERS,
  SECRET_HEADERS,
} from "../../src/wire/header-lists.ts";

describe("headers", () => {
  const DIALECTS: readonly AnswerDialect[] = [
    "openai-chat",
    "openai-responses",
    "openai-embeddings",
    "anthropic-messages",
    "gemini",
  ];

  test("that carry a secret are on no list", () => {
    for (const list of [...Object.values(REQUEST_HEADERS), RESPONSE_HEADERS])
      expect(
        listedHeaders(
          list,
          SECRET_HEADERS.flatMap((name) => [name.toUpperCase(), "secret"]),
        ),
      ).toEqual([]);
  });

  test("of Anthropic's version and betas pass unchanged to Anthropic alone", () => {
    const sent = [
      "Anthropic-Version",
      "2026-10-21",
      "anthropic-beta",
      "a,b",
      "x-stainless-retry-count",
      "1",
      "x-claude-code-session-id",
      "s",
      "Content-Type",
      "application/json",
      "host",
      "h",
    ];
    expect(listedHeaders(REQUEST_HEADERS["anthropic-messages"], sent)).toEqual([
      "anthropic-version",
      "2026-10-21",
      "anthropic-beta",
      "a,b",
      "content-type",
      "application/json",
    ]);
    for (const dialect of DIALECTS.filter((one) => one !== "anthropic-messages"))
      expect(listedHeaders(REQUEST_HEADERS[dialect], sent)).toEqual(["content-type", "application/json"]);
  });

  test("of a provider's limits and request ids come back, and what names the operator does not", () => {
    const back = [
      "request-id",
      "r",
      "anthropic-ratelimit-tokens-remaining",
      "9",
      "anthropic-organization-id",
      "org",
      "openai-organization",
      "org",
      "openai-project",
      "p",
      "cf-ray",
      "x",
      "server",
      "cloudflare",
      "x-ratelimit-reset-tokens",
      "6ms",
      "openai-processing-ms",
      "31",
    ];
    expect(listedHeaders(RESPONSE_HEADERS, back)).toEqual([
      "request-id",
      "r",
      "anthropic-ratelimit-tokens-remaining",
      "9",
      "x-ratelimit-reset-tokens",
      "6ms",
      "openai-processing-ms",
      "31",
    ]);
  });

  test("carry a provider's key under the provider's name", () => {
    expect(DIALECTS.map((dialect) => keyHeader(dialect, "k")[0])).toEqual([
      "authorization",
      "authorization",
      "authorization",
      "x-api-key",
      "x-goog-api-key",
    ]);
  });

  test.each([
    [{ authorization: "Bearer a" }, "a"],
    [{ authorization: "bearer  a " }, "a"],
    [{ "x-api-key": "b" }, "b"],
    [{ authorization: "Bearer a", "x-api-key": "b" }, "a"],
    [{ authorization: "Basic eDp5", "x-api-key": "b" }, "b"],
    [{ authorization: "Bearer a b" }, undefined],
    [{ "x-api-key": "" }, undefined],
    [{}, undefined],
  ])("%j have the key %s", (headers, key) => {
    expect(callerKey(headers)).toBe(key);
  });
});
