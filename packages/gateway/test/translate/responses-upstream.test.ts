import { parseStrictJson } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerIn, type AnswerRoute, streamIn } from "../../src/translate/answer-routes.ts";
import { readChatRequest, writeChatRequest } from "../../src/translate/chat-request.ts";
import { type ExactObject, exactText } from "../../src/translate/field-check.ts";
import { readMessagesRequest } from "../../src/translate/messages-request.ts";
import { writeResponsesRequest } from "../../src/translate/responses-body.ts";
import { readResponsesRequest } from "../../src/translate/responses-request.ts";
import type { WireDialect } from "../../src/wire/dialect.ts";
import { asObject, type Json } from "../../src/wire/stream-sights.ts";
import { chatOf, dataOf, faultsOf, messageOf } from "./assembled.ts";

// Goal: a client of chat completions or of messages gets from a host that has Responses only what it would get from one of its own
// dialect. Method: requests are read back by the reader of Responses; answers go through the official clients.

const exact = (value: unknown): ExactObject => parseStrictJson(JSON.stringify(value)) as ExactObject;
const sent = (call: ReturnType<typeof readChatRequest>): Json =>
  JSON.parse(exactText(writeResponsesRequest(call, 4_096))) as Json;
const ofChat = (request: object): Json =>
  sent(readChatRequest(exact({ model: "m", messages: [], ...request }), "openai-responses"));
const refusal = (run: () => unknown): string => {
  try {
    return `no refusal: ${JSON.stringify(run())}`;
  } catch (error) {
    const { details } = error as { readonly details?: { readonly mistakes: readonly { readonly path: string }[] } };
    return details?.mistakes[0]?.path ?? String(error);
  }
};

describe("a chat completion, asked of Responses,", () => {
  test("is stored nowhere, and says of each tool whether it is strict, because both are otherwise there by default", () => {
    const f = { name: "f", description: "d", parameters: { type: "object" } };
    const image = { type: "image_url", image_url: { url: "data:image/png;base64,QUJD" } };
    expect(
      ofChat({
        messages: [
          { role: "developer", content: "be brief" },
          { role: "user", content: [{ type: "text", text: "look" }, image] },
          {
            role: "assistant",
            content: "hm",
            tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"id":9007199254740993}' } }],
          },
          { role: "tool", tool_call_id: "c1", content: "r" },
        ],
        max_completion_tokens: 64,
        tools: [
          { type: "function", function: f },
          { type: "function", function: { ...f, name: "g", strict: true } },
        ],
        tool_choice: { type: "function", function: { name: "f" } },
        parallel_tool_calls: false,
        reasoning_effort: "low",
        verbosity: "low",
        response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" } } },
        temperature: 0.5,
        user: "u",
        stream: true,
      }),
    ).toEqual({
      model: "m",
      input: [
        { role: "system", content: "be brief" },
        {
          role: "user",
          content: [
            { type: "input_text", text: "look" },
            { type: "input_image", image_url: "data:image/png;base64,QUJD", detail: "auto" },
          ],
        },
        { role: "assistant", content: "hm" },
        { type: "function_call", call_id: "c1", name: "f", arguments: '{"id":9007199254740993}' },
        { type: "function_call_output", call_id: "c1", output: "r" },
      ],
      store: false,
      max_output_tokens: 64,
      tools: [
        { type: "function", ...f, strict: false },
        { type: "function", ...f, name: "g", strict: true },
      ],
      tool_choice: { type: "function", name: "f" },
      parallel_tool_calls: false,
      temperature: 0.5,
      reasoning: { effort: "low" },
      text: { format: { type: "json_schema", name: "n", schema: { type: "object" }, strict: true }, verbosity: "low" },
      user: "u",
      stream: true,
    });
  });

  test.each<readonly [string, object, string]>([
    ["a word that ends the answer", { stop: ["X"] }, "stop"],
    ["a seed", { seed: 7 }, "seed"],
    ["several answers", { n: 2 }, "n"],
    ["logprobs", { logprobs: true }, "logprobs"],
    ["a bias", { logit_bias: { 1: 2 } }, "logit_bias"],
    ["an answer that is stored", { store: true }, "store"],
    ["a tool of another kind", { tools: [{ type: "custom", custom: { name: "c" } }] }, "tools[0].type"],
    ["a limit below the least that OpenAI takes there", { max_tokens: 15 }, "max_tokens"],
    ["a field of tomorrow", { brand_new: 1 }, "brand_new"],
  ])("is refused by name where Responses have no word: %s", (_name, more, path) => {
    expect(refusal(() => ofChat(more))).toBe(path);
  });

  test("of Anthropic's messages is refused by name for what Responses cannot say", () => {
    const message = (more: object): unknown =>
      sent(readMessagesRequest(exact({ model: "m", max_tokens: 99, messages: [], ...more }), "openai-responses"));
    expect(refusal(() => message({ stop_sequences: ["X"] }))).toBe("stop_sequences");
    expect(refusal(() => message({ top_k: 5 }))).toBe("top_k");
    expect(refusal(() => message({ max_tokens: 15 }))).toBe("max_tokens");
    expect(refusal(() => message({ thinking: { type: "enabled", budget_tokens: 1_024, display: "omitted" } }))).toBe(
      "thinking",
    );
  });

  test("means the same when it is read back, whatever was said, called and answered", () => {
    const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 5 });
    const call = fc.record({ arg: word, result: word });
    const round = fc.record({ words: word, said: fc.option(word), calls: fc.array(call, { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(round, { minLength: 1, maxLength: 4 }), (rounds) => {
        const messages = rounds.flatMap(({ words, said, calls }, at) => [
          { role: "user", content: words },
          ...(said === null && calls.length === 0
            ? []
            : [
                {
                  role: "assistant",
                  content: said,
                  ...(calls.length === 0
                    ? {}
                    : {
                        tool_calls: calls.map(({ arg }, index) => ({
                          id: `c${at}_${index}`,
                          type: "function",
                          function: { name: "f", arguments: JSON.stringify({ arg }) },
                        })),
                      }),
                },
              ]),
          ...calls.map(({ result }, index) => ({ role: "tool", tool_call_id: `c${at}_${index}`, content: result })),
        ]);
        const request = {
          messages,
          tools: [{ type: "function", function: { name: "f", parameters: {}, strict: false } }],
        };
        const back = readResponsesRequest(exact(ofChat(request)), "openai-chat");
        const written = JSON.parse(exactText(writeChatRequest(back, "max_completion_tokens"))) as Json;
        expect(written["messages"]).toEqual(messages);
        expect(written["tools"]).toEqual(request.tools);
      }),
      { numRuns: 200 },
    );
  });
});

