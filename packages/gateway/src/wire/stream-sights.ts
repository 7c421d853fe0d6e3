/**
 * Detects the events of a stream that concern the gateway: usage, an end, an error. Most events do not, and are not decoded:
 * a JSON text has a member only if its bytes contain the quoted name.
 * @module
 */
import type { AnswerDialect } from "./dialect.ts";
import type { SseBlock } from "./sse-block.ts";

export type Json = { readonly [name: string]: unknown };

/** An event that concerns the gateway. */
export interface Sight {
  readonly json: Json;
  /** Whether it completes the answer: it has a finish reason, or is the final event of a stream. */
  readonly finishes: boolean;
  /** The choices of a chat completion that it finishes. */
  readonly finishedChoices: readonly number[];
  /** The error that it reports. */
  readonly error: Json | undefined;
}

/** The names that make an event worth parsing: of members that are not null, and of event types. */
interface Names {
  readonly members: readonly string[];
  readonly types: readonly string[];
}

const quoted = (...names: readonly string[]): readonly string[] => names.map((name) => `"${name}"`);

/** The only event name of chat completions that matters. */
const ERROR_LINES: readonly string[] = ["event: error", "event:error"];

const NAMES: { readonly [Dialect in AnswerDialect]: Names } = {
  "openai-chat": { members: quoted("usage", "finish_reason", "error"), types: ERROR_LINES },
  "openai-embeddings": { members: quoted("usage", "error"), types: [] },
  "openai-responses": {
    members: quoted("usage", "error"),
    types: quoted("response.created", "response.completed", "response.incomplete", "response.failed", "error"),
  },
  "anthropic-messages": { members: quoted("usage", "error"), types: quoted("message_stop", "error") },
  gemini: { members: quoted("usageMetadata", "finishReason", "blockReason", "error"), types: [] },
};

/** `undefined` if it does not concern the gateway or is not a JSON object. */
export function sightOf(block: SseBlock, dialect: AnswerDialect): Sight | undefined {
  const { members, types } = NAMES[dialect];
  // Latin-1 is sufficient to find names, and faster than searching the bytes for each.
  const text = block.bytes.toString("latin1");
  // JSON on several lines may have a line end between a name and its value.
  const isWorthReading =
    block.lineCount > 2 || members.some((name) => hasMember(text, name)) || types.some((type) => text.includes(type));
  if (!isWorthReading) return undefined;
  const json = asObject(block.json());
  return json === undefined ? undefined : { json, ...READERS[dialect](json, block.event) };
}

export function asObject(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether the event has the member with a value that is not `null`. */
function hasMember(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    let next = at + name.length;
    while (" \n\r\t:".includes(text.charAt(next)) && next < text.length) next += 1;
    if (text.charAt(next) !== "n") return true;
  }
  return false;
}

type Reading = Omit<Sight, "json">;
const NO_CHOICES: readonly number[] = [];

const READERS: { readonly [Dialect in AnswerDialect]: (json: Json, event: string) => Reading } = {
  "openai-chat": (json, event) => {
    const finishedChoices = asList(json["choices"]).flatMap((choice) => {
      const { index, finish_reason: reason } = asObject(choice) ?? {};
      return typeof reason === "string" && typeof index === "number" ? [index] : [];
    });
    const reported = asObject(json["error"]) ?? (json["error"] ? { message: String(json["error"]) } : undefined);
    const error = reported ?? (event === "error" ? json : undefined);
    return { finishes: finishedChoices.length > 0, finishedChoices, error };
  },
  "openai-embeddings": (json) => ({ finishes: false, finishedChoices: NO_CHOICES, error: asObject(json["error"]) }),
  "openai-responses": (json) => {
    const type = json["type"];
    const failed = type === "response.failed" ? (asObject(asObject(json["response"])?.["error"]) ?? json) : undefined;
    const finishes = type === "response.completed" || type === "response.incomplete";
    return { finishes, finishedChoices: NO_CHOICES, error: type === "error" ? json : failed };
  },
  "anthropic-messages": (json) => {
    const type = json["type"];
    const stopped = type === "message_delta" && typeof asObject(json["delta"])?.["stop_reason"] === "string";
    const error = type === "error" ? (asObject(json["error"]) ?? json) : undefined;
    return { finishes: stopped || type === "message_stop", finishedChoices: NO_CHOICES, error };
  },
  gemini: (json) => {
    // A refused prompt has no candidate.
    const reason = asObject(json["promptFeedback"])?.["blockReason"];
    const isBlocked = typeof reason === "string" && !reason.endsWith("_UNSPECIFIED");
    const isOver = asList(json["candidates"]).some((one) => typeof asObject(one)?.["finishReason"] === "string");
    const finishes = isBlocked || isOver;
    return { finishes, finishedChoices: NO_CHOICES, error: asObject(json["error"]) };
  },
};
