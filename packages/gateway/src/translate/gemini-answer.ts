/**
 * Translates Google's answers that were not streamed to chat completions.
 * @module
 */
import { blockReasonOf } from "../usage/gemini-usage.ts";
import { usageOfAnswer } from "../usage/usage-reader.ts";
import type { Json } from "../wire/stream-sights.ts";
import type { TranslatedAnswer } from "./answers.ts";
import { finishOf, readGeminiParts } from "./gemini-parts.ts";
import { finishReasonOfGemini } from "./stop-reasons.ts";
import { chatUsage } from "./usage-words.ts";

/** @param createdSeconds - current time, since the Unix epoch: Google's answers have none. */
export function geminiChatAnswer(answer: Json, createdSeconds: number): TranslatedAnswer {
  const { text, calls, problem } = readGeminiParts(answer, 0);
  if (problem !== undefined) return { problem };
  const said = finishOf(answer) || (blockReasonOf(answer) === "" ? "" : "PROHIBITED_CONTENT");
  if (said === "") return { problem: "the answer has no end" };
  const finish = finishReasonOfGemini(said, calls.length > 0);
  if (finish === undefined) return { problem: `the answer ended with ${said}` };
  const usage = usageOfAnswer("gemini", answer);
  const message = {
    role: "assistant",
    content: text === "" ? null : text,
    refusal: null,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  const completion = {
    ...geminiHead(answer, createdSeconds, "chat.completion"),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish.reason }],
    ...(usage === undefined ? {} : { usage: chatUsage(usage) }),
  };
  return { answer: completion, doubts: finish.isUnknown ? [`finishReason ${said} is unknown`] : [] };
}

export function geminiHead(answer: Json, createdSeconds: number, object: string): Json {
  const { responseId, modelVersion } = answer;
  return { id: `chatcmpl-${responseId ?? "google"}`, object, created: createdSeconds, model: modelVersion ?? "" };
}
