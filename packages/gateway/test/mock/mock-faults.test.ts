import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type StreamOutcome, StreamPass } from "../../src/wire/stream-pass.ts";
import { type RunningMock, runningMock } from "./running-mock.ts";

let running: RunningMock;
beforeAll(async () => {
  running = await runningMock();
});
afterAll(() => running[Symbol.asyncDispose]());

const PATHS = {
  "openai-chat": "/v1/chat/completions",
  "openai-responses": "/v1/responses",
  "anthropic-messages": "/v1/messages",
} as const;
const DIALECTS = Object.keys(PATHS) as (keyof typeof PATHS)[];

function bodyOf(dialect: keyof typeof PATHS, text: string, stream: boolean): object {
  if (dialect === "openai-responses") return { model: "gpt-4.1", input: text, stream };
  const messages = [{ role: "user", content: text }];
  return dialect === "openai-chat"
    ? { model: "gpt-4.1", messages, stream, ...(stream ? { stream_options: { include_usage: true } } : {}) }
    : { model: "claude-haiku-4-5", max_tokens: 300, messages, stream };
}

/** What a gateway would say of a stream, and how its connection ended. */
async function outcomeOf(
  dialect: keyof typeof PATHS,
  fault: string,
): Promise<{ outcome: StreamOutcome; isBroken: boolean; status: number; hasUsage: boolean }> {
  const answer = await running.post(PATHS[dialect], bodyOf(dialect, `hi [[mock: ${fault} output=40]]`, true));
  let hasUsage = false;
  const pass = new StreamPass({
    dialect,
    isUsageHidden: false,
    see: ({ json, finishes }) => {
      hasUsage ||= (finishes || json["usage"] !== undefined) && JSON.stringify(json).includes('_tokens":');
    },
  });
  let isBroken = false;
  try {
    for await (const piece of answer.body as AsyncIterable<Uint8Array>) pass.push(Buffer.from(piece));
  } catch {
    isBroken = true;
  }
  return { outcome: pass.end().outcome, isBroken, status: answer.status, hasUsage };
}

describe.each(DIALECTS)("%s", (dialect) => {
  test("input=N is what an answer says and a bill counts, whatever the text has", async () => {
    const answer = await running.post(PATHS[dialect], bodyOf(dialect, "hi [[mock: input=4321 output=2]]", false));
    expect(await answer.text()).toMatch(/"(?:prompt|input)_tokens":4321\b/);
    expect(running.rows().at(-1)?.usage).toMatchObject({ input_tokens: 4321, output_tokens: 2 });
  });

  test.each([
    ["cut=before-usage", { outcome: "cut", isBroken: true, hasUsage: false }],
    ["reset=stream", { outcome: "cut", isBroken: true }],
    ["error-event", { outcome: "failed", isBroken: false, hasUsage: false }],
    ["first-event-error", { outcome: "failed", isBroken: false, hasUsage: false }],
    ["cut=after-usage", { outcome: "complete", isBroken: true, hasUsage: true }],
    ["slow=1", { outcome: "complete", isBroken: false, hasUsage: true }],
  ])("%s is a stream that a gateway sees as it is", async (fault, wanted) => {
    expect(await outcomeOf(dialect, fault)).toMatchObject({ status: 200, ...wanted });
  });

  test("a status comes with the dialect's error, its words and when to try again", async () => {
    const fault =
      "[[mock: status=429 code=insufficient_quota type=insufficient_quota retry-after=2 retry-after-ms=1500]]";
    const answer = await running.post(PATHS[dialect], bodyOf(dialect, fault, true));
    expect([answer.status, answer.headers.get("retry-after"), answer.headers.get("retry-after-ms")]).toEqual([
      429,
      "2",
      "1500",
    ]);
    const { error, type } = (await answer.json()) as { error: { type: string }; type?: string };
    expect([error.type, type]).toEqual(["insufficient_quota", dialect === "anthropic-messages" ? "error" : undefined]);
  });

  test("what was generated of a cut stream is billed, and all of an answer that was lost", async () => {
    const before = running.rows().length;
    await outcomeOf(dialect, "cut=before-usage");
    await expect(
      running.post(PATHS[dialect], bodyOf(dialect, "[[mock: reset=before-head output=40]]", false)),
    ).rejects.toThrow("fetch failed");
    const [cut, lost] = running.rows().slice(before);
    expect([cut?.status, lost?.status]).toEqual([200, 0]);
    expect([cut?.usage["output_tokens"], lost?.usage["output_tokens"]]).toEqual([20, 40]);
    expect(cut?.cost_microcents).toBeGreaterThan(0);
    expect(cut?.cost_microcents).toBeLessThan(lost?.cost_microcents ?? 0);
  });
});

