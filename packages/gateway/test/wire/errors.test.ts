import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { GATEWAY_ERRORS, GatewayError } from "../../src/gateway-errors.ts";
import type { ErrorAnswer } from "../../src/http/error-dialect.ts";
import { type ErrorFamily, errorAnswer } from "../../src/wire/error-bodies.ts";
import { faultOf, passedError, statusOfStreamError } from "../../src/wire/provider-errors.ts";
import { CODEX_REFUSALS, codedAnswer, isCodex, refusalAnswer } from "../../src/wire/refusals.ts";
import { CALL_PATHS, familyOfPath, unservedPath } from "../../src/wire/unserved-paths.ts";

const asResponse = ({ status, text, contentType, headers }: ErrorAnswer): Response => {
  const pairs = headers.flatMap((name, at): [string, string][] =>
    at % 2 === 0 ? [[name, headers[at + 1] ?? ""]] : [],
  );
  return new Response(text, { status, headers: [...pairs, ["content-type", contentType]] });
};

/** What the unmodified SDK throws for an answer, and how many calls it made. */
async function thrown(
  family: ErrorFamily,
  answer: ErrorAnswer,
): Promise<{ readonly calls: number; readonly error: Error & { status?: number; type?: string; code?: string } }> {
  let calls = 0;
  const fetch = async (): Promise<Response> => {
    calls += 1;
    return asResponse(answer);
  };
  try {
    const options = { apiKey: "key", fetch, maxRetries: 2 };
    const messages = [{ role: "user" as const, content: "hi" }];
    if (family === "openai") await new OpenAI(options).chat.completions.create({ model: "m", messages });
    else await new Anthropic(options).messages.create({ model: "m", max_tokens: 1, messages });
  } catch (error) {
    return { calls, error: error as Error };
  }
  throw new Error("the SDK did not throw");
}

const refusal = { message: "The budget of team blue is used up until 2026-12-01.", reason: "budget" };

describe("a refusal", () => {
  test.each([
    ["openai", "budget", 402, { error: { type: "insufficient_quota", code: "budget", param: null } }],
    ["openai", "policy", 403, { error: { type: "permission_error", code: "budget", param: null } }],
    ["anthropic", "budget", 402, { type: "error", error: { type: "billing_error" }, request_id: "req_1" }],
    ["anthropic", "policy", 403, { type: "error", error: { type: "permission_error" }, request_id: "req_1" }],
  ] as const)(
    "in the %s family by %s is %i, costs the SDK one call, and begins with its reason",
    async (family, kind, status, body) => {
      const answer = refusalAnswer(family, { kind, ...refusal }, "req_1");
      expect(JSON.parse(answer.text)).toMatchObject(body);
      const { calls, error } = await thrown(family, answer);
      expect([calls, error.status]).toEqual([1, status]);
      expect(error.message).toContain(refusal.message);
      expect(JSON.parse(answer.text).error.message).toBe(refusal.message);
    },
  );

  test("is what the SDK has an exception for", async () => {
    const { error } = await thrown("anthropic", refusalAnswer("anthropic", { kind: "budget", ...refusal }, "r"));
    expect(error.constructor.name).toBe("PaymentRequiredError");
  });

  test("to Codex is 429 for money and 400 for policy, which it does not repeat", () => {
    const status = (kind: "budget" | "policy"): number =>
      refusalAnswer("openai", { kind, ...refusal }, "r", CODEX_REFUSALS).status;
    expect([status("budget"), status("policy")]).toEqual([429, 400]);
    expect(
      JSON.parse(refusalAnswer("openai", { kind: "budget", ...refusal }, "r", CODEX_REFUSALS).text).error.type,
    ).toBe("insufficient_quota");
    expect(["codex_exec", "codex_cli_rs", "opencode", undefined].map(isCodex)).toEqual([true, true, false, false]);
  });
});