const route = (to: WireDialect): AnswerRoute => ({ from: "openai-responses", to, createdSeconds: 7, base: () => ({}) });
function run(
  events: readonly Json[],
  to: WireDialect = "openai-chat",
): { readonly all: string; readonly outcome: string } {
  const translation = streamIn({ ...route(to), isUsageAsked: true, inputTokensEstimate: 9 });
  const text = events.map((event) => translation.push(event)).join("");
  const end = translation.end();
  return { all: text + end.text, outcome: end.outcome };
}

const usage = {
  input_tokens: 9,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 14,
};
const response = (more: Json = {}): Json => ({
  id: "resp_1",
  object: "response",
  model: "m",
  created_at: 3,
  output: [],
  ...more,
});
const created: Json = { type: "response.created", response: response({ status: "in_progress" }) };
const delta = (text: string, place = 0): Json => ({
  type: "response.output_text.delta",
  output_index: place,
  delta: text,
});
const completed = (more: Json = {}): Json => ({
  type: "response.completed",
  response: response({ status: "completed", usage, ...more }),
});
const call = { type: "function_call", id: "fc_1", call_id: "c1", name: "f" };

describe("a response, said as a chat completion,", () => {
  test("has its text, its end and its usage, streamed and not, and reasoning stays where it was", async () => {
    const output = [
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hello", annotations: [] }] },
    ];
    const events = [
      created,
      { type: "response.output_item.added", output_index: 0, item: output[0] },
      { type: "response.reasoning_summary_text.delta", output_index: 0, delta: "Hm." },
      { type: "response.output_item.added", output_index: 1, item: { type: "message", content: [] } },
      delta("Hel", 1),
      delta("lo", 1),
      { type: "response.output_item.done", output_index: 1, item: output[1] },
      completed({ output }),
    ] as const;
    const chat = await chatOf(run(events).all);
    expect([chat.id, chat.created, chat.choices[0]?.message.content, chat.choices[0]?.finish_reason]).toEqual([
      "chatcmpl-1",
      3,
      "Hello",
      "stop",
    ]);
    expect(chat.usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 });
    const whole = answerIn(route("openai-chat"), asObject(completed({ output })["response"]) ?? {});
    expect(whole).toMatchObject({
      answer: {
        choices: [{ message: { content: "Hello", refusal: null }, finish_reason: "stop" }],
        usage: { prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 } },
      },
    });
    const { all } = run(events, "anthropic-messages");
    expect(faultsOf(all)).toEqual([]);
    expect((await messageOf(all)).content).toEqual([{ type: "text", text: "Hello" }]);
  });

  test("has calls of tools side by side, and of one without pieces what its end says", async () => {
    const { all } = run([
      created,
      { type: "response.output_item.added", output_index: 0, item: { ...call, arguments: "" } },
      { type: "response.output_item.added", output_index: 1, item: { ...call, call_id: "c2", arguments: "" } },
      { type: "response.function_call_arguments.delta", output_index: 0, delta: '{"a":' },
      { type: "response.function_call_arguments.delta", output_index: 0, delta: "1}" },
      { type: "response.output_item.done", output_index: 0, item: { ...call, arguments: '{"a":1}' } },
      { type: "response.output_item.done", output_index: 1, item: { ...call, call_id: "c2", arguments: '{"b":2}' } },
      completed({ output: [{ ...call, arguments: '{"a":1}' }] }),
    ]);
    const { choices } = await chatOf(all);
    expect(choices[0]?.finish_reason).toBe("tool_calls");
    expect(choices[0]?.message.tool_calls?.map((one) => [one.id, "function" in one && one.function.arguments])).toEqual(
      [
        ["c1", '{"a":1}'],
        ["c2", '{"b":2}'],
      ],
    );
  });

  test("of a host that streams nothing but its end has all of it", async () => {
    const output = [
      { type: "message", content: [{ type: "output_text", text: "Hm." }] },
      { ...call, arguments: "" },
    ];
    const { choices } = await chatOf(run([completed({ output })]).all);
    expect(choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { content: "Hm.", tool_calls: [{ id: "c1", function: { name: "f", arguments: "{}" } }] },
    });
  });

  test.each([
    ["max_output_tokens", "length"],
    ["content_filter", "content_filter"],
    ["of_tomorrow", "length"],
  ])("that is incomplete ends by its reason: %s", async (reason, finish) => {
    const details = { status: "incomplete", incomplete_details: { reason }, usage };
    const { all } = run([created, delta("x"), { type: "response.incomplete", response: response(details) }]);
    expect((await chatOf(all)).choices[0]?.finish_reason).toBe(finish);
    expect(answerIn(route("openai-chat"), response(details))).toMatchObject({
      answer: { choices: [{ finish_reason: finish }] },
      doubts: reason === "of_tomorrow" ? [expect.stringContaining(reason)] : [],
    });
  });

  test("keeps a refusal as one", async () => {
    const output = [{ type: "message", content: [{ type: "refusal", refusal: "no" }] }];
    const { all } = run([
      created,
      { type: "response.refusal.delta", output_index: 0, delta: "no" },
      completed({ output }),
    ]);
    expect((await chatOf(all)).choices[0]?.message.refusal).toBe("no");
    expect(answerIn(route("anthropic-messages"), response({ status: "completed", output }))).toMatchObject({
      answer: { stop_reason: "refusal" },
    });
  });

  test.each<readonly [string, readonly Json[], string]>([
    ["is cut", [created, delta("x")], "cut"],
    [
      "fails",
      [
        created,
        delta("x"),
        {
          type: "response.failed",
          response: response({ status: "failed", error: { code: "server_error", message: "boom" } }),
        },
      ],
      "failed",
    ],
    ["breaks off with an error", [created, { type: "error", code: "rate_limit_exceeded", message: "boom" }], "failed"],
    [
      "calls a tool of OpenAI's",
      [
        created,
        { type: "response.output_item.added", output_index: 0, item: { type: "web_search_call" } },
        completed(),
      ],
      "failed",
    ],
    [
      "is two in one",
      [created, delta("x"), { ...created, response: response({ id: "resp_2" }) }, completed()],
      "failed",
    ],
  ])("that %s ends with an error in both dialects", async (_name, events, outcome) => {
    for (const to of ["openai-chat", "anthropic-messages"] as const) {
      const said = run(events, to);
      expect(said.outcome).toBe(outcome);
      expect(dataOf(said.all).filter(({ error }) => error !== undefined)).toHaveLength(1);
      expect(said.all).not.toContain("[DONE]");
      await expect(to === "openai-chat" ? chatOf(said.all) : messageOf(said.all)).rejects.toThrow();
    }
  });

  test("that is no answer is a problem, and its usage is read nevertheless", () => {
    for (const status of ["failed", "cancelled", "queued", "in_progress"])
      expect(answerIn(route("openai-chat"), response({ status, usage }))).toHaveProperty("problem");
    const hosted = response({ status: "completed", output: [{ type: "mcp_call" }] });
    expect(answerIn(route("openai-chat"), hosted)).toEqual({ problem: "the answer holds an item of type mcp_call" });
  });
});
