import { parseStrictJson } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { geminiProblem } from "../../src/mock/gemini-call.ts";
import { readChatRequest } from "../../src/translate/chat-request.ts";
import { exactText, type ExactObject } from "../../src/translate/field-check.ts";
import { writeGeminiRequest } from "../../src/translate/gemini-request.ts";
import { readMessagesRequest } from "../../src/translate/messages-request.ts";
import { readResponsesRequest } from "../../src/translate/responses-request.ts";
import type { Json } from "../../src/wire/stream-sights.ts";

// Goal: whatever a client has said, called and answered, Google gets a conversation that it takes, with the same calls, results and
// words in the same order, whichever of the three dialects the client speaks. Method: one conversation, written by hand in each
// of them.

const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 5 });
const round = fc.record({
  words: word,
  said: fc.option(word),
  calls: fc.array(fc.record({ name: fc.constantFrom("f", "g"), arg: word, result: word }), { maxLength: 3 }),
  /** Results come in any order. */
  isReversed: fc.boolean(),
});
type Round = typeof round extends fc.Arbitrary<infer One> ? One : never;

const idOf = (at: number, index: number): string => `call_${at}_${index}`;
const inOrder = <One>({ isReversed }: Round, list: readonly One[]): readonly One[] =>
  isReversed ? list.toReversed() : list;

function chatMessagesOf(rounds: readonly Round[]): object[] {
  return rounds.flatMap((one, at) => [
    { role: "user", content: one.words },
    ...(one.said === null && one.calls.length === 0
      ? []
      : [
          {
            role: "assistant",
            content: one.said,
            tool_calls: one.calls.map(({ name, arg }, index) => ({
              id: idOf(at, index),
              type: "function",
              function: { name, arguments: JSON.stringify({ arg }) },
            })),
          },
        ]),
    ...inOrder(
      one,
      one.calls.map(({ result }, index) => ({ role: "tool", tool_call_id: idOf(at, index), content: result })),
    ),
  ]);
}

function messagesOf(rounds: readonly Round[]): object[] {
  return rounds.flatMap((one, at) => {
    const uses = one.calls.map(({ name, arg }, index) => ({
      type: "tool_use",
      id: idOf(at, index),
      name,
      input: { arg },
    }));
    const said = one.said === null ? [] : [{ type: "text", text: one.said }];
    const results = one.calls.map(({ result }, index) => ({
      type: "tool_result",
      tool_use_id: idOf(at, index),
      content: result,
    }));
    return [
      { role: "user", content: one.words },
      ...(said.length + uses.length === 0 ? [] : [{ role: "assistant", content: [...said, ...uses] }]),
      ...(results.length === 0 ? [] : [{ role: "user", content: inOrder(one, results) }]),
    ];
  });
}

function itemsOf(rounds: readonly Round[]): object[] {
  return rounds.flatMap((one, at) => [
    { role: "user", content: one.words },
    ...(one.said === null
      ? []
      : [{ type: "message", role: "assistant", content: [{ type: "output_text", text: one.said }] }]),
    ...one.calls.map(({ name, arg }, index) => ({
      type: "function_call",
      call_id: idOf(at, index),
      name,
      arguments: JSON.stringify({ arg }),
    })),
    ...inOrder(
      one,
      one.calls.map(({ result }, index) => ({
        type: "function_call_output",
        call_id: idOf(at, index),
        output: result,
      })),
    ),
  ]);
}

const exact = (value: object): ExactObject => parseStrictJson(JSON.stringify(value)) as ExactObject;

describe("a conversation", () => {
  test.each(["gemini-2.5-pro", "gemini-3-pro-preview"])("reaches %s as it is, from each dialect", (model) => {
    fc.assert(
      fc.property(fc.array(round, { minLength: 1, maxLength: 4 }), (rounds) => {
        const calls = [
          readChatRequest(exact({ model, messages: chatMessagesOf(rounds) }), "gemini"),
          readMessagesRequest(exact({ model, max_tokens: 9, messages: messagesOf(rounds) }), "gemini"),
          readResponsesRequest(exact({ model, input: itemsOf(rounds) }), "gemini"),
        ];
        const written = calls.map((call) => JSON.parse(exactText(writeGeminiRequest(call, 9))) as Json);
        for (const one of written) expect(geminiProblem(one, model)).toBeUndefined();
        const [chat, ...others] = written.map(({ contents }) => contents);
        for (const other of others) expect(other).toEqual(chat);
        const text = JSON.stringify(chat);
        for (const { words, calls: made } of rounds)
          for (const one of [words, ...made.flatMap(({ arg, result }) => [arg, result])])
            expect(text).toContain(JSON.stringify(one).slice(1, -1));
      }),
      { numRuns: 150 },
    );
  });
});
