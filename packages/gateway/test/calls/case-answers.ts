/** What came of a case, and its answer put together from the events or the JSON that it was said in. */
import { SseScanner } from "../../src/wire/sse-scanner.ts";
import { asList, asObject, type Json } from "../../src/wire/stream-sights.ts";
import type { PlayedCase } from "./played-cases.ts";
import type { SeenCall } from "./scripted-provider.ts";

export interface Played {
  readonly given: PlayedCase;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly bytes: Buffer;
  /** When the client left; `undefined` where it stayed. */
  readonly leftMs: number | undefined;
  readonly seen: readonly SeenCall[];
  /** The key that stood for the cases' one. */
  readonly key: string;
  /** Entries of the decision, in order. */
  readonly entries: readonly Json[];
}

export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  readonly json: unknown;
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function eventsOf({ text, headers }: Played): readonly StreamEvent[] {
  if (!(headers.get("content-type") ?? "").includes("event-stream")) return [];
  const scanner = new SseScanner();
  const last = (blocks: ReturnType<SseScanner["push"]>): typeof blocks => {
    const end = scanner.end();
    return end === undefined ? blocks : [...blocks, end];
  };
  return last(scanner.push(Buffer.from(text))).flatMap((block) =>
    block.data === undefined ? [] : [{ event: block.event, data: block.data, json: block.json() }],
  );
}

export function deltasOf(played: Played): readonly Json[] {
  return eventsOf(played).flatMap(({ json }) =>
    asList(asObject(json)?.["choices"]).map((choice) => asObject(asObject(choice)?.["delta"]) ?? {}),
  );
}

export function callsIn(delta: Json): readonly Json[] {
  return asList(delta["tool_calls"]).map((call) => asObject(call) ?? {});
}

export function toolCallsOf(played: Played): readonly object[] {
  if (eventsOf(played).length === 0) {
    const choice = asObject(asList(asObject(jsonOf(played.text))?.["choices"])[0]);
    return asList(asObject(choice?.["message"])?.["tool_calls"]).map((call) => asObject(call) ?? {});
  }
  const calls = new Map<unknown, { id: string; type: string; function: { name: string; arguments: string } }>();
  for (const { index, id, function: called } of deltasOf(played).flatMap(callsIn)) {
    const call = calls.get(index) ?? { id: "", type: "function", function: { name: "", arguments: "" } };
    calls.set(index, call);
    const { name, arguments: text } = asObject(called) ?? {};
    if (typeof id === "string") call.id = id;
    if (typeof name === "string") call.function.name += name;
    if (typeof text === "string") call.function.arguments += text;
  }
  return [...calls].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, call]) => call);
}

export function messageOf(played: Played): unknown {
  const events = eventsOf(played).map(({ json }) => asObject(json) ?? {});
  if (events.length === 0) return jsonOf(played.text);
  const blocks = new Map<unknown, Record<string, unknown>>();
  for (const { type, index, content_block: block, delta } of events) {
    if (type === "content_block_start") blocks.set(index, { ...asObject(block), json: "" });
    const held = blocks.get(index);
    const { text, partial_json: piece } = asObject(delta) ?? {};
    if (held === undefined || type !== "content_block_delta") continue;
    if (typeof text === "string") held["text"] = `${held["text"]}${text}`;
    if (typeof piece === "string") held["json"] = `${held["json"]}${piece}`;
  }
  const content = [...blocks.values()].map(({ json, ...block }) =>
    block["type"] === "tool_use" && json !== "" ? { ...block, input: jsonOf(String(json)) } : block,
  );
  const end = events.find(({ type }) => type === "message_delta");
  return { content, stop_reason: asObject(end?.["delta"])?.["stop_reason"] };
}

export function textOf(played: Played): unknown {
  const events = eventsOf(played);
  if (events.length > 0) {
    const chat = deltasOf(played).map(({ content }) => (typeof content === "string" ? content : ""));
    const message = events.map(({ json }) => asObject(asObject(json)?.["delta"])?.["text"] ?? "");
    const response = events.map(({ json }) =>
      asObject(json)?.["type"] === "response.output_text.delta" ? asObject(json)?.["delta"] : "",
    );
    return [...chat, ...message, ...response].join("");
  }
  const json = asObject(jsonOf(played.text));
  const choice = asObject(asList(json?.["choices"])[0]);
  if (choice !== undefined) return asObject(choice["message"])?.["content"];
  const blocks = [
    ...asList(json?.["content"]),
    ...asList(json?.["output"]).flatMap((item) => asList(asObject(item)?.["content"])),
  ];
  return blocks.map((block) => asObject(block)?.["text"] ?? "").join("");
}

/** Of a chat completion, by index. */
export function choicesOf(played: Played): readonly { readonly text: string; readonly reason: unknown }[] {
  const events = eventsOf(played);
  const lists = events.length === 0 ? [jsonOf(played.text)] : events.map(({ json }) => json);
  const choices: { text: string; reason: unknown }[] = [];
  for (const choice of lists.flatMap((json) => asList(asObject(json)?.["choices"])).map((one) => asObject(one) ?? {})) {
    const { content } = asObject(choice["delta"] ?? choice["message"]) ?? {};
    const index = Number(choice["index"]);
    const held = choices[index] ?? { text: "", reason: undefined };
    choices[index] = held;
    if (typeof content === "string") held.text += content;
    held.reason = choice["finish_reason"] ?? held.reason;
  }
  return choices;
}

export function finishOf(played: Played): unknown {
  const streamed = eventsOf(played).flatMap(({ json }) =>
    asList(asObject(json)?.["choices"]).map((choice) => asObject(choice)?.["finish_reason"] ?? undefined),
  );
  if (streamed.length > 0) return streamed.findLast((reason) => reason !== undefined);
  return asObject(asList(asObject(jsonOf(played.text))?.["choices"])[0])?.["finish_reason"];
}
