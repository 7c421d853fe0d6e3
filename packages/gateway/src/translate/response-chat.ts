/**
 * A response of OpenAI's that was not streamed, said as a chat completion.
 * @module
 */
import { usageOfAnswer } from "../usage/usage-reader.ts";
import { textOf } from "../usage/usage-record.ts";
import { readProviderError } from "../wire/provider-errors.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import type { TranslatedAnswer } from "./answers.ts";
import { finishReasonOfResponse } from "./stop-reasons.ts";
import { chatUsage } from "./usage-words.ts";

/** @param createdSeconds - of the clock, since 1970, for a response that does not say when it was made. */
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

/** Reasoning is for clients of Responses; its summary is no part of the answer. Returns what cannot be said. */
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

/** A call of a function, as a chat completion has it. */
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
