/**
 * A stream that is said in a third dialect: as chunks of a chat completion first, and then as what the client reads.
 * @module
 */
import type { Json } from "../wire/stream-sights.ts";
import type { ChunkSource } from "./chunk-source.ts";
import type { StreamTranslation, TranslationEnd } from "./stream-translation.ts";

export class PipedStream implements StreamTranslation {
  readonly #source: ChunkSource;
  readonly #sink: StreamTranslation;

  /** @param sink - takes chunks of a chat completion. */
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
