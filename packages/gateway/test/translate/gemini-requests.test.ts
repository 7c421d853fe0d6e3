import { parseStrictJson } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { geminiProblem } from "../../src/mock/gemini-call.ts";
import { readChatRequest, writeChatRequest } from "../../src/translate/chat-request.ts";
import { type ExactObject, exactText } from "../../src/translate/field-check.ts";
import { geminiGeneration, geminiPath, writeGeminiRequest } from "../../src/translate/gemini-request.ts";
import { readMessagesRequest, writeMessagesRequest } from "../../src/translate/messages-request.ts";
import type { Json } from "../../src/wire/stream-sights.ts";

const exact = (value: unknown): ExactObject => parseStrictJson(JSON.stringify(value)) as ExactObject;
const LIMIT = 4_096;

/** A request as Google gets it. The mock, which holds it to Google's own field names, must take it. */
function sent(call: ReturnType<typeof readChatRequest>): Json {
  const written = JSON.parse(exactText(writeGeminiRequest(call, LIMIT))) as Json;
  expect(geminiProblem(written, call.model)).toBeUndefined();
  return written;
}
const fromChat = (request: object): Json =>
  sent(readChatRequest(exact({ model: "gemini-2.5-pro", ...request }), "gemini"));
const fromMessages = (request: object): Json =>
  sent(readMessagesRequest(exact({ model: "gemini-2.5-pro", max_tokens: 64, ...request }), "gemini"));
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

const user = (content: unknown): object => ({ role: "user", content });
const hello = { messages: [user("hi")] };
const call = (id: string, name: string, text: string, more: object = {}): object => ({
  id,
  type: "function",
  function: { name, arguments: text },
  ...more,
});
const tool = (name: string, more: object = {}): object => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: { a: { type: "string" } } }, ...more },
});
const results = { role: "tool", tool_call_id: "c1", content: "r1" };

