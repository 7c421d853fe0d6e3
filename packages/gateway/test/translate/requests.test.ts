import { parseStrictJson } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { readChatRequest, writeChatRequest } from "../../src/translate/chat-request.ts";
import { type ExactObject, exactText } from "../../src/translate/field-check.ts";
import { readMessagesRequest, versionFor, writeMessagesRequest } from "../../src/translate/messages-request.ts";

const exact = (value: unknown): ExactObject => parseStrictJson(JSON.stringify(value)) as ExactObject;
const toMessages = (request: object): Record<string, unknown> => {
  const written = writeMessagesRequest(readChatRequest(exact({ model: "m", ...request }), "anthropic-messages"), 4_096);
  return JSON.parse(exactText(written)) as Record<string, unknown>;
};
const toChat = (request: object): Record<string, unknown> => {
  const read = readMessagesRequest(exact({ model: "m", max_tokens: 64, messages: [], ...request }), "openai-chat");
  return JSON.parse(exactText(writeChatRequest(read, "max_completion_tokens"))) as Record<string, unknown>;
};
const refusal = (run: () => unknown): string => {
  try {
    return `no refusal: ${JSON.stringify(run())}`;
  } catch (error) {
    return (
      (error as { readonly details: { readonly mistakes: readonly { readonly path: string }[] } }).details.mistakes[0]
        ?.path ?? ""
    );
  }
};
const user = (content: unknown): object => ({ role: "user", content });
const tools = [
  { type: "function", function: { name: "f", description: "d", parameters: { type: "object", properties: {} } } },
];

