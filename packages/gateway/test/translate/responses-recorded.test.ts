import { parseStrictJson } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { answerIn, type AnswerRoute, streamIn } from "../../src/translate/answer-routes.ts";
import { readChatRequest } from "../../src/translate/chat-request.ts";
import { type ExactObject, exactText } from "../../src/translate/field-check.ts";
import { readMessagesRequest } from "../../src/translate/messages-request.ts";
import { writeResponsesRequest } from "../../src/translate/responses-body.ts";
import { usageReader } from "../../src/usage/usage-reader.ts";
import { asList, type Json } from "../../src/wire/stream-sights.ts";
import { hasRecordings, recordedAnswers, recordedFiles, recordedStreams } from "../wire/recorded-wire.ts";
import { chatOf, dataOf } from "./assembled.ts";
import { hasSchema, openaiSchema } from "./openai-schema.ts";

// Goal: what providers and clients really sent is translated to and from OpenAI's Responses as its own schema has it.

const ROUTE: AnswerRoute = { from: "openai-responses", to: "openai-chat", createdSeconds: 7, base: () => ({}) };

function run(events: readonly Json[]): { readonly all: string; readonly outcome: string } {
  const translation = streamIn({ ...ROUTE, isUsageAsked: true, inputTokensEstimate: 9 });
  const text = events.map((event) => translation.push(event)).join("");
  const end = translation.end();
  return { all: text + end.text, outcome: end.outcome };
}

/** The path that is refused, or nothing. */
function refusal(write: () => void): string {
  try {
    write();
    return "";
  } catch (error) {
    const { details } = error as { readonly details?: { readonly mistakes: readonly { readonly path: string }[] } };
    if (details === undefined) throw error;
    return details.mistakes[0]?.path ?? "";
  }
}

const files = hasRecordings ? recordedFiles() : new Map<string, string>();

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings || !hasSchema)("what was recorded", () => {
  const judge = hasSchema ? openaiSchema() : () => "no schema";
  const loose = hasSchema ? openaiSchema(true) : () => "no schema";

  test("of requests is a request of Responses by OpenAI's own schema, or is refused by name", () => {
    const tally = new Map<string, number>();
    for (const [folder, read] of [
      [/\/anthropic\//, readMessagesRequest],
      [/\/chat-completions\//, readChatRequest],
    ] as const)
      for (const [name, text] of files) {
        if (!folder.test(name) || !name.endsWith("request.json")) continue;
        let written: Json | undefined;
        const path = refusal(() => {
          const call = read(parseStrictJson(text) as ExactObject, "openai-responses");
          written = JSON.parse(exactText(writeResponsesRequest(call, 4_096))) as Json;
        });
        if (written !== undefined) expect(loose("response request", written), name).toBe("");
        const key = written === undefined ? path : "accepted";
        tally.set(key, (tally.get(key) ?? 0) + 1);
      }
    expect(tally.get("accepted")).toBeGreaterThan(80);
  });

  test("of streams of Responses is said in chunks of OpenAI's own schema, with the same text and usage", async () => {
    const outcomes = new Map<string, number>();
    for (const { name, dialect, events } of recordedStreams(files)) {
      if (dialect !== "openai-responses") continue;
      const json = events.map((event) => JSON.parse(event) as Json);
      const { all, outcome } = run(json);
      for (const data of dataOf(all))
        expect(judge(data["error"] === undefined ? "chunk" : "error", data), name).toBe("");
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome !== "complete") continue;
      const reader = usageReader("openai-responses");
      for (const event of json) reader.see(event);
      const chat = await chatOf(all);
      expect([chat.usage?.prompt_tokens, chat.usage?.completion_tokens], name).toEqual([
        reader.record()?.inputTokens,
        reader.record()?.outputTokens,
      ]);
      const texts = json
        .filter(({ type }) => type === "response.output_text.delta")
        .map(({ delta: one }) => String(one));
      expect(chat.choices[0]?.message.content ?? "", name).toBe(texts.join(""));
    }
    expect(outcomes.get("complete")).toBeGreaterThan(20);
  });

  test("of whole responses is one of chat completions, or holds what that cannot say", () => {
    let answers = 0;
    for (const { name, dialect, json } of recordedAnswers(files)) {
      if (dialect !== "openai-responses") continue;
      const said = answerIn(ROUTE, json as Json);
      if (!("answer" in said)) continue;
      expect(judge("answer", said.answer), name).toBe("");
      expect(asList(said.answer["choices"])).toHaveLength(1);
      answers += 1;
    }
    expect(answers).toBeGreaterThan(20);
  });
});
