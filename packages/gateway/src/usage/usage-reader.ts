/**
 * Reads the usage of one answer, streamed or not. It sees every event that concerns the gateway, in order, and returns one
 * record at the end. Hosts differ in which event has the usage, so each is examined and the last one is used.
 * @module
 */
import type { AnswerDialect } from "../wire/dialect.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { readAnthropicUsage, withLaterUsage } from "./anthropic-usage.ts";
import { billableQueries, isFinished, queriesOf, readGeminiUsage } from "./gemini-usage.ts";
import { openaiUsageOf, readOpenaiUsage, readResponseUsage } from "./openai-usage.ts";
import { textOf, type UsageRecord } from "./usage-record.ts";

/**
 * @example
 * ```ts
 * const reader = usageReader("openai-chat");
 * reader.see({ usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 } });
 * reader.record()?.inputTokens; // 9
 * ```
 */
export interface UsageReader {
  /** Sees an event of a stream, or a complete answer. */
  see(json: Json): void;
  /** `undefined` if there was no usage, so that the cost is unknown. */
  record(): UsageRecord | undefined;
}

export function usageReader(dialect: AnswerDialect): UsageReader {
  return new READERS[dialect]();
}

/** The usage of an answer that was not streamed. */
export function usageOfAnswer(dialect: AnswerDialect, json: Json): UsageRecord | undefined {
  const reader = usageReader(dialect);
  reader.see(json);
  const record = reader.record();
  return record && { ...record, isFinal: true };
}

class ChatReader implements UsageReader {
  #usage: Json | undefined;
  #tier = "";
  #hasFinished = false;

  see(json: Json): void {
    const usage = openaiUsageOf(json);
    this.#usage = usage ?? this.#usage;
    this.#tier = textOf(json["service_tier"]) || this.#tier;
    const choices = asList(json["choices"]);
    // Hosts that send usage in every chunk are done with the finish reason; a usage chunk without choices comes last.
    const isLast = usage !== undefined && choices.length === 0;
    this.#hasFinished ||= isLast || choices.some((one) => typeof asObject(one)?.["finish_reason"] === "string");
  }

  record(): UsageRecord | undefined {
    return this.#usage && readOpenaiUsage(this.#usage, this.#tier, this.#hasFinished);
  }
}

class ResponseReader implements UsageReader {
  #response: Json | undefined;

  see(json: Json): void {
    const response = asObject(json["response"]) ?? json;
    if (asObject(response["usage"]) !== undefined) this.#response = response;
  }

  record(): UsageRecord | undefined {
    return this.#response && readResponseUsage(this.#response);
  }
}

class MessageReader implements UsageReader {
  #usage: Json | undefined;
  #isFinal = false;

  see(json: Json): void {
    const isStart = json["type"] === "message_start";
    const usage = asObject(isStart ? asObject(json["message"])?.["usage"] : json["usage"]);
    if (usage === undefined) return;
    this.#usage = isStart ? usage : withLaterUsage(this.#usage ?? {}, usage);
    this.#isFinal = !isStart;
  }

  record(): UsageRecord | undefined {
    return this.#usage && readAnthropicUsage(this.#usage, this.#isFinal);
  }
}

class GeminiReader implements UsageReader {
  #usage: Json | undefined;
  #modelVersion = "";
  #hasFinished = false;
  readonly #queries = new Set<string>();

  see(json: Json): void {
    this.#usage = asObject(json["usageMetadata"]) ?? this.#usage;
    this.#modelVersion = textOf(json["modelVersion"]) || this.#modelVersion;
    for (const query of queriesOf(json)) this.#queries.add(query);
    this.#hasFinished ||= isFinished(json);
  }

  record(): UsageRecord | undefined {
    const searches = billableQueries(this.#modelVersion, this.#queries);
    return this.#usage && readGeminiUsage(this.#usage, searches, this.#hasFinished);
  }
}

const READERS: { readonly [Dialect in AnswerDialect]: new () => UsageReader } = {
  "openai-chat": ChatReader,
  "openai-embeddings": ChatReader,
  "openai-responses": ResponseReader,
  "anthropic-messages": MessageReader,
  gemini: GeminiReader,
};
