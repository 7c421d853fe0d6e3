import { parseStrictJson } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { chatAnswer, messagesAnswer } from "../../src/translate/answers.ts";
import { readChatRequest, writeChatRequest } from "../../src/translate/chat-request.ts";
import { ChatStream } from "../../src/translate/chat-stream.ts";
import { type ExactObject, exactText } from "../../src/translate/field-check.ts";
import { readMessagesRequest, writeMessagesRequest } from "../../src/translate/messages-request.ts";
import { MessagesStream } from "../../src/translate/messages-stream.ts";
import type { UsageRecord } from "../../src/usage/usage-record.ts";
import { usageOfAnswer, usageReader } from "../../src/usage/usage-reader.ts";
import { spanBody, splice } from "../../src/wire/body-members.ts";
import { editIncludeUsage, isUsageAsked } from "../../src/wire/request-edits.ts";
import { SseScanner } from "../../src/wire/sse-scanner.ts";
import { StreamPass } from "../../src/wire/stream-pass.ts";
import type { Json } from "../../src/wire/stream-sights.ts";
import { bytewise } from "../wire/sdk-decoders.ts";
import { faultsOf } from "./assembled.ts";
import { type Expected, hasCases, mismatches, type SharedCase, sharedCases, valueAt } from "./shared-cases.ts";

/** What a pure gateway does with a case. */
interface Played {
  readonly upstreamBody: unknown;
  readonly client: string;
  readonly outcome: string;
  readonly usage: UsageRecord | undefined;
}

const exact = (value: unknown): ExactObject => parseStrictJson(JSON.stringify(value)) as ExactObject;

function play(given: SharedCase, pieces: readonly Buffer[]): Played {
  return given.dialect === given.upstream ? playPassed(given, pieces) : playTranslated(given, pieces);
}

function playPassed({ dialect, body, isStream }: SharedCase, pieces: readonly Buffer[]): Played {
  const spanned = spanBody(Buffer.from(JSON.stringify(body)));
  const isChat = dialect === "openai-chat" && body["stream"] === true;
  const edited = Buffer.concat(splice(spanned.bytes, isChat ? editIncludeUsage(spanned) : []));
  const upstreamBody = JSON.parse(edited.toString()) as unknown;
  const reader = usageReader(dialect);
  if (!isStream) {
    const client = Buffer.concat(pieces).toString();
    return { upstreamBody, client, outcome: "complete", usage: usageOfAnswer(dialect, JSON.parse(client) as Json) };
  }
  const pass = new StreamPass({
    dialect,
    isUsageHidden: isChat && !isUsageAsked(spanned),
    see: ({ json }) => reader.see(json),
  });
  const passed = pieces.map((piece) => pass.push(piece));
  const { outcome, bytes } = pass.end();
  return { upstreamBody, client: Buffer.concat([...passed, bytes]).toString(), outcome, usage: reader.record() };
}

function playTranslated({ dialect, upstream, body, isStream }: SharedCase, pieces: readonly Buffer[]): Played {
  const toMessages = upstream === "anthropic-messages";
  const call =
    dialect === "openai-chat"
      ? readChatRequest(exact(body), "anthropic-messages")
      : readMessagesRequest(exact(body), "openai-chat");
  const written = toMessages ? writeMessagesRequest(call, 4_096) : writeChatRequest(call, "max_completion_tokens");
  const upstreamBody = JSON.parse(exactText(written)) as unknown;
  if (!isStream) {
    const json = JSON.parse(Buffer.concat(pieces).toString()) as Json;
    const said = toMessages ? chatAnswer(json, 1) : messagesAnswer(json);
    const client = "answer" in said ? JSON.stringify(said.answer) : JSON.stringify({ error: said.problem });
    return { upstreamBody, client, outcome: "complete", usage: usageOfAnswer(upstream, json) };
  }
  const stream = toMessages
    ? new ChatStream({ createdSeconds: 1, isUsageAsked: call.isUsageAsked })
    : new MessagesStream({ inputTokensEstimate: 1 });
  const scanner = new SseScanner();
  const blocks = pieces.flatMap((piece) => scanner.push(piece));
  const texts = blocks.map((block) => stream.push((block.json() ?? {}) as Json));
  const { text, outcome, usage } = stream.end();
  return { upstreamBody, client: texts.join("") + text, outcome, usage };
}

/** Events of the client's stream. */
function eventsOf(client: string): readonly { readonly event: string; readonly data: string; readonly json: Json }[] {
  const scanner = new SseScanner();
  return [...scanner.push(Buffer.from(client)), scanner.end()].flatMap((block) =>
    block?.data === undefined ? [] : [{ event: block.event, data: block.data, json: (block.json() ?? {}) as Json }],
  );
}

