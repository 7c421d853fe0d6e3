/**
 * What a translation of a stream is to its caller: events in, text out, and an end that says what happened.
 * @module
 */
import type { UsageRecord } from "../usage/usage-record.ts";
import type { StreamOutcome } from "../wire/stream-pass.ts";
import type { Json } from "../wire/stream-sights.ts";

export interface TranslationEnd {
  readonly outcome: StreamOutcome;
  /** What the client is still to get. */
  readonly text: string;
  readonly usage: UsageRecord | undefined;
  /** What was said in words that this version does not know. */
  readonly doubts: readonly string[];
}

export interface StreamTranslation {
  /** The text that an event of the provider's becomes; empty where it becomes none. */
  push(event: Json): string;
  /** The provider's stream is over, however it ended. */
  end(): TranslationEnd;
}
