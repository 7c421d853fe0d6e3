import { type ExactJson, parseStrictJson } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { chatAnswer } from "../../src/translate/answers.ts";
import { readChatRequest, writeChatRequest } from "../../src/translate/chat-request.ts";
import { ChatStream } from "../../src/translate/chat-stream.ts";
import { type ExactObject, exactText } from "../../src/translate/field-check.ts";
import { readMessagesRequest, writeMessagesRequest } from "../../src/translate/messages-request.ts";
import { CHAT_FIELDS, MESSAGES_FIELDS } from "../../src/translate/request-fields.ts";
import { refusalAnswer } from "../../src/wire/refusals.ts";
import { STREAM_CUT, streamError } from "../../src/wire/stream-endings.ts";
import type { Json } from "../../src/wire/stream-sights.ts";
import { hasRecordings, recordedAnswers, recordedFiles, recordedStreams } from "../wire/recorded-wire.ts";
import { dataOf } from "./assembled.ts";
import { hasSchema, openaiSchema } from "./openai-schema.ts";

const files = hasRecordings ? recordedFiles() : new Map<string, string>();

/** Recorded requests of a dialect; one case is recorded for several. */
function requests(folder: RegExp): readonly (readonly [string, ExactObject])[] {
  return [...files]
    .filter(([name]) => folder.test(name) && name.endsWith("request.json"))
    .map(([name, text]) => [name, parseStrictJson(text) as ExactObject]);
}

interface Outcome {
  readonly written: Json | undefined;
  /** The path that was refused. */
  readonly refused: string;
}

function translated(run: () => ExactJson): Outcome {
  try {
    return { written: JSON.parse(exactText(run())) as Json, refused: "" };
  } catch (error) {
    const { code, details } = error as {
      readonly code?: string;
      readonly details: { readonly mistakes: readonly { readonly path: string }[] };
    };
    if (code !== "CAL_GATEWAY_UNTRANSLATABLE") throw error;
    return { written: undefined, refused: details.mistakes[0]?.path ?? "" };
  }
}

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings || !hasSchema)("in OpenAI's own schema", () => {
  const judge = hasSchema ? openaiSchema() : () => "no schema";

  test("every recorded request of messages is a request of chat completions, or is refused by name", () => {
    const refusals = new Map<string, number>();
    let accepted = 0;
    for (const [name, request] of requests(/\/anthropic\//)) {
      const { written, refused } = translated(() =>
        writeChatRequest(readMessagesRequest(request, "openai-chat"), "max_completion_tokens"),
      );
      if (written === undefined) count(refusals, refused);
      else {
        expect(judge("request", written), name).toBe("");
        expect(Object.keys(written).filter((field) => !Object.hasOwn(CHAT_FIELDS, field))).toEqual([]);
        accepted += 1;
      }
    }
    expect({ accepted, ...Object.fromEntries(refusals) }).toEqual({
      accepted: 66,
      context_management: 1,
      // Documents, and thinking with its signature.
      "messages[0].content[0].type": 2,
      "messages[1].content[0].type": 2,
      output_format: 1,
      thinking: 3,
      // Anthropic's own tools.
      "tools[0].type": 8,
      top_k: 1,
    });
  });

  test("every recorded stream and answer of messages is one of chat completions", () => {
    let [chunks, answers] = [0, 0];
    for (const { name, dialect, events } of recordedStreams(files)) {
      if (dialect !== "anthropic-messages") continue;
      const stream = new ChatStream({ createdSeconds: 7, isUsageAsked: true });
      const text = events.map((event) => stream.push(JSON.parse(event) as Json)).join("") + stream.end().text;
      for (const data of dataOf(text)) {
        expect(judge(data["error"] === undefined ? "chunk" : "error", data), name).toBe("");
        chunks += 1;
      }
    }
    for (const { name, dialect, json } of recordedAnswers(files)) {
      if (dialect !== "anthropic-messages" || (json as Json)["type"] !== "message") continue;
      const said = chatAnswer(json as Json, 7);
      if (!("answer" in said)) continue;
      expect(judge("answer", said.answer), name).toBe("");
      answers += 1;
    }
    expect([chunks > 1_000, answers]).toEqual([true, 86]);
  });

  test("refusals and the ends of streams that were cut are errors and events", () => {
    const refusal = refusalAnswer("openai", { kind: "budget", message: "no", reason: "budget" }, "r");
    expect(judge("error", JSON.parse(refusal.text))).toBe("");
    expect(judge("error", dataOf(streamError("openai-chat", STREAM_CUT))[0])).toBe("");
    // Composed: the description refuses each of the 79 recorded `response.created` events of OpenAI itself.
    const response = {
      id: "resp_1",
      object: "response",
      created_at: 1,
      status: "in_progress",
      model: "gpt-5",
      output: [],
      error: null,
      incomplete_details: null,
      instructions: null,
      metadata: {},
      parallel_tool_calls: true,
      temperature: 1,
      tool_choice: "auto",
      tools: [],
      top_p: 1,
    };
    expect(
      judge("response event", dataOf(streamError("openai-responses", STREAM_CUT, { response, sequenceNumber: 9 }))[0]),
    ).toBe("");
    expect(judge("response event", dataOf(streamError("openai-responses", STREAM_CUT))[0])).toBe("");
  });
});

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings)("recorded requests of chat completions", () => {
  test("are requests of messages that keep Anthropic's rules, or are refused by name", () => {
    const refusals = new Map<string, number>();
    let accepted = 0;
    for (const [name, request] of requests(/\/chat-completions\//)) {
      const { written, refused } = translated(() =>
        writeMessagesRequest(readChatRequest(request, "anthropic-messages"), 4_096),
      );
      if (written === undefined) count(refusals, refused);
      else {
        expect(faultsOf(written), name).toEqual([]);
        accepted += 1;
      }
    }
    expect({ accepted, ...Object.fromEntries(refusals) }).toEqual({
      accepted: 61,
      frequency_penalty: 2,
      logit_bias: 1,
      logprobs: 1,
      // Files.
      "messages[0].content[1].type": 2,
      "messages[1].reasoning": 1,
      "messages[1].reasoning_signature": 1,
      n: 2,
      prediction: 1,
      presence_penalty: 2,
      reasoning_effort: 1,
      "response_format.type": 1,
      seed: 1,
      store: 2,
    });
  });
});

function count(tally: Map<string, number>, name: string): void {
  tally.set(name, (tally.get(name) ?? 0) + 1);
}

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly tool_use_id?: string;
}

/** Rules that Anthropic answers 400 for: a limit, turns in turns, texts that say something, results for the calls before. */
function faultsOf(request: Json): readonly string[] {
  const faults = Object.keys(request).filter((field) => !Object.hasOwn(MESSAGES_FIELDS, field));
  if (!Number.isInteger(request["max_tokens"])) faults.push("no limit");
  const messages = request["messages"] as readonly { readonly role: string; readonly content: readonly Block[] }[];
  for (const [index, { role, content }] of messages.entries()) {
    if (role !== (index % 2 === 0 ? "user" : "assistant")) faults.push(`message ${index} is of ${role}`);
    if (content.length === 0 || content.some(({ type, text }) => type === "text" && text === ""))
      faults.push("an empty text");
    const calls = content.filter(({ type }) => type === "tool_use").map(({ id }) => id);
    const next = messages[index + 1]?.content ?? [];
    const results = next.slice(0, calls.length).map(({ tool_use_id: id }) => id);
    if (messages[index + 1] !== undefined && calls.join() !== results.join()) faults.push("a call without its result");
  }
  return faults;
}
