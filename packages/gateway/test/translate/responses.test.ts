import { parseStrictJson } from "@calybris/kernel";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { type AnswerRoute, answerIn, streamIn } from "../../src/translate/answer-routes.ts";
import { chatMessages } from "../../src/translate/chat-messages.ts";
import { writeChatRequest } from "../../src/translate/chat-request.ts";
import { type ExactObject, exactText } from "../../src/translate/field-check.ts";
import { writeGeminiRequest } from "../../src/translate/gemini-request.ts";
import { writeMessagesRequest } from "../../src/translate/messages-request.ts";
import { responseBase } from "../../src/translate/response-parts.ts";
import { readResponsesRequest } from "../../src/translate/responses-request.ts";
import type { TranslationEnd } from "../../src/translate/stream-translation.ts";
import { usageReader } from "../../src/usage/usage-reader.ts";
import type { AnswerDialect } from "../../src/wire/dialect.ts";
import { asList, asObject, type Json } from "../../src/wire/stream-sights.ts";
import { hasRecordings, recordedFiles, recordedStreams } from "../wire/recorded-wire.ts";
import { dataOf } from "./assembled.ts";
import { hasSchema, openaiSchema } from "./openai-schema.ts";

const exact = (value: unknown): ExactObject => parseStrictJson(JSON.stringify(value)) as ExactObject;
const read = (request: object, target: AnswerDialect = "openai-chat"): ReturnType<typeof readResponsesRequest> =>
  readResponsesRequest(exact({ model: "m", input: "hi", ...request }), target);
const refusal = (run: () => unknown): string => {
  try {
    return `no refusal: ${JSON.stringify(run())}`;
  } catch (error) {
    return (
      (error as { readonly details?: { readonly mistakes: readonly { readonly path: string }[] } }).details?.mistakes[0]
        ?.path ?? String(error)
    );
  }
};
const route = (from: AnswerDialect = "openai-chat"): AnswerRoute => ({
  from,
  to: "openai-responses",
  createdSeconds: 7,
  base: () => responseBase(exact({ model: "m", instructions: "be brief", temperature: 0.5 })),
});

interface Streamed extends TranslationEnd {
  readonly all: string;
}
function run(events: readonly Json[], from: AnswerDialect = "openai-chat"): Streamed {
  const translation = streamIn({ ...route(from), isUsageAsked: true, inputTokensEstimate: 9 });
  const texts = events.map((event) => translation.push(event));
  const end = translation.end();
  return { ...end, all: texts.join("") + end.text };
}