describe("a chat completion for a model of Anthropic's", () => {
  test("has instructions at its head as system prompt, whatever their role, in order", () => {
    const messages = [
      { role: "system", content: "one" },
      { role: "developer", content: [{ type: "text", text: "two" }] },
      user("hi"),
    ];
    expect(toMessages({ messages })).toEqual({
      model: "m",
      max_tokens: 4_096,
      system: [
        { type: "text", text: "one" },
        { type: "text", text: "two" },
      ],
      messages: [user([{ type: "text", text: "hi" }])],
    });
    expect(refusal(() => toMessages({ messages: [user("hi"), { role: "system", content: "x" }] }))).toBe(
      "messages[1].role",
    );
  });

  test("has all results of parallel tools in one user turn, before its words; empty texts make no block", () => {
    const call = (id: string, name: string, text: string): object => ({
      id,
      type: "function",
      function: { name, arguments: text },
    });
    const messages = [
      user("q"),
      {
        role: "assistant",
        content: "",
        tool_calls: [call("c1", "f", '{"a":"1","big":18446744073709551615}'), call("c2", "g", "")],
      },
      { role: "tool", tool_call_id: "c1", content: "r1" },
      { role: "tool", tool_call_id: "c2", content: "" },
      user("and?"),
    ];
    const request = readChatRequest(exact({ model: "m", messages }), "anthropic-messages");
    const text = exactText(writeMessagesRequest(request, 9));
    expect(text).toContain('"input":{"a":"1","big":18446744073709551615}');
    expect((JSON.parse(text) as { messages: unknown[] }).messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "c1", name: "f", input: { a: "1", big: 2 ** 64 } },
          { type: "tool_use", id: "c2", name: "g", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "r1" }] },
          { type: "tool_result", tool_use_id: "c2" },
          { type: "text", text: "and?" },
        ],
      },
    ]);
  });

  test.each([
    [{ tool_choice: "none", parallel_tool_calls: false }, { type: "none" }],
    [{ parallel_tool_calls: false }, { type: "auto", disable_parallel_tool_use: true }],
    [
      { tool_choice: "required", parallel_tool_calls: false },
      { type: "any", disable_parallel_tool_use: true },
    ],
    [
      { tool_choice: { type: "function", function: { name: "f" } }, parallel_tool_calls: false },
      { type: "tool", name: "f", disable_parallel_tool_use: true },
    ],
    [{ tool_choice: "auto", parallel_tool_calls: true }, { type: "auto" }],
    [{}, undefined],
  ])("that chooses tools by %j says %j", (choice, wanted) => {
    expect(toMessages({ messages: [user("hi")], tools, ...choice })["tool_choice"]).toEqual(wanted);
    expect(toMessages({ messages: [user("hi")], ...choice })).not.toHaveProperty("tool_choice");
  });

  test("has images, a schema, an effort, stops, a user and the lower of two limits", () => {
    const parts = [
      { type: "text", text: "" },
      { type: "image_url", image_url: { url: "data:image/png;base64,QUJD" } },
      { type: "image_url", image_url: { url: "https://a/b.png" } },
    ];
    const schema = { type: "object" };
    const request = {
      messages: [user(parts)],
      response_format: { type: "json_schema", json_schema: { name: "p", strict: true, schema } },
      reasoning_effort: "high",
      stop: "END",
      user: "u",
      max_tokens: 50,
      max_completion_tokens: 70,
      stream: true,
    };
    expect(toMessages(request)).toEqual({
      model: "m",
      max_tokens: 50,
      messages: [
        user([
          { type: "image", source: { type: "base64", media_type: "image/png", data: "QUJD" } },
          { type: "image", source: { type: "url", url: "https://a/b.png" } },
        ]),
      ],
      stop_sequences: ["END"],
      output_config: { effort: "high", format: { type: "json_schema", schema } },
      metadata: { user_id: "u" },
      stream: true,
    });
  });

  test("goes out under the version that takes what it says", () => {
    const version = (more: object): string =>
      versionFor(readChatRequest(exact({ model: "m", messages: [], ...more }), "anthropic-messages"));
    expect([version({}), version({ temperature: 0.5 }), version({ top_p: 0.9 })]).toEqual([
      "2026-10-21",
      "2023-06-01",
      "2023-06-01",
    ]);
  });

  test.each([
    [{ temperature: 1.5 }, "temperature"],
    [{ response_format: { type: "json_object" } }, "response_format.type"],
    [{ reasoning_effort: "minimal" }, "reasoning_effort"],
    [{ tool_choice: { type: "allowed_tools" } }, "tool_choice"],
    [{ tools: [{ type: "custom", custom: { name: "x" } }] }, "tools[0].type"],
    [{ messages: [user([{ type: "input_audio", input_audio: {} }])] }, "messages[0].content[0].type"],
    [{ messages: [user([{ type: "file", file: {} }])] }, "messages[0].content[0].type"],
    [
      { messages: [user([{ type: "image_url", image_url: { url: "gs://x" } }])] },
      "messages[0].content[0].image_url.url",
    ],
    [{ messages: [{ role: "user", content: "x", name: "bob" }] }, "messages[0].name"],
    [{ messages: [{ role: "assistant", content: "x", refusal: "no" }] }, "messages[0].refusal"],
    [{ messages: [{ role: "assistant", audio: { id: "a" } }] }, "messages[0].audio"],
    [{ messages: [{ role: "function", name: "f", content: "x" }] }, "messages[0].role"],
    [
      {
        messages: [
          { role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "[1]" } }] },
        ],
      },
      "messages[0].tool_calls[0].function.arguments",
    ],
    [
      { messages: [{ role: "assistant", tool_calls: [{ id: "c", type: "custom", custom: {} }] }] },
      "messages[0].tool_calls[0].custom",
    ],
    [{ messages: "hi" }, "messages"],
    [
      { messages: [user([{ type: "image_url", image_url: { url: "https://a", detail: "low" } }])] },
      "messages[0].content[0].image_url.detail",
    ],
    [
      { messages: [user([{ type: "image_url", image_url: { url: "https://a", detail: "auto" }, brand: 1 }])] },
      "messages[0].content[0].brand",
    ],
    [{ messages: [user([{ type: "text", text: "x", brand: 1 }])] }, "messages[0].content[0].brand"],
    [{ stream_options: { brand: 1 } }, "stream_options.brand"],
    [{ tools: [{ type: "function", function: { name: "f" }, brand: 1 }] }, "tools[0].brand"],
    [{ tools: [{ type: "function", function: { name: "f", brand: 1 } }] }, "tools[0].function.brand"],
    [
      { response_format: { type: "json_schema", json_schema: { name: "p", schema: {}, brand: 1 } } },
      "response_format.json_schema.brand",
    ],
    [{ logprobs: true }, "logprobs"],
    [{ n: 2 }, "n"],
    [{ seed: 7 }, "seed"],
  ])("that says %j is refused by the name %s", (request, path) => {
    expect(refusal(() => toMessages({ messages: [user("hi")], ...request }))).toBe(path);
  });
});

