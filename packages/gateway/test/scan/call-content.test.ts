import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentOf } from "../../src/scan/call-content.ts";
import type { CallContent } from "../../src/scan/content-count.ts";
import { spanBody } from "../../src/wire/body-members.ts";
import type { WireDialect } from "../../src/wire/dialect.ts";

function contentIn(dialect: WireDialect, json: unknown): CallContent {
  const text = typeof json === "string" ? json : JSON.stringify(json);
  const { bytes, spans } = spanBody(Buffer.from(text));
  return contentOf(bytes, spans, dialect);
}

const chat = (...content: readonly unknown[]): unknown => ({ model: "m", messages: [{ role: "user", content }] });
const message = (block: unknown): unknown => ({
  model: "m",
  max_tokens: 1,
  messages: [{ role: "user", content: [block] }],
});
const TEXT = { type: "text", text: "Hello" };

describe("what the bytes of a request do not show", () => {
  test.each<[string, WireDialect, unknown, readonly string[]]>([
    ["nothing, of text", "openai-chat", chat(TEXT), []],
    [
      "nothing, of tools that run at the client",
      "openai-chat",
      { messages: [], tools: [{ type: "function", function: {} }] },
      [],
    ],
    [
      "nothing, of Codex's tools and reasoning",
      "openai-responses",
      {
        input: [
          { type: "reasoning", encrypted_content: "x" },
          { type: "function_call_output", call_id: "c", output: "y" },
        ],
        tools: [{ type: "namespace", tools: [{ type: "custom" }] }],
        store: false,
        include: [],
      },
      [],
    ],
    [
      "nothing, of Claude Code's edits of the context",
      "anthropic-messages",
      { messages: [], context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] } },
      [],
    ],
    [
      "nothing, of a field that is null",
      "openai-responses",
      { input: "Hi", previous_response_id: null, conversation: null },
      [],
    ],
    [
      "nothing, of a tool's own schema that speaks of images",
      "anthropic-messages",
      {
        messages: [],
        tools: [{ name: "t", input_schema: { type: "object", properties: { type: { type: "image" } } } }],
      },
      [],
    ],
    [
      "nothing, of a tool's input that looks like a block",
      "anthropic-messages",
      message({ type: "tool_use", id: "t", name: "n", input: { content: [{ type: "image" }] } }),
      [],
    ],
    ["nothing, of tokens to embed", "openai-embeddings", { input: [[1, 2], [3]] }, []],
    ["an image", "openai-chat", chat(TEXT, { type: "image_url", image_url: { url: "https://a" } }), ["image"]],
    [
      "an image in a tool's result",
      "anthropic-messages",
      message({ type: "tool_result", tool_use_id: "t", content: [{ type: "image", source: {} }] }),
      ["image"],
    ],
    [
      "an image in a function's output",
      "openai-responses",
      { input: [{ type: "function_call_output", output: [{ type: "input_image" }] }] },
      ["image"],
    ],
    ["a document", "anthropic-messages", message({ type: "document", source: {} }), ["block document"]],
    [
      "a block whose kind is written with escapes",
      "openai-chat",
      '{"messages":[{"role":"user","content":[{"\\u0074ype":"image_\\u0075rl"}]}]}',
      ["image"],
    ],
    [
      "a block with two kinds",
      "openai-chat",
      '{"messages":[{"content":[{"type":"image_url","type":"text"}]}]}',
      ["type that is set twice"],
    ],
    ["a block without a kind", "openai-chat", chat({ text: "x" }), ["block "]],
    [
      "content that is an object",
      "openai-chat",
      { messages: [{ role: "user", content: { type: "text" } }] },
      ["content"],
    ],
    ["messages that are no list", "openai-chat", { messages: {} }, ["messages"]],
    ["an earlier answer's audio", "openai-chat", { messages: [{ role: "assistant", audio: { id: "a" } }] }, ["audio"]],
    [
      "an item by reference",
      "openai-responses",
      { input: [{ type: "item_reference", id: "i" }] },
      ["item item_reference"],
    ],
    [
      "a conversation at the provider",
      "openai-responses",
      { input: "Hi", previous_response_id: "r" },
      ["previous_response_id"],
    ],
    ["a search", "openai-responses", { input: "Hi", tools: [{ type: "web_search" }] }, ["tool web_search"]],
    [
      "a hosted tool among a namespace's",
      "openai-responses",
      { input: "Hi", tools: [{ type: "namespace", tools: [{ type: "code_interpreter" }] }] },
      ["tool code_interpreter"],
    ],
    [
      "compaction",
      "anthropic-messages",
      { messages: [], context_management: { edits: [{ type: "compact_20260112" }] } },
      ["context_management"],
    ],
    [
      "edits of an unknown form",
      "anthropic-messages",
      { messages: [], context_management: [] },
      ["context_management"],
    ],
    [
      "reasoning that reads the prompt several times",
      "openai-responses",
      { input: "Hi", reasoning: { effort: "max", mode: "pro" } },
      ["reasoning.mode"],
    ],
    [
      "nothing, of plain reasoning",
      "openai-responses",
      { input: "Hi", reasoning: { effort: "max", mode: "standard", summary: null } },
      [],
    ],
    ["a field that is unknown", "openai-chat", { messages: [], plugins: [{ id: "web" }] }, ["plugins"]],
    ["connectors", "anthropic-messages", { messages: [], mcp_servers: [{}] }, ["mcp_servers"]],
    ["no connectors", "anthropic-messages", { messages: [], mcp_servers: [] }, []],
  ])("%s", (_what, dialect, json, hidden) => {
    expect(contentIn(dialect, json).hidden).toEqual(hidden);
  });

  test("of many unknown fields the first are named, and the rest take no memory", () => {
    const fields = Object.fromEntries(Array.from({ length: 200 }, (_none, index) => [`field${index}`, 1]));
    expect(contentIn("openai-chat", fields).hidden).toHaveLength(16);
  });
});