function faults(expected: Expected, played: Played, isStream: boolean): readonly string[] {
  if (expected.either !== undefined) {
    const all = expected.either.map((one) => faults(one, played, isStream));
    return all.some((one) => one.length === 0) ? [] : (all[0] ?? []);
  }
  const { upstreamBody, client, outcome, usage } = played;
  const found: string[] = [...mismatches(expected.upstream_request ?? {}, upstreamBody, "upstream")];
  for (const path of expected.upstream_request_absent ?? [])
    if (valueAt(upstreamBody, path) !== undefined) found.push(`${path} is there`);
  for (const [path, length] of Object.entries(expected.upstream_request_lengths ?? {}))
    if ((valueAt(upstreamBody, path) as unknown[] | undefined)?.length !== length)
      found.push(`${path} has another length`);
  for (const text of expected.upstream_request_contains_text ?? [])
    if (!JSON.stringify(upstreamBody).includes(text)) found.push(`${text} is missing`);
  for (const text of expected.upstream_request_excludes_text ?? [])
    if (JSON.stringify(upstreamBody).includes(text)) found.push(`${text} is there`);
  for (const text of expected.forbidden_substrings ?? [])
    if (client.includes(text)) found.push(`the client got ${text}`);
  if (expected.ledger === "held" && outcome === "complete") found.push("it is not held");
  if (expected.ledger === "settled" && outcome !== "complete") found.push(`it is ${outcome}`);
  for (const [name, field] of USAGE_NAMES)
    if (expected.usage?.[name] !== undefined && usage?.[field] !== expected.usage[name])
      found.push(`${name} is ${usage?.[field]}`);
  return [
    ...found,
    ...(isStream ? streamFaults(expected, client) : answerFaults(expected, JSON.parse(client) as Json)),
  ];
}

const USAGE_NAMES = [
  ["input", "inputTokens"],
  ["output", "outputTokens"],
  ["cache_read", "cacheReadTokens"],
] as const;

function streamFaults(expected: Expected, client: string): readonly string[] {
  const events = eventsOf(client);
  const last = events.at(-1);
  const found: string[] = [];
  const { client_stream: stream = {}, last_data: lastData } = expected;
  if (lastData !== undefined && last?.data !== lastData) found.push(`the last data is ${last?.data}`);
  if (stream.no_data !== undefined && events.some(({ data }) => data === stream.no_data))
    found.push(`${stream.no_data} is there`);
  if (stream.no_event !== undefined && events.some(({ event }) => event === stream.no_event))
    found.push(`${stream.no_event} is there`);
  if (
    stream.no_event_where !== undefined &&
    events.some(({ json }) => Array.isArray(json["choices"]) && json["choices"].length === 0)
  )
    found.push("the usage chunk is shown");
  if (stream.no_key_with_value !== undefined && events.some(({ json }) => (json["usage"] ?? null) !== null))
    found.push("usage is shown");
  if (
    stream.events_with_usage_object !== undefined &&
    events.filter(({ json }) => json["usage"]).length !== stream.events_with_usage_object
  )
    found.push("usage is shown another number of times");
  if (stream.last_event !== undefined)
    found.push(
      ...mismatches(
        stream.last_event.event === undefined ? stream.last_event : stream.last_event.data,
        last?.json,
        "last",
      ),
    );
  const deltas = events.flatMap(
    ({ json }) =>
      (json["choices"] ?? []) as readonly {
        readonly delta?: { readonly content?: unknown };
        readonly finish_reason?: unknown;
      }[],
  );
  const words = deltas.map(({ delta }) => delta?.content ?? "").join("");
  if (expected.text !== undefined && words !== expected.text) found.push(`the text is ${words}`);
  const finish = deltas.findLast(({ finish_reason }) => (finish_reason ?? null) !== null)?.finish_reason;
  if (expected.finish_reason !== undefined && finish !== expected.finish_reason)
    found.push(`it finished with ${String(finish)}`);
  if (expected.anthropic_message !== undefined) found.push(...faultsOf(client));
  return found;
}

function answerFaults({ finish_reason: wanted, not_finish_reason: unwanted }: Expected, json: Json): readonly string[] {
  const finish = valueAt(json, "/choices/0/finish_reason");
  const found = wanted !== undefined && finish !== wanted ? [`it finished with ${String(finish)}`] : [];
  return unwanted !== undefined && finish === "stop" ? [...found, "it stopped silently"] : found;
}

// Skipped where the shared cases are missing: they lie beside the data sets.
describe.skipIf(!hasCases)("the shared case", () => {
  const cases = sharedCases(/^(?:0[1-9]|10|12|2[3-9]|3[0-2])-/).filter(({ upstream }) => upstream !== "gemini");

  test.each(cases.map((one): [string, SharedCase] => [one.name, one]))(
    "%s holds, also when every byte is a piece",
    (_name, given) => {
      for (const pieces of [given.pieces, bytewise(Buffer.concat(given.pieces))])
        expect(faults(given.expected, play(given, pieces), given.isStream)).toEqual([]);
    },
  );

  test("count is what it was", () => {
    expect(cases.length).toBe(44);
  });
});