describe("a request of messages for a model of OpenAI's", () => {
  test("has each result of a tool as a message of its own behind the call, nothing dropped, and says that it failed", () => {
    const messages = [
      user("q"),
      {
        role: "assistant",
        content: [
          { type: "text", text: "wait" },
          { type: "tool_use", id: "t1", name: "f", input: { x: 1e2, y: 0.5 } },
        ],
      },
      user([
        { type: "text", text: "and New York?" },
        { type: "tool_result", tool_use_id: "t1", is_error: true, content: [{ type: "text", text: "boom" }] },
      ]),
    ];
    expect(toChat({ messages })["messages"]).toEqual([
      user("q"),
      {
        role: "assistant",
        content: "wait",
        tool_calls: [{ id: "t1", type: "function", function: { name: "f", arguments: '{"x":100,"y":0.5}' } }],
      },
      { role: "tool", tool_call_id: "t1", content: "The tool failed:\nboom" },
      user("and New York?"),
    ]);
  });

  test("keeps its restrictions, its stops and all of its system prompt, and drops the hints to a cache", () => {
    const request = {
      messages: [
        user("hi"),
        { role: "system", content: [{ type: "text", text: "amid", cache_control: { type: "ephemeral" } }] },
      ],
      tools: [{ name: "f", input_schema: { type: "object" }, cache_control: { type: "ephemeral" }, strict: true }],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      stop_sequences: ["END"],
      system: [
        { type: "text", text: "x-anthropic-billing-header: cc; cch=36ee5;" },
        { type: "text", text: "s1", cache_control: { type: "ephemeral", ttl: "1h" } },
        { type: "text", text: "s2" },
      ],
      metadata: { user_id: "u" },
      output_config: { effort: "max", format: { type: "json_schema", schema: { type: "object" } } },
      thinking: { type: "adaptive", display: "omitted" },
      service_tier: "auto",
      stream: true,
    };
    expect(toChat(request)).toEqual({
      model: "m",
      messages: [
        {
          role: "system",
          content: [
            { type: "text", text: "s1" },
            { type: "text", text: "s2" },
          ],
        },
        user("hi"),
        { role: "system", content: "amid" },
      ],
      max_completion_tokens: 64,
      tools: [{ type: "function", function: { name: "f", parameters: { type: "object" }, strict: true } }],
      tool_choice: "required",
      parallel_tool_calls: false,
      stop: ["END"],
      reasoning_effort: "max",
      response_format: {
        type: "json_schema",
        json_schema: { name: "answer", schema: { type: "object" }, strict: true },
      },
      user: "u",
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test.each([
    [{ thinking: { type: "enabled", budget_tokens: 9_000 } }, "thinking"],
    [{ thinking: { type: "adaptive" } }, "thinking"],
    [{ top_k: 5 }, "top_k"],
    [{ inference_geo: "us" }, "inference_geo"],
    [{ speed: "fast" }, "speed"],
    [{ container: "c" }, "container"],
    [{ mcp_servers: [{}] }, "mcp_servers"],
    [{ context_management: { edits: [] } }, "context_management"],
    [{ stop_sequences: ["1", "2", "3", "4", "5"] }, "stop_sequences"],
    [{ tools: [{ type: "web_search_20250305", name: "web_search" }] }, "tools[0].type"],
    [
      { tools: [{ name: "f", input_schema: {}, allowed_callers: ["code_execution_20250825"] }] },
      "tools[0].allowed_callers",
    ],
    [
      { messages: [{ role: "assistant", content: [{ type: "thinking", thinking: "t", signature: "s" }] }] },
      "messages[0].content[0].type",
    ],
    [{ messages: [user([{ type: "document", source: {} }])] }, "messages[0].content[0].type"],
    [
      { messages: [user([{ type: "image", source: { type: "file", file_id: "f" } }])] },
      "messages[0].content[0].source.type",
    ],
    [{ messages: [user([{ type: "text", text: "x", citations: [{}] }])] }, "messages[0].content[0].citations"],
    [
      { messages: [user([{ type: "tool_result", tool_use_id: "t", content: [{ type: "image", source: {} }] }])] },
      "messages[0].content[0].content[0].type",
    ],
    [
      {
        messages: [
          {
            role: "assistant",
            content: [{ type: "tool_use", id: "t", name: "f", input: {}, caller: { type: "code_execution_20250825" } }],
          },
        ],
      },
      "messages[0].content[0].caller",
    ],
    [{ max_tokens: null }, "max_tokens"],
    [{ metadata: { user_id: "u", brand: 1 } }, "metadata.brand"],
    [{ tool_choice: { type: "auto", brand: 1 } }, "tool_choice.brand"],
    [{ output_config: { format: { type: "json_schema", schema: {}, brand: 1 } } }, "output_config.format.brand"],
    [{ messages: [{ role: "user", content: "x", brand: 1 }] }, "messages[0].brand"],
    [{ messages: [user([{ type: "text", text: "x", brand: 1 }])] }, "messages[0].content[0].brand"],
    [
      { messages: [user([{ type: "image", source: { type: "url", url: "https://a", brand: 1 } }])] },
      "messages[0].content[0].source.brand",
    ],
  ])("that says %j is refused by the name %s", (request, path) => {
    expect(refusal(() => toChat(request))).toBe(path);
  });
});