describe("an error of the gateway", () => {
  test("names the field at fault, and is sent once where another try would end alike", async () => {
    const mistake = { path: "stream_options.include_usage", problem: "is set twice", remedy: "Set it once." };
    const error = new GatewayError("CAL_GATEWAY_REQUEST_INVALID", { mistakes: [mistake] });
    const answer = codedAnswer("openai", error, "req_1");
    expect(JSON.parse(answer.text).error).toMatchObject({
      type: "invalid_request_error",
      code: "CAL_GATEWAY_REQUEST_INVALID",
      param: mistake.path,
    });
    expect((await thrown("openai", answer)).calls).toBe(1);
  });

  test("that passes is left to the client's own rules", async () => {
    const error = new GatewayError("CAL_GATEWAY_OVERLOADED", { problem: "too many requests" });
    const answer = codedAnswer("anthropic", error, "req_1", ["retry-after-ms", "1"]);
    expect(answer.headers).toEqual(["request-id", "req_1", "retry-after-ms", "1"]);
    expect((await thrown("anthropic", answer)).calls).toBe(3);
  });

  test("has a body of the family, whichever it is", () => {
    for (const [code, row] of Object.entries(GATEWAY_ERRORS)) {
      const error = Object.assign(Object.create(GatewayError.prototype) as GatewayError, {
        code,
        status: row.status,
        message: "m",
        remedy: "r",
        details: {},
      });
      const openai = codedAnswer("openai", error, "r");
      const anthropic = codedAnswer("anthropic", error, "r");
      expect([400, 401, 403, 404, 408, 409, 413, 429, 500, 502, 503, 504]).toContain(openai.status);
      expect(JSON.parse(openai.text)).toEqual({
        error: { message: "m. r", type: expect.stringMatching(/_error$/), param: null, code },
      });
      expect(JSON.parse(anthropic.text)).toEqual({
        type: "error",
        error: { type: expect.stringMatching(/_error$|^request_too_large$/), message: "m. r" },
        request_id: "r",
      });
    }
  });
});

describe("a path that is not served", () => {
  test.each([
    ["/v1/audio/voices", false, "openai", "Audio"],
    ["/v1/images/generations", false, "openai", "Images"],
    ["/v1/batches", false, "openai", "Batches"],
    ["/v1/messages/batches", false, "anthropic", "Batches"],
    ["/v1/files", true, "anthropic", "Files"],
    ["/v1/realtime", false, "openai", "Audio"],
    ["/v1/no_such_thing", true, "anthropic", "not served"],
    ["/_stainless_unknown_path", false, "openai", "not served"],
    ["/v1/threads", false, "openai", "not metered"],
  ] as const)(
    "%s is 404 in its dialect with a sentence, and called once",
    async (path, hasVersion, family, sentence) => {
      expect(familyOfPath(path, hasVersion)).toBe(family);
      const answer = errorAnswer(family, unservedPath("POST", path), "req_1");
      const { calls, error } = await thrown(family, answer);
      expect([calls, error.status]).toEqual([1, 404]);
      expect(error.message).toContain(sentence);
      if (family === "anthropic") expect(JSON.parse(answer.text).error.type).toBe("not_found_error");
    },
  );

  test("is none of those that are", () => {
    for (const [path, dialect] of CALL_PATHS)
      expect(familyOfPath(path, true)).toBe(dialect === "anthropic-messages" ? "anthropic" : "openai");
  });
});