describe("a chat completion, written for Google", () => {
  test("has its instructions apart, its roles renamed, and its limits in the generation config", () => {
    const written = fromChat({
      messages: [
        { role: "system", content: "one" },
        { role: "developer", content: [{ type: "text", text: "two" }] },
        user([
          { type: "text", text: "hi" },
          { type: "image_url", image_url: { url: "data:image/png;base64,QUJD" } },
        ]),
        { role: "assistant", content: "yes?" },
        user("go on"),
        user("please"),
      ],
      max_completion_tokens: 99,
      temperature: 1.7,
      top_p: 0.5,
      seed: 7,
      stop: ["END"],
      user: "u",
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(written).toEqual({
      systemInstruction: { parts: [{ text: "one" }, { text: "two" }] },
      contents: [
        { role: "user", parts: [{ text: "hi" }, { inlineData: { mimeType: "image/png", data: "QUJD" } }] },
        { role: "model", parts: [{ text: "yes?" }] },
        { role: "user", parts: [{ text: "go on" }, { text: "please" }] },
      ],
      generationConfig: { maxOutputTokens: 99, temperature: 1.7, topP: 0.5, seed: 7, stopSequences: ["END"] },
    });
  });

  test("names the function of every result, and keeps integers of 64 bits in arguments", () => {
    const request = readChatRequest(
      exact({
        model: "gemini-2.5-pro",
        messages: [
          user("hi"),
          {
            role: "assistant",
            content: null,
            tool_calls: [call("c1", "f", '{"big":18446744073709551615}'), call("c2", "g", "")],
          },
          { role: "tool", tool_call_id: "c2", content: "r2" },
          results,
          user("and?"),
        ],
        tools: [tool("f"), tool("g")],
      }),
      "gemini",
    );
    const text = exactText(writeGeminiRequest(request, LIMIT));
    expect(text).toContain('"args":{"big":18446744073709551615}');
    expect((JSON.parse(text) as Json)["contents"]).toEqual([
      { role: "user", parts: [{ text: "hi" }] },
      {
        role: "model",
        parts: [
          { functionCall: { id: "c1", name: "f", args: { big: 2 ** 64 } } },
          { functionCall: { id: "c2", name: "g", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "c2", name: "g", response: { output: "r2" } } },
          { functionResponse: { id: "c1", name: "f", response: { output: "r1" } } },
        ],
      },
      { role: "user", parts: [{ text: "and?" }] },
    ]);
  });

  test.each<readonly [string, object, unknown]>([
    ["auto", { tool_choice: "auto" }, { mode: "AUTO" }],
    ["nothing", {}, undefined],
    ["none", { tool_choice: "none", parallel_tool_calls: false }, { mode: "NONE" }],
    ["required", { tool_choice: "required" }, { mode: "ANY" }],
    [
      "one by name",
      { tool_choice: { type: "function", function: { name: "f" } } },
      { mode: "ANY", allowedFunctionNames: ["f"] },
    ],
    ["strict tools", { tools: [tool("f", { strict: true })] }, { mode: "VALIDATED" }],
  ])("chooses tools as the client does: %s", (_name, more, mode) => {
    const written = fromChat({ ...hello, tools: [tool("f")], ...more });
    expect((written["toolConfig"] as Json | undefined)?.["functionCallingConfig"]).toEqual(mode);
    expect(written["tools"]).toEqual([
      {
        functionDeclarations: [
          { name: "f", parametersJsonSchema: { type: "object", properties: { a: { type: "string" } } } },
        ],
      },
    ]);
  });

  test.each<readonly [string, string, unknown]>([
    ["gemini-2.5-flash", "low", { thinkingBudget: 1_024 }],
    ["gemini-2.5-flash", "high", { thinkingBudget: 24_576 }],
    ["gemini-3-pro-preview", "low", { thinkingLevel: "LOW" }],
    ["models/gemini-3.5-flash", "medium", { thinkingLevel: "MEDIUM" }],
  ])("says an effort as %s takes it: %s", (model, effort, thinking) => {
    const { generationConfig } = fromChat({ ...hello, model, reasoning_effort: effort });
    expect((generationConfig as Json)["thinkingConfig"]).toEqual(thinking);
  });

  test("promises a schema that Google enforces", () => {
    const schema = { type: "object", properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { enum: ["x"] } } };
    const format = { type: "json_schema", json_schema: { name: "n", strict: true, schema } };
    const { generationConfig } = fromChat({ ...hello, response_format: format });
    expect(generationConfig).toEqual({
      maxOutputTokens: LIMIT,
      responseMimeType: "application/json",
      responseJsonSchema: schema,
    });
  });

  const schemaOf = (schema: object): object => ({
    response_format: { type: "json_schema", json_schema: { name: "n", schema } },
  });
  test.each<readonly [string, object, string]>([
    ["seed", { seed: 2 ** 40 }, "seed"],
    ["stop", { stop: ["1", "2", "3", "4", "5", "6"] }, "stop"],
    ["penalty", { frequency_penalty: 0.5 }, "frequency_penalty"],
    ["logprobs", { logprobs: true }, "logprobs"],
    ["choices", { n: 2 }, "n"],
    ["one call at a time", { tools: [tool("f")], parallel_tool_calls: false }, "parallel_tool_calls"],
    ["an effort", { reasoning_effort: "xhigh" }, "reasoning_effort"],
    ["an effort of an unknown model", { model: "mine", reasoning_effort: "low" }, "reasoning_effort"],
    ["a name", { tools: [tool("9 lives")] }, "tools[0].name"],
    ["a pattern", schemaOf({ type: "string", pattern: "^a" }), "response_format.schema.pattern"],
    [
      "a rule further in",
      schemaOf({ type: "object", properties: { a: { anyOf: [{ type: "string", minLength: 1 }] } } }),
      "response_format.schema.properties.a.anyOf[0].minLength",
    ],
    [
      "a rule of a strict tool",
      { tools: [tool("f", { strict: true, parameters: { type: "object", not: {} } })] },
      "tools[0].schema.not",
    ],
    ["a schema beside tools", { tools: [tool("f")], ...schemaOf({ type: "object" }) }, "response_format"],
    ["an address", { messages: [user([{ type: "image_url", image_url: { url: "https://a/b.png" } }])] }, "messages"],
    [
      "an image of another type",
      { messages: [user([{ type: "image_url", image_url: { url: "data:image/gif;base64,QQ==" } }])] },
      "messages",
    ],
    [
      "instructions amid",
      { messages: [user("a"), { role: "assistant", content: "b" }, { role: "system", content: "c" }] },
      "messages[2].role",
    ],
    ["a result of nothing", { messages: [user("a"), results] }, "messages[1]"],
    [
      "an open call",
      { messages: [user("a"), { role: "assistant", tool_calls: [call("c1", "f", "{}")] }, user("b")] },
      "messages[2]",
    ],
    ["a field of tomorrow", { brand_new: 1 }, "brand_new"],
  ])("is refused by name where Google has no word: %s", (_name, more, path) => {
    expect(refusal(() => fromChat({ ...hello, ...more }))).toBe(path);
  });
});

describe("a message, written for Google", () => {
  test("keeps its results, with errors as errors, and its sampling", () => {
    const written = fromMessages({
      system: [
        { type: "text", text: "x-anthropic-billing-header: cch=1;" },
        { type: "text", text: "be brief", cache_control: { type: "ephemeral" } },
      ],
      messages: [
        user("hi"),
        { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "f", input: { a: 1 } }] },
        user([
          { type: "text", text: "look" },
          { type: "tool_result", tool_use_id: "t1", is_error: true, content: "no" },
        ]),
      ],
      tools: [{ name: "f", input_schema: { type: "object" } }],
      tool_choice: { type: "tool", name: "f" },
      top_k: 40,
      temperature: 0.5,
      thinking: { type: "enabled", budget_tokens: 2_048, display: "omitted" },
      metadata: { user_id: "u" },
      stop_sequences: ["1", "2", "3", "4", "5"],
    });
    expect(written).toEqual({
      systemInstruction: { parts: [{ text: "be brief" }] },
      contents: [
        { role: "user", parts: [{ text: "hi" }] },
        { role: "model", parts: [{ functionCall: { id: "t1", name: "f", args: { a: 1 } } }] },
        { role: "user", parts: [{ functionResponse: { id: "t1", name: "f", response: { error: "no" } } }] },
        { role: "user", parts: [{ text: "look" }] },
      ],
      tools: [{ functionDeclarations: [{ name: "f", parametersJsonSchema: { type: "object" } }] }],
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["f"] } },
      generationConfig: {
        maxOutputTokens: 64,
        temperature: 0.5,
        topK: 40,
        stopSequences: ["1", "2", "3", "4", "5"],
        thinkingConfig: { thinkingBudget: 2_048 },
      },
    });
  });

  const thinking = (more: object): object => ({
    ...hello,
    thinking: { type: "enabled", budget_tokens: 2_048, ...more },
  });
  test.each<readonly [string, object, string]>([
    ["thinking that is shown", thinking({}), "thinking"],
    [
      "a budget for a model with levels",
      { ...thinking({ display: "omitted" }), model: "gemini-3-pro-preview" },
      "thinking",
    ],
    ["a container", { ...hello, container: "c" }, "container"],
    ["a document", { messages: [user([{ type: "document", source: {} }])] }, "messages[0].content[0].type"],
  ])("is refused by name where Google has no word: %s", (_name, request, path) => {
    expect(refusal(() => fromMessages(request))).toBe(path);
  });
});

