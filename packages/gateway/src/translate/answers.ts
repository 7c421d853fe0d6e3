/**
 * Translates answers that were not streamed.
 * @module
 */
import { usageOfAnswer } from "../usage/usage-reader.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { contentText } from "./chat-content.ts";
import { parseExact } from "./exact-parse.ts";
import { signatureOfCall, signedBlock } from "./google-signature.ts";
import { finishReasonOf, stopReasonOf } from "./stop-reasons.ts";
import { readArguments } from "./tool-arguments.ts";
import { chatUsage, messagesUsage } from "./usage-words.ts";

export type TranslatedAnswer =
  | { readonly answer: Json; readonly doubts: readonly string[] }
  /** The part that has no equivalent in the other dialect. The provider bills the answer nevertheless. */
  | { readonly problem: string };

/** @param createdSeconds - current time, since the Unix epoch: Anthropic's answers have none. */
export function chatAnswer(message: Json, createdSeconds: number): TranslatedAnswer {
  const texts: string[] = [];
  const calls: Json[] = [];
  for (const block of asList(message["content"]).map((one) => asObject(one) ?? {})) {
    const { type, text, id, name, input } = block;
    if (type === "text") texts.push(String(text));
    else if (type === "tool_use")
      calls.push({ id, type: "function", function: { name, arguments: JSON.stringify(input ?? {}) } });
    // Thinking is only useful to Anthropic's own clients, with its signature.
    else if (type !== "thinking" && type !== "redacted_thinking")
      return { problem: `the answer holds a block of type ${type}` };
  }
  const stopReason = String(message["stop_reason"]);
  const finish = finishReasonOf(stopReason);
  if (finish === undefined) return { problem: `the answer ended with ${stopReason}` };
  const usage = usageOfAnswer("anthropic-messages", message);
  const content = texts.length === 0 ? null : texts.join("");
  const choice = {
    index: 0,
    message: { role: "assistant", content, refusal: null, ...(calls.length === 0 ? {} : { tool_calls: calls }) },
    logprobs: null,
    finish_reason: finish.reason,
  };
  const answer = {
    id: message["id"],
    object: "chat.completion",
    created: createdSeconds,
    model: message["model"],
    choices: [choice],
    ...(usage === undefined ? {} : { usage: chatUsage(usage) }),
  };
  return { answer, doubts: finish.isUnknown ? [`stop_reason ${stopReason} is unknown`] : [] };
}

export function messagesAnswer(completion: Json): TranslatedAnswer {
  const choices = asList(completion["choices"]);
  const choice = asObject(choices[0]);
  const message = asObject(choice?.["message"]);
  if (choice === undefined || message === undefined || choices.length !== 1)
    return { problem: `the answer has ${choices.length} choices` };
  const { content, refusal, tool_calls: calls } = message;
  const words = contentText(content);
  if (words === undefined) return { problem: "the answer holds content of an unknown type" };
  const texts = [words, refusal].filter((text) => typeof text === "string" && text !== "");
  const blocks: Json[] = texts.map((text) => ({ type: "text", text }));
  for (const call of asList(calls).map((one) => asObject(one) ?? {})) {
    const called = asObject(call["function"]);
    const text = String(called?.["arguments"] ?? "");
    const isReadable = called !== undefined && readArguments(text) !== undefined;
    if (!isReadable) return { problem: "the arguments of a tool are no JSON object" };
    const input = text.trim() === "" ? {} : parseExact(text);
    const signature = signatureOfCall(call);
    if (signature !== undefined) blocks.push(signedBlock(signature));
    blocks.push({ type: "tool_use", id: call["id"], name: called["name"], input });
  }
  const finishReason = String(choice["finish_reason"]);
  const stop = stopReasonOf(finishReason);
  if (stop === undefined) return { problem: `the answer ended with ${finishReason}` };
  const usage = usageOfAnswer("openai-chat", completion);
  const answer = {
    id: completion["id"],
    type: "message",
    role: "assistant",
    model: completion["model"],
    content: blocks,
    stop_reason: typeof refusal === "string" && refusal !== "" ? "refusal" : stop.reason,
    stop_sequence: null,
    ...(usage === undefined ? {} : { usage: messagesUsage(usage) }),
  };
  return { answer, doubts: stop.isUnknown ? [`finish_reason ${finishReason} is unknown`] : [] };
}
