/**
 * Converts a provider's stream into the client's: unchanged, or translated into the client's dialect. In both cases the
 * usage is read from it, and the client's stream is terminated properly.
 * @module
 */
import { streamIn } from "../translate/answer-routes.ts";
import { responseBase } from "../translate/response-parts.ts";
import { parseExact } from "../translate/exact-parse.ts";
import type { StreamTranslation } from "../translate/stream-translation.ts";
import { finishReasonOf } from "../usage/finish-reason.ts";
import { type UsageReader, usageReader } from "../usage/usage-reader.ts";
import type { UsageRecord } from "../usage/usage-record.ts";
import { SseScanner } from "../wire/sse-scanner.ts";
import { type StreamOutcome, StreamPass } from "../wire/stream-pass.ts";
import { asObject } from "../wire/stream-sights.ts";
import type { ClientBody } from "./client-call.ts";
import type { Lane } from "./lanes.ts";

export interface WrittenEnd {
  readonly outcome: StreamOutcome;
  /** The bytes that end the client's stream. */
  readonly bytes: Uint8Array;
}

export interface StreamWriter {
  /** The client's bytes for a piece. @throws GatewayError `CAL_GATEWAY_STREAM_BROKEN`; `end` still ends the stream. */
  push(piece: Buffer): Uint8Array;
  /** Ends the client's stream, however the provider's ended. */
  end(): WrittenEnd;
  /** The usage received so far. */
  usage(): UsageRecord | undefined;
  /** As the provider names it; `undefined` until it is received. */
  finishReason(): string | undefined;
}

export function streamWriter({ asked, isTranslated }: Lane, client: ClientBody, nowMs: number): StreamWriter {
  if (!isTranslated) return new PassedStream(client);
  const translation = streamIn({
    from: asked,
    to: client.dialect,
    base: () => responseBase(client.parsed()),
    createdSeconds: Math.floor(nowMs / 1_000),
    isUsageAsked: client.isUsageAsked,
    inputTokensEstimate: Math.ceil(client.body.bytes.byteLength / BYTES_PER_TOKEN),
  });
  return new TranslatedStream(translation, usageReader(asked));
}

/** Approximate value for English text. */
const BYTES_PER_TOKEN = 4;

class PassedStream implements StreamWriter {
  readonly #reader: UsageReader;
  readonly #pass: StreamPass;
  #finishReason: string | undefined;

  constructor({ dialect, isUsageAsked, choiceCount }: ClientBody) {
    this.#reader = usageReader(dialect);
    this.#pass = new StreamPass({
      dialect,
      isUsageHidden: !isUsageAsked,
      choiceCount,
      see: ({ json }) => {
        this.#reader.see(json);
        this.#finishReason ??= finishReasonOf(json);
      },
    });
  }

  push(piece: Buffer): Uint8Array {
    return this.#pass.push(piece);
  }

  end(): WrittenEnd {
    return this.#pass.end();
  }

  usage(): UsageRecord | undefined {
    return this.#reader.record();
  }

  finishReason(): string | undefined {
    return this.#finishReason;
  }
}

class TranslatedStream implements StreamWriter {
  readonly #translation: StreamTranslation;
  readonly #reader: UsageReader;
  readonly #scanner = new SseScanner();
  #finishReason: string | undefined;

  constructor(translation: StreamTranslation, reader: UsageReader) {
    this.#translation = translation;
    this.#reader = reader;
  }

  push(piece: Buffer): Uint8Array {
    return Buffer.from(
      this.#scanner
        .push(piece)
        .map((block) => this.#said(block.json(parseExact)))
        .join(""),
    );
  }

  end(): WrittenEnd {
    const said = this.#said(this.#scanner.end()?.json(parseExact));
    const { outcome, text } = this.#translation.end();
    return { outcome, bytes: Buffer.from(said + text) };
  }

  usage(): UsageRecord | undefined {
    return this.#reader.record();
  }

  finishReason(): string | undefined {
    return this.#finishReason;
  }

  #said(value: unknown): string {
    const event = asObject(value);
    if (event === undefined) return "";
    this.#reader.see(event);
    this.#finishReason ??= finishReasonOf(event);
    return this.#translation.push(event);
  }
}