describe("a signature of Google's", () => {
  const signed = { extra_content: { google: { thought_signature: "c2ln" } } };
  const inChat = {
    messages: [user("hi"), { role: "assistant", tool_calls: [call("c1", "f", "{}", signed)] }, results],
    tools: [tool("f")],
  };
  const inMessages = {
    messages: [
      user("hi"),
      {
        role: "assistant",
        content: [
          { type: "redacted_thinking", data: "google-thought-signature:c2ln" },
          { type: "tool_use", id: "c1", name: "f", input: {} },
        ],
      },
      user([{ type: "tool_result", tool_use_id: "c1", content: "r1" }]),
    ],
    tools: [{ name: "f", input_schema: { type: "object" } }],
  };
  const callOf = (written: Json): unknown =>
    (written["contents"] as readonly { readonly parts: readonly Json[] }[])[1]?.parts[0];

  test("comes back with its call from either dialect", () => {
    const wanted = { functionCall: { id: "c1", name: "f", args: {} }, thoughtSignature: "c2ln" };
    expect(callOf(fromChat({ model: "gemini-3-pro-preview", ...inChat }))).toEqual(wanted);
    expect(callOf(fromMessages({ model: "gemini-3-pro-preview", ...inMessages }))).toEqual(wanted);
  });

  test("keeps a conversation at Google", () => {
    const chat = readChatRequest(exact({ model: "m", ...inChat }), "anthropic-messages");
    expect(refusal(() => writeMessagesRequest(chat, LIMIT))).toBe("messages");
    const message = readMessagesRequest(exact({ model: "m", max_tokens: 9, ...inMessages }), "openai-chat");
    expect(refusal(() => writeChatRequest(message, "max_tokens"))).toBe("messages");
  });

  test("is replaced as Google documents it where another model made the call, for models that ask for one", () => {
    const { messages, ...rest } = inChat;
    const unsigned = {
      ...rest,
      messages: [user("hi"), { role: "assistant", tool_calls: [call("c1", "f", "{}")] }, results],
    };
    expect(messages.length).toBe(3);
    expect(callOf(fromChat({ model: "gemini-3-pro-preview", ...unsigned }))).toHaveProperty(
      "thoughtSignature",
      "skip_thought_signature_validator",
    );
    expect(callOf(fromChat({ model: "gemini-2.5-pro", ...unsigned }))).not.toHaveProperty("thoughtSignature");
  });
});

describe("a model of Google's", () => {
  test("is named in the path, whatever its id has", () => {
    expect(geminiPath("models/gemini-2.5-pro", false)).toBe("/models/gemini-2.5-pro:generateContent");
    expect(geminiPath("../x?y", true)).toBe("/models/..%2Fx%3Fy:streamGenerateContent?alt=sse");
  });

  test("has its generation in its id", () => {
    expect(
      ["gemini-2.5-pro", "models/gemini-3-flash-preview", "gemini-10.1", "mock-gemini", "gemini-pro"].map(
        geminiGeneration,
      ),
    ).toEqual([2, 3, 10, undefined, undefined]);
  });
});