const chunk = (delta: Json, finish: string | null = null): Json => ({
  id: "chatcmpl-1",
  model: "m",
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const usage = {
  id: "chatcmpl-1",
  choices: [],
  usage: {
    prompt_tokens: 9,
    completion_tokens: 5,
    total_tokens: 14,
    prompt_tokens_details: { cached_tokens: 4 },
    completion_tokens_details: { reasoning_tokens: 2 },
  },
};
const callDelta = (index: number, text: string, id?: string): Json => ({
  tool_calls: [
    {
      index,
      ...(id === undefined ? {} : { id, type: "function" }),
      function: { ...(id && { name: "f" }), arguments: text },
    },
  ],
});

describe("a request of Responses", () => {
  test("is a chat completion with the same conversation, one turn for each speaker", () => {
    const call = read({
      instructions: "be brief",
      input: [
        { role: "developer", content: "two" },
        {
          role: "user",
          content: [
            { type: "input_text", text: "look" },
            { type: "input_image", image_url: "https://a/b.png", detail: "auto" },
          ],
        },
        {
          type: "message",
          role: "assistant",
          id: "msg_1",
          status: "completed",
          content: [{ type: "output_text", text: "hm", annotations: [] }],
        },
        { type: "function_call", id: "fc_1", call_id: "c1", name: "f", arguments: '{"a":1}', status: "completed" },
        { type: "function_call", call_id: "c2", name: "g", arguments: "" },
        { type: "function_call_output", call_id: "c1", output: "r1" },
        { type: "function_call_output", call_id: "c2", output: [{ type: "input_text", text: "r2" }] },
        { role: "user", content: "and?" },
      ],
      tools: [{ type: "function", name: "f", description: "d", parameters: { type: "object" }, strict: true }],
      tool_choice: { type: "function", name: "f" },
      parallel_tool_calls: false,
      max_output_tokens: 64,
      reasoning: { effort: "low", summary: "auto" },
      text: { format: { type: "json_schema", name: "n", schema: { type: "object" }, strict: true } },
      store: false,
      include: ["reasoning.encrypted_content"],
      truncation: "disabled",
      stream: true,
    });
    expect(JSON.parse(exactText(writeChatRequest(call, "max_completion_tokens")))).toEqual({
      model: "m",
      messages: [
        { role: "system", content: "be brief" },
        { role: "system", content: "two" },
        {
          role: "user",
          content: [
            { type: "text", text: "look" },
            { type: "image_url", image_url: { url: "https://a/b.png" } },
          ],
        },
        {
          role: "assistant",
          content: "hm",
          tool_calls: [
            { id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } },
            { id: "c2", type: "function", function: { name: "g", arguments: "{}" } },
          ],
        },
        { role: "tool", tool_call_id: "c1", content: "r1" },
        { role: "tool", tool_call_id: "c2", content: "r2" },
        { role: "user", content: "and?" },
      ],
      max_completion_tokens: 64,
      tools: [
        { type: "function", function: { name: "f", description: "d", parameters: { type: "object" }, strict: true } },
      ],
      tool_choice: { type: "function", function: { name: "f" } },
      parallel_tool_calls: false,
      reasoning_effort: "low",
      response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" }, strict: true } },
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test.each<readonly [string, object, string]>([
    ["a conversation that OpenAI keeps", { previous_response_id: "resp_1" }, "previous_response_id"],
    ["a conversation by name", { conversation: "conv_1" }, "conversation"],
    ["work in the background", { background: true }, "background"],
    ["an answer that is stored", { store: true }, "store"],
    ["a template", { prompt: { id: "p" } }, "prompt"],
    ["a tool that OpenAI runs", { tools: [{ type: "web_search" }] }, "tools[0].type"],
    ["a namespace of tools", { tools: [{ type: "namespace", name: "n", tools: [] }] }, "tools[0].type"],
    ["an item that OpenAI keeps", { input: [{ type: "item_reference", id: "i" }] }, "input[0].type"],
    [
      "reasoning of OpenAI's",
      { input: [{ type: "reasoning", id: "r", summary: [], encrypted_content: "x" }] },
      "input[0]",
    ],
    [
      "a file",
      { input: [{ role: "user", content: [{ type: "input_file", file_id: "f" }] }] },
      "input[0].content[0].type",
    ],
    ["logprobs", { include: ["message.output_text.logprobs"] }, "include"],
    ["a verbosity", { text: { verbosity: "low" } }, "text.verbosity"],
    ["a truncation", { truncation: "auto" }, "truncation"],
    ["a field of tomorrow", { brand_new: 1 }, "brand_new"],
  ])("is refused by name where another dialect has no word: %s", (_name, more, path) => {
    for (const target of ["openai-chat", "anthropic-messages", "gemini"] as const)
      expect(refusal(() => read(more, target))).toBe(path);
  });
});

describe("a chat completion, said as a response,", () => {
  test("has every event of the ladder, numbered without a gap, and the official client puts it together", async () => {
    const { all, outcome } = run([
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "Hel" }),
      chunk({ content: "lo" }),
      chunk({}, "stop"),
      usage,
    ]);
    const events = dataOf(all);
    expect(outcome).toBe("complete");
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_event, index) => index));
    expect([...all.matchAll(/^event: (\S+)$/gm)].map(([, name]) => name)).toEqual(events.map(({ type }) => type));
    const response = await assembled(all);
    expect([response.output_text, response.status, response.instructions, response.temperature]).toEqual([
      "Hello",
      "completed",
      "be brief",
      0.5,
    ]);
    expect(response.usage).toEqual({
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
      output_tokens: 5,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 14,
    });
  });

  test("has calls of tools side by side, each under its own place, and {} for one without arguments", async () => {
    const { all } = run([
      chunk({ content: "Hm." }),
      chunk(callDelta(0, "", "c1")),
      chunk(callDelta(1, "", "c2")),
      chunk(callDelta(0, '{"a"')),
      chunk(callDelta(0, ":1}")),
      chunk({}, "tool_calls"),
    ]);
    const { output } = await assembled(all);
    expect(
      output.map((item) => [
        item.type,
        "arguments" in item ? item.arguments : "",
        "call_id" in item ? item.call_id : "",
      ]),
    ).toEqual([
      ["message", "", ""],
      ["function_call", '{"a":1}', "c1"],
      ["function_call", "{}", "c2"],
    ]);
  });

  test.each([
    ["length", "incomplete", { reason: "max_output_tokens" }],
    ["content_filter", "incomplete", { reason: "content_filter" }],
    ["of_tomorrow", "incomplete", { reason: "max_output_tokens" }],
    ["tool_calls", "completed", null],
  ])("ends by its finish reason: %s", (finish, status, details) => {
    const { all } = run([chunk({ content: "x" }), chunk({}, finish)]);
    const last = dataOf(all).at(-1);
    expect(last).toMatchObject({ type: `response.${status}`, response: { status, incomplete_details: details } });
    const whole = { id: "1", model: "m", choices: [{ message: { content: "x" }, finish_reason: finish }] };
    expect(answerIn(route(), whole)).toMatchObject({ answer: { status, incomplete_details: details } });
  });

  test("has no item where reasoning used up the limit", () => {
    const last = dataOf(run([chunk({}, "length"), usage]).all).at(-1);
    expect(last).toMatchObject({ type: "response.incomplete", response: { output: [], usage: { output_tokens: 5 } } });
  });

  test("that is cut, or breaks off with an error, ends with a response that failed", () => {
    for (const last of [undefined, { error: { message: "busy", code: "rate_limit_exceeded" } }]) {
      const { all, outcome } = run([chunk({ content: "x" }), ...(last === undefined ? [] : [last])]);
      const events = dataOf(all);
      expect([outcome, events.at(-1)?.["type"]]).toEqual([last === undefined ? "cut" : "failed", "response.failed"]);
      expect(events.at(-1)).toMatchObject({
        sequence_number: events.length - 1,
        response: { status: "failed", id: "resp_chatcmpl-1" },
      });
    }
    expect(dataOf(run([{ error: { message: "busy" } }]).all).map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.failed",
    ]);
  });

  test("keeps a refusal as one", async () => {
    const { output } = await assembled(run([chunk({ refusal: "no" }), chunk({}, "stop")]).all);
    expect(output).toMatchObject([{ content: [{ type: "refusal", refusal: "no" }] }]);
  });

  test("carries a signature of Google's there and back", () => {
    const parts = [{ functionCall: { name: "f", args: {} }, thoughtSignature: "c2ln" }];
    const google = { candidates: [{ content: { parts }, finishReason: "STOP" }], responseId: "r1", modelVersion: "g" };
    const last = asObject(dataOf(run([google], "gemini").all).at(-1)?.["response"]);
    const said = answerIn(route("gemini"), google) as { readonly answer: Json };
    expect(last?.["output"]).toEqual(said.answer["output"]);
    const output = asList(said.answer["output"]) as readonly { readonly call_id?: string }[];
    const result = { type: "function_call_output", call_id: output[1]?.call_id, output: "r" };
    const again = read({ input: [{ role: "user", content: "hi" }, ...output, result] }, "gemini");
    const sent = JSON.parse(exactText(writeGeminiRequest(again, 9))) as Json;
    expect(asList(sent["contents"])[1]).toMatchObject({ parts: [{ thoughtSignature: "c2ln" }] });
    expect(refusal(() => chatMessages(again.turns))).toBe("messages");
  });
});

