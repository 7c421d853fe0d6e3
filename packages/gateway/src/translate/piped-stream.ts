/**
 * Translates a stream in two steps: to chunks of a chat completion, and from them to the client's dialect.
 * @module
 */
import type { Json } from "../wire/stream-sights.ts";
import type { ChunkSource } from "./chunk-source.ts";
import type { StreamTranslation, TranslationEnd } from "./stream-translation.ts";

export class PipedStream implements StreamTranslation {
  readonly #source: ChunkSource;
  readonly #sink: StreamTranslation;

  /** @param sink - accepts chunks of a chat completion. */
  constructor(source: ChunkSource, sink: StreamTranslation) {
    this.#source = source;
    this.#sink = sink;
  }

  push(event: Json): string {
    return this.#said(this.#source.push(event));
  }

  end(): TranslationEnd {
    const { outcome, chunks, usage, doubts } = this.#source.end();
    const text = this.#said(chunks);
    const end = this.#sink.end();
    return {
      outcome: outcome === "complete" ? end.outcome : outcome,
      text: text + end.text,
      usage,
      doubts: [...doubts, ...end.doubts],
    };
  }

  #said(chunks: readonly Json[]): string {
    return chunks.map((chunk) => this.#sink.push(chunk)).join("");
  }
}