describe("counts", () => {
  /** Messages by the number of their blocks, and what they come to. */
  const blocks = fc.array(
    fc.constantFrom(TEXT, { type: "image", source: {} }, { type: "tool_use", input: { a: ["]", { b: '"' }] } }),
    { maxLength: 4 },
  );
  const messages = fc.array(fc.record({ role: fc.constantFrom("user", "assistant"), content: blocks }), {
    maxLength: 6,
  });
  const tools = fc.array(fc.record({ name: fc.string(), input_schema: fc.jsonValue() }), { maxLength: 4 });

  test("are those of the parsed request", () => {
    fc.assert(
      fc.property(messages, tools, fc.constantFrom(undefined, 2, "\t"), (list, defined, indent) => {
        const text = JSON.stringify({ model: "m", messages: list, tools: defined }, null, indent);
        const content = contentIn("anthropic-messages", text);
        const all = list.flatMap((each) => each.content as readonly { readonly type: string }[]);
        expect(content.messageCount).toBe(list.length);
        expect(content.toolCount).toBe(defined.length);
        expect(content.imageCount).toBe(all.filter(({ type }) => type === "image").length);
        expect(content.hidden).toEqual(content.imageCount > 0 ? ["image"] : []);
        expect(content.promptBytes).toBeLessThan(Buffer.byteLength(text));
        expect(content.promptBytes).toBeGreaterThan(content.toolBytes);
      }),
    );
  });

  test("of a prompt leave out what no model reads", () => {
    const plain = contentIn("openai-chat", chat(TEXT));
    const more = contentIn("openai-chat", {
      ...(chat(TEXT) as object),
      metadata: { a: "x".repeat(9_999) },
      user: "u",
      stream: true,
    });
    expect(more.promptBytes).toBe(plain.promptBytes);
  });

  test("of bytes beyond ASCII are the same for letters and for their escapes", () => {
    const letters = contentIn("openai-chat", '{"messages":[{"role":"user","content":"北京"}]}');
    const escapes = contentIn("openai-chat", '{"messages":[{"role":"user","content":"\\u5317\\u4eac"}]}');
    expect([letters.wideBytes, escapes.wideBytes]).toEqual([6, 6]);
    expect(contentIn("openai-chat", chat(TEXT)).wideBytes).toBe(0);
  });

  test("of answers, predictions and searches are read where they multiply the bill", () => {
    const { choiceCount, predictionBytes } = contentIn("openai-chat", {
      messages: [],
      n: 4,
      prediction: { type: "content", content: "abc" },
    });
    expect([choiceCount, predictionBytes]).toEqual([4, 34]);
    const search = (uses?: number): unknown => ({
      messages: [],
      tools: [{ type: "web_search_20250305", ...(uses === undefined ? {} : { max_uses: uses }) }],
    });
    expect(contentIn("anthropic-messages", search(5)).searchesMax).toBe(5);
    expect(contentIn("anthropic-messages", search()).searchesMax).toBeUndefined();
    expect(contentIn("anthropic-messages", { messages: [] }).searchesMax).toBe(0);
  });
});

describe("the user's text", () => {
  test.each<[string, WireDialect, unknown, string]>([
    [
      "is that of the last message by the user",
      "openai-chat",
      {
        messages: [
          { role: "user", content: "first" },
          { role: "user", content: "second" },
          { role: "assistant", content: "third" },
        ],
      },
      "second",
    ],
    [
      "is the last block of text, whatever comes before the role",
      "anthropic-messages",
      '{"messages":[{"content":[{"text":"a","type":"text"},{"type":"text","text":"b"},{"type":"image"}],"role":"user"}]}',
      "b",
    ],
    [
      "is not what a tool said",
      "anthropic-messages",
      {
        messages: [
          { role: "user", content: [TEXT, { type: "tool_result", content: [{ type: "text", text: "secret" }] }] },
        ],
      },
      "Hello",
    ],
    ["is an input that is text", "openai-responses", { input: "Hi" }, "Hi"],
    ["is empty without a message by the user", "openai-chat", { messages: [{ role: "system", content: "x" }] }, ""],
    ["is empty for what is embedded", "openai-embeddings", { input: "a document" }, ""],
  ])("%s", (_what, dialect, json, text) => {
    expect(contentIn(dialect, json).userText).toBe(text);
  });

  test("is cut at 8,192 bytes", () => {
    expect(contentIn("openai-responses", { input: "x".repeat(20_000) }).userText).toHaveLength(8_192);
  });
});