describe("a provider's error", () => {
  const answer = (
    status: number,
    body: unknown,
    headers: readonly string[] = [],
  ): { status: number; headers: readonly string[]; body: Buffer } => ({
    status,
    headers: ["Content-Type", "application/json", ...headers],
    body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
  });
  const limited = {
    error: { message: "Rate limit reached", type: "requests", param: null, code: "rate_limit_exceeded" },
  };

  test("of the same family passes with its bytes, its wait and its own request id", () => {
    const headers = [
      "Retry-After",
      "7",
      "x-ratelimit-remaining-requests",
      "0",
      "x-request-id",
      "up_1",
      "set-cookie",
      "s=1",
      "openai-organization",
      "org-1",
    ];
    expect(passedError(answer(429, limited, headers), "openai-chat", "openai-chat", "req_1")).toEqual({
      status: 429,
      text: JSON.stringify(limited),
      contentType: "application/json",
      headers: ["retry-after", "7", "x-ratelimit-remaining-requests", "0", "x-request-id", "up_1"],
    });
  });

  test.each([
    [
      529,
      { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
      "anthropic-messages",
      "openai-chat",
      503,
      { error: { type: "overloaded_error", message: "Overloaded" } },
    ],
    [
      429,
      limited,
      "openai-chat",
      "anthropic-messages",
      429,
      { type: "error", error: { type: "requests", message: "Rate limit reached" } },
    ],
    [
      400,
      [{ error: { code: 400, message: "bad", status: "INVALID_ARGUMENT" } }],
      "gemini",
      "openai-chat",
      400,
      { error: { type: "invalid_request_error", message: "bad" } },
    ],
    [
      502,
      "<html>Bad Gateway</html>",
      "openai-chat",
      "openai-chat",
      502,
      { error: { type: "server_error", message: "the provider answered 502" } },
    ],
    [
      500,
      { detail: "vLLM says no" },
      "openai-chat",
      "anthropic-messages",
      500,
      { error: { type: "api_error", message: "vLLM says no" } },
    ],
  ] as const)(
    "of status %i is said in the client's family where it is of another",
    (status, body, from, to, wanted, shape) => {
      const passed = passedError(answer(status, body), from, to, "req_1");
      expect(passed.status).toBe(wanted);
      expect(JSON.parse(passed.text)).toMatchObject(shape);
    },
  );

  test.each([
    [401, { error: { message: "Incorrect API key provided: sk-op*1234", type: "invalid_request_error" } }],
    [403, { error: { message: "org-1 has no access", type: "permission_error" } }],
    [402, { type: "error", error: { type: "billing_error", message: "pay" } }],
    [
      429,
      {
        error: {
          message: "You exceeded your current quota",
          type: "insufficient_quota",
          code: "credit_balance_exhausted",
        },
      },
    ],
    [429, { error: { message: "You exceeded your current quota", type: "insufficient_quota", code: null } }],
    [429, { error: { message: "You exceeded your current quota", type: "requests", code: "insufficient_quota" } }],
    [
      400,
      {
        type: "error",
        error: { type: "invalid_request_error", message: "Your credit balance is too low to access the API" },
      },
    ],
  ])("of the operator's account, %i %j, is not disclosed to the tenant", async (status, body) => {
    expect(faultOf(status, body)).toBe("operator");
    for (const [dialect, family] of [
      ["openai-chat", "openai"],
      ["anthropic-messages", "anthropic"],
    ] as const) {
      const passed = passedError(answer(status, body), dialect, dialect, "req_1");
      expect(passed.status).toBe(502);
      expect(passed.text).not.toContain(body.error.message);
      expect((await thrown(family, passed)).calls).toBe(1);
    }
  });

  test.each([
    [400, "caller"],
    [404, "caller"],
    [413, "caller"],
    [422, "caller"],
    [408, "provider"],
    [429, "rate"],
    [500, "provider"],
    [503, "provider"],
    [529, "provider"],
  ] as const)("of status %i without more is the %s's", (status, fault) => {
    expect(faultOf(status, { error: { message: "x" } })).toBe(fault);
    expect(faultOf(status, undefined)).toBe(fault);
  });

  test("within a stream has the status that it would have had as an answer", () => {
    expect(
      [
        { type: "overloaded_error" },
        { type: "rate_limit_error" },
        { code: "rate_limit_exceeded" },
        { code: "server_error" },
        { code: 503 },
        {},
        { type: "new" },
      ].map(statusOfStreamError),
    ).toEqual([529, 429, 429, 500, 503, 500, 500]);
  });
});
