/**
 * Translates a provider's stream to chunks of a chat completion, the input of the writers of all dialects.
 * @module
 */
import type { UsageRecord } from "../usage/usage-record.ts";
import type { StreamError } from "../wire/stream-endings.ts";
import type { StreamOutcome } from "../wire/stream-pass.ts";
import type { Json } from "../wire/stream-sights.ts";
import { chatUsage } from "./usage-words.ts";

export interface ChunkEnd {
  readonly outcome: StreamOutcome;
  /** The remaining chunks: finish reason and usage, or an error. */
  readonly chunks: readonly Json[];
  readonly usage: UsageRecord | undefined;
  readonly doubts: readonly string[];
}

export interface ChunkSource {
  /** Translates an event of the provider. An error is a chunk with the member `error`; no chunk follows it. */
  push(event: Json): readonly Json[];
  /** To be called when the provider's stream is over, however it ended. */
  end(): ChunkEnd;
}

export function errorChunk({ type, code, message }: StreamError): Json {
  return { error: { message, type, param: null, code } };
}

/** A chunk with a delta of the single choice. */
export function deltaChunk(head: Json | undefined, delta: Json, finishReason: string | null = null): Json {
  return { ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }] };
}

/** The last chunk, which has usage and no choices. */
export function usageChunks(head: Json | undefined, usage: UsageRecord | undefined): readonly Json[] {
  return usage === undefined ? [] : [{ ...head, choices: [], usage: chatUsage(usage) }];
}
