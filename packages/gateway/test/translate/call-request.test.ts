import { type ExactJson, parseStrictJson } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CallRequest, Turn } from "../../src/translate/call-request.ts";
import { readChatRequest, writeChatRequest } from "../../src/translate/chat-request.ts";
import { type ExactObject, exactText } from "../../src/translate/field-check.ts";
import { readMessagesRequest, writeMessagesRequest } from "../../src/translate/messages-request.ts";

describe("a call", () => {
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 });
  const text = word.map((value) => ({ kind: "text" as const, text: value }));
  const input = fc.dictionary(fc.constantFrom("a", "b", "é"), fc.oneof(fc.integer(), word, fc.constant(null)), {
    maxKeys: 2,
    noNullPrototype: true,
  });
  const toolCall = fc.record({ kind: fc.constant("tool call" as const), id: word, name: word, input });
  const result = fc.record({
    kind: fc.constant("tool result" as const),
    callId: word,
    texts: fc.array(word, { minLength: 1, maxLength: 1 }),
    isError: fc.constant(false),
  });
  const image = fc.record({
    kind: fc.constant("image" as const),
    source: fc.oneof(
      fc.record({ mediaType: fc.constant("image/png"), data: fc.constant("QQ==") }),
      fc.record({ url: fc.constant("https://a/b") }),
    ),
  });
  const rounds = fc.array(
    fc.record({
      results: fc.array(result, { maxLength: 2 }),
      words: fc.array(fc.oneof(text, image), { minLength: 1, maxLength: 2 }),
      texts: fc.array(text, { maxLength: 1 }),
      calls: fc.array(toolCall, { minLength: 1, maxLength: 2 }),
    }),
    { maxLength: 3 },
  );
  const turns = fc.tuple(fc.array(text, { maxLength: 1 }), rounds).map(([instructions, all]): readonly Turn[] => [
    ...(instructions.length === 0 ? [] : [{ role: "instructions" as const, parts: instructions }]),
    ...all.flatMap(({ results, words, texts, calls }): readonly Turn[] => [
      { role: "user", parts: [...results, ...words] },
      { role: "assistant", parts: [...texts, ...calls] },
    ]),
  ]);
  const call = fc.record<CallRequest>(
    {
      dialect: fc.constant("anthropic-messages" as const),
      model: word,
      turns,
      tools: fc.array(
        fc.record({
          name: word,
          description: word,
          schema: fc.constant({ type: "object" }),
          isStrict: fc.constant(true),
        }),
        { minLength: 1, maxLength: 2 },
      ),
      toolChoice: fc.oneof(
        fc.record({ kind: fc.constantFrom("auto" as const, "required" as const) }),
        fc.record({ kind: fc.constant("named" as const), name: word }),
      ),
      isParallel: fc.constant(false),
      outputTokensMax: fc.integer({ min: 1, max: 9_000 }),
      stop: fc.array(word, { maxLength: 4 }),
      temperature: fc.constantFrom(0, 0.5, 1),
      topP: fc.constantFrom(0.1, 0.9),
      effort: fc.constantFrom("low" as const, "max" as const),
      answerSchema: fc.record({ name: fc.constant("answer"), schema: fc.constant({ type: "object" }) }),
      user: word,
      isStreamed: fc.boolean(),
      isUsageAsked: fc.constant(true),
    },
    { requiredKeys: ["dialect", "model", "turns", "tools", "stop", "isStreamed", "isUsageAsked", "outputTokensMax"] },
  );
  const again = (value: ExactJson): ExactObject => parseStrictJson(exactText(value)) as ExactObject;

  test("comes back as it was from both dialects", () => {
    fc.assert(
      fc.property(call, (given) => {
        // Anthropic's flag for one call at a time needs a choice to stand in.
        const carrier =
          given.isParallel === false && given.toolChoice === undefined ? { toolChoice: { kind: "auto" } } : {};
        expect(readMessagesRequest(again(writeMessagesRequest(given, 10_000)), "openai-chat")).toEqual({
          ...given,
          ...carrier,
        });
        const chat = readChatRequest(again(writeChatRequest(given, "max_completion_tokens")), "anthropic-messages");
        // In a chat completion each result of a tool is a message by itself.
        expect({ ...chat, turns: [] }).toEqual({
          ...given,
          dialect: "openai-chat",
          turns: [],
          isUsageAsked: given.isStreamed,
        });
        expect(writeMessagesRequest(chat, 10_000)).toEqual(writeMessagesRequest(given, 10_000));
      }),
      { numRuns: 300 },
    );
  });
});
