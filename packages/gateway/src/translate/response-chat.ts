/**
 * Translates OpenAI's responses that were not streamed to chat completions.
 * @module
 */
import { usageOfAnswer } from "../usage/usage-reader.ts";
import { textOf } from "../usage/usage-record.ts";
import { readProviderError } from "../wire/provider-errors.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import type { TranslatedAnswer } from "./answers.ts";
import { finishReasonOfResponse } from "./stop-reasons.ts";
import { chatUsage } from "./usage-words.ts";

/** @param createdSeconds - current time, since the Unix epoch, for a response without a time. */
export function responseChatAnswer(response: Json, createdSeconds: number): TranslatedAnswer {
  const { status, incomplete_details: details, output } = response;
  if (status === "failed") return { problem: readProviderError(response).message || "the response failed" };
  const parts: ItemParts = { texts: [], refusals: [], calls: [] };
  for (const value of asList(output)) {
    const item = asObject(value) ?? {};
    const problem = readItem(item, parts);
    if (problem !== undefined) return { problem };
  }
  const { texts, refusals, calls } = parts;
  const reason = textOf(asObject(details)?.["reason"]);
  const finish = finishReasonOfResponse(textOf(status), reason, calls.length > 0);
  if (finish === undefined) return { problem: `the response is ${textOf(status)}` };
  const usage = usageOfAnswer("openai-responses", response);
  const message = {
    role: "assistant",
    content: texts.length === 0 ? null : texts.join(""),
    refusal: refusals.length === 0 ? null : refusals.join(""),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  const completion = {
    ...responseHead(response, createdSeconds, "chat.completion"),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish.reason }],
    ...(usage === undefined ? {} : { usage: chatUsage(usage) }),
  };
  return { answer: completion, doubts: finish.isUnknown ? [`incomplete_details ${reason} is unknown`] : [] };
}

interface ItemParts {
  readonly texts: string[];
  readonly refusals: string[];
  readonly calls: Json[];
}

/**
 * Adds an item to the parts; returns the problem if it cannot be translated. Reasoning is dropped: only Responses has it.
 */
function readItem(item: Json, { texts, refusals, calls }: ItemParts): string | undefined {
  const { type } = item;
  if (type === "reasoning") return undefined;
  if (type === "function_call") calls.push(chatCall(item));
  else if (type !== "message") return `the answer holds an item of type ${textOf(type)}`;
  else
    for (const value of asList(item["content"])) {
      const part = asObject(value) ?? {};
      if (part["type"] === "output_text") texts.push(textOf(part["text"]));
      else if (part["type"] === "refusal") refusals.push(textOf(part["refusal"]));
      else return `the answer holds content of type ${textOf(part["type"])}`;
    }
  return undefined;
}

/** A function call in the form of a chat completion. */
export function chatCall({ call_id: id, name, arguments: text }: Json): Json {
  return { id, type: "function", function: { name, arguments: textOf(text) || "{}" } };
}

export function responseHead({ id, created_at: created, model }: Json, createdSeconds: number, object: string): Json {
  return {
    id: `chatcmpl-${textOf(id).replace(/^resp_/, "")}`,
    object,
    created: typeof created === "number" ? created : createdSeconds,
    model: textOf(model),
  };
}