test("a client that leaves is billed for what was generated until then", async () => {
  const before = running.rows().length;
  const text = "[[mock: slow=20 output=200]]";
  const answer = await running.post("/v1/messages", bodyOf("anthropic-messages", text, true));
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  await reader.cancel();
  await expect.poll(() => running.rows()[before]?.is_ended, { timeout: 60_000 }).toBe(true);
  const row = running.rows()[before];
  expect(row?.usage["input_tokens"]).toBe(10);
  expect(row?.usage["output_tokens"]).toBeLessThan(200);
});

test.each(["stall=before-head", "stall=stream"])("%s lasts until the client leaves", async (fault) => {
  const before = running.rows().length;
  const client = new OpenAI({ apiKey: "mock", baseURL: `${running.mock.url}/v1`, maxRetries: 0 });
  const leaving = new AbortController();
  const call = client.chat.completions
    .stream(
      { model: "gpt-4.1", messages: [{ role: "user", content: `[[mock: ${fault}]]` }] },
      { signal: leaving.signal },
    )
    .finalChatCompletion();
  const failed = expect(call).rejects.toThrow("aborted");
  await expect.poll(() => running.rows()[before]?.cost_microcents ?? 0, { timeout: 60_000 }).toBeGreaterThan(0);
  expect(running.rows()[before]?.is_ended).toBe(false);
  leaving.abort();
  await failed;
  await expect.poll(() => running.rows()[before]?.is_ended, { timeout: 60_000 }).toBe(true);
});

test("a fault may pass: the same request succeeds after so many sends", async () => {
  const statuses: number[] = [];
  const body = bodyOf("openai-chat", "[[mock: status=500 times=2]]", false);
  for (let send = 0; send < 3; send += 1) statuses.push((await running.post("/v1/chat/completions", body)).status);
  expect(statuses).toEqual([500, 500, 200]);
});

test("malformed JSON, a redirect and a compressed answer are what they say", async () => {
  const send = (fault: string): Promise<Response> =>
    running.post("/v1/chat/completions", bodyOf("openai-chat", "hi", false), { "x-mock-fault": fault });
  await expect((await send("malformed")).json()).rejects.toThrow(SyntaxError);
  const redirect = await send("redirect=http://127.0.0.1:1/v1");
  expect([redirect.status, redirect.headers.get("location")]).toEqual([307, "http://127.0.0.1:1/v1"]);
  const compressed = await send("encoding=gzip");
  expect(compressed.headers.get("content-encoding")).toBe("gzip");
  expect(await compressed.json()).toMatchObject({ object: "chat.completion" });
});

test("a fault that the mock does not know is refused, so that no test passes by a typing error", async () => {
  for (const fault of ["cut", "cut=soon", "status=fast", "statsu=500", "status=600"]) {
    const answer = await running.post("/v1/chat/completions", bodyOf("openai-chat", `[[mock: ${fault}]]`, false));
    expect(answer.status, fault).toBe(400);
  }
});

test("a key, where the mock has one, must be sent in either header", async () => {
  await using locked = await runningMock({ key: "secret" });
  const body = bodyOf("anthropic-messages", "hi", false);
  const statuses = [];
  for (const headers of [{}, { authorization: "Bearer secret" }, { "x-api-key": "secret" }, { "x-api-key": "other" }])
    statuses.push((await locked.post("/v1/messages", body, headers as { readonly [name: string]: string })).status);
  expect(statuses).toEqual([401, 200, 200, 401]);
});