/** The response that OpenAI's own helper assembles. */
async function assembled(text: string): Promise<OpenAI.Responses.Response> {
  const client = new OpenAI({
    apiKey: "k",
    maxRetries: 0,
    fetch: async () => new Response(text, { headers: { "content-type": "text/event-stream" } }),
  });
  return client.responses.stream({ model: "m", input: "x" }).finalResponse() as Promise<OpenAI.Responses.Response>;
}

const files = hasRecordings ? recordedFiles() : new Map<string, string>();

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings || !hasSchema)("what was recorded of Responses", () => {
  const judge = hasSchema ? openaiSchema() : () => "no schema";
  const requests = [...files].filter(([name]) => /\/responses\/(?:followup-)?request\.json$/.test(name));

  test("asks for what other dialects can say, or is refused by name", () => {
    const tallies: Json[] = [];
    for (const target of ["openai-chat", "anthropic-messages", "gemini"] as const) {
      const tally = new Map<string, number>();
      for (const [name, text] of requests) {
        let written: ExactObject | undefined;
        const path = refusal(() => {
          const call = { ...readResponsesRequest(parseStrictJson(text) as ExactObject, target), model: "gemini-3-pro" };
          written =
            target === "openai-chat"
              ? writeChatRequest(call, "max_completion_tokens")
              : target === "gemini"
                ? writeGeminiRequest(call, 4_096)
                : writeMessagesRequest(call, 4_096);
        });
        const key = written === undefined ? path : "accepted";
        tally.set(key, (tally.get(key) ?? 0) + 1);
        if (target === "openai-chat" && written !== undefined)
          expect(judge("request", JSON.parse(exactText(written))), name).toBe("");
      }
      tallies.push(Object.fromEntries(tally));
    }
    const refused = {
      // Files, and what OpenAI's own tools did.
      "input[0].content[1].type": 1,
      "input[1].type": 5,
      // Reasoning of OpenAI's.
      "input[1]": 16,
      "reasoning.context": 1,
      "reasoning.effort": 5,
      "reasoning.mode": 2,
      service_tier: 1,
      "text.format.type": 1,
      "tools[0].type": 1,
      truncation: 1,
    };
    expect(tallies).toEqual([
      { accepted: 24, ...refused },
      { accepted: 24, ...refused },
      // Images by their address, calls one at a time, and an effort that Google does not have.
      { accepted: 20, ...refused, messages: 2, parallel_tool_calls: 1, "reasoning.effort": 6 },
    ]);
  });

  test("streams of every other dialect become events of its own schema, with their usage", () => {
    const outcomes = new Map<string, number>();
    for (const { name, dialect, events } of recordedStreams(files)) {
      if (dialect === "openai-responses" || dialect === "openai-embeddings") continue;
      const json = events.map((event) => JSON.parse(event) as Json);
      const { all, outcome, usage: said } = run(json, dialect);
      const written = dataOf(all);
      for (const event of written) expect(judge("response event", event), `${name} ${JSON.stringify(event)}`).toBe("");
      expect(
        written.map(({ sequence_number: number }) => number),
        name,
      ).toEqual(written.map((_one, index) => index));
      const reader = usageReader(dialect);
      for (const event of json) reader.see(event);
      expect([said?.inputTokens, said?.outputTokens], name).toEqual([
        reader.record()?.inputTokens,
        reader.record()?.outputTokens,
      ]);
      outcomes.set(`${dialect} ${outcome}`, (outcomes.get(`${dialect} ${outcome}`) ?? 0) + 1);
    }
    expect(Object.fromEntries(outcomes)).toEqual({
      "anthropic-messages complete": 74,
      // Tools that Anthropic or Google ran, images, and calls in pieces.
      "anthropic-messages failed": 14,
      "gemini complete": 59,
      "gemini failed": 6,
      "openai-chat complete": 53,
    });
  });
});
