/**
 * Translates a chat completion to a response of OpenAI's Responses API.
 * @module
 */
import { usageOfAnswer } from "../usage/usage-reader.ts";
import { textOf } from "../usage/usage-record.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import type { TranslatedAnswer } from "./answers.ts";
import { contentText } from "./chat-content.ts";
import { signatureOfCall } from "./google-signature.ts";
import {
  callItem,
  messageItem,
  responseEnd,
  responseId,
  responseUsage,
  signatureItem,
  textPart,
} from "./response-parts.ts";
import { stopReasonOf } from "./stop-reasons.ts";

/** @param base - the members of the response that repeat its request. */
export function responseAnswer(completion: Json, base: Json, createdSeconds: number): TranslatedAnswer {
  const choices = asList(completion["choices"]);
  const choice = asObject(choices[0]);
  const message = asObject(choice?.["message"]);
  if (choice === undefined || message === undefined || choices.length !== 1)
    return { problem: `the answer has ${choices.length} choices` };
  const words = contentText(message["content"]);
  if (words === undefined) return { problem: "the answer holds content of an unknown type" };
  const said = textOf(choice["finish_reason"]);
  const stop = stopReasonOf(said);
  if (stop === undefined) return { problem: `the answer ended with ${said}` };
  const end = responseEnd(stop.isUnknown ? "length" : said);
  const id = responseId(completion);
  const output: Json[] = [];
  const idOf = (prefix: string): string => `${prefix}_${id.slice("resp_".length)}_${output.length}`;
  const refusal = textOf(message["refusal"]);
  for (const part of [
    ...(words === "" ? [] : [textPart(words)]),
    ...(refusal === "" ? [] : [{ type: "refusal", refusal }]),
  ])
    output.push(messageItem(idOf("msg"), [part], end.status));
  for (const call of asList(message["tool_calls"]).map((one) => asObject(one) ?? {})) {
    const called = asObject(call["function"]);
    if (called === undefined) return { problem: "the answer holds a call of a tool of another kind" };
    const signature = signatureOfCall(call);
    if (signature !== undefined) output.push(signatureItem(idOf("rs"), signature));
    const names = { callId: textOf(call["id"]), name: textOf(called["name"]) };
    output.push(callItem(idOf("fc"), names, textOf(called["arguments"]) || "{}", end.status));
  }
  const answer = {
    ...base,
    id,
    created_at: createdSeconds,
    model: completion["model"] ?? base["model"],
    output,
    ...end,
    ...responseUsage(usageOfAnswer("openai-chat", completion)),
  };
  return { answer, doubts: stop.isUnknown ? [`finish_reason ${said} is unknown`] : [] };
}
