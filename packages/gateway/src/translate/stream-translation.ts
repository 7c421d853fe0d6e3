/**
 * The interface of a stream translation: events in, text out, and an end with the outcome.
 * @module
 */
import type { UsageRecord } from "../usage/usage-record.ts";
import type { StreamOutcome } from "../wire/stream-pass.ts";
import type { Json } from "../wire/stream-sights.ts";

export interface TranslationEnd {
  readonly outcome: StreamOutcome;
  /** The remaining text for the client. */
  readonly text: string;
  readonly usage: UsageRecord | undefined;
  /** Values of the provider that are unknown to this version. */
  readonly doubts: readonly string[];
}

export interface StreamTranslation {
  /** The text for an event of the provider; may be empty. */
  push(event: Json): string;
  /** To be called when the provider's stream is over, however it ended. */
  end(): TranslationEnd;
}
