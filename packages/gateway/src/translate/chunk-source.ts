/**
 * A provider's stream, said as chunks of a chat completion, which the writers of all dialects take.
 * @module
 */
import type { UsageRecord } from "../usage/usage-record.ts";
import type { StreamError } from "../wire/stream-endings.ts";
import type { StreamOutcome } from "../wire/stream-pass.ts";
import type { Json } from "../wire/stream-sights.ts";
import { chatUsage } from "./usage-words.ts";

export interface ChunkEnd {
  readonly outcome: StreamOutcome;
  /** What is still to be said: why the answer ended and what it used, or an error. */
  readonly chunks: readonly Json[];
  readonly usage: UsageRecord | undefined;
  readonly doubts: readonly string[];
}

export interface ChunkSource {
  /** What an event of the provider's becomes. An error is a chunk with the member `error`; none follows it. */
  push(event: Json): readonly Json[];
  /** The provider's stream is over, however it ended. */
  end(): ChunkEnd;
}

export function errorChunk({ type, code, message }: StreamError): Json {
  return { error: { message, type, param: null, code } };
}

/** A chunk with a delta of the only choice. */
export function deltaChunk(head: Json | undefined, delta: Json, finishReason: string | null = null): Json {
  return { ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }] };
}

/** The chunk without choices, which comes last. */
export function usageChunks(head: Json | undefined, usage: UsageRecord | undefined): readonly Json[] {
  return usage === undefined ? [] : [{ ...head, choices: [], usage: chatUsage(usage) }];
}
