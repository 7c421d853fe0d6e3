/** Streams as a client puts them together, and whether they are well formed. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import type { Json } from "../../src/wire/stream-sights.ts";

const stream =
  (text: string): (() => Promise<Response>) =>
  async () =>
    new Response(text, { headers: { "content-type": "text/event-stream" } });

/** The completion that OpenAI's own helper assembles; it throws where a stream is not whole. */
export async function chatOf(text: string): Promise<OpenAI.ChatCompletion> {
  const client = new OpenAI({ apiKey: "k", fetch: stream(text), maxRetries: 0 });
  return client.chat.completions.stream({ model: "m", messages: [] }).finalChatCompletion();
}

/** The message that Anthropic's own helper assembles. */
export async function messageOf(text: string): Promise<Anthropic.Message> {
  const client = new Anthropic({ apiKey: "k", fetch: stream(text), maxRetries: 0 });
  return client.messages
    .stream({ model: "m", max_tokens: 1, messages: [{ role: "user", content: "x" }] })
    .finalMessage();
}

/** The data of each event, `[DONE]` left out. */
export function dataOf(text: string): readonly Json[] {
  return [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, data = ""]) => JSON.parse(data) as Json);
}

/** What is wrong with a stream of messages: one start, blocks one after another, each begun and ended once, one end. */
export function faultsOf(text: string): readonly string[] {
  const events = dataOf(text);
  const faults: string[] = [];
  let open: unknown;
  let next = 0;
  for (const { type, index } of events) {
    if (type === "content_block_start") {
      if (open !== undefined || index !== next) faults.push(`block ${index} begins wrongly`);
      open = index;
    }
    if (type === "content_block_delta" && index !== open) faults.push(`a delta of block ${index} outside it`);
    if (type === "content_block_stop") {
      if (index !== open) faults.push(`block ${index} ends wrongly`);
      open = undefined;
      next += 1;
    }
  }
  const order = events.map(({ type }) => String(type)).filter((type) => type.startsWith("message_"));
  if (order.join() !== "message_start,message_delta,message_stop") faults.push(order.join());
  if (open !== undefined) faults.push("a block does not end");
  const lines = text.split("\n\n").filter((block) => block !== "");
  if (lines.some((block) => !/^event: \w+\ndata: /.test(block))) faults.push("an event without its line");
  return faults;
}
