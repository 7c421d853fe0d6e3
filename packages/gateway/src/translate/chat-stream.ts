/**
 * Writes chunks of a chat completion as a stream of that dialect.
 * @module
 */
import { completion } from "../wire/stream-endings.ts";
import { asList, type Json } from "../wire/stream-sights.ts";
import type { ChunkSource } from "./chunk-source.ts";
import { MessagesChunks } from "./messages-chunks.ts";
import type { StreamTranslation, TranslationEnd } from "./stream-translation.ts";

export interface ChatStreamOptions {
  /** Current time, since the Unix epoch. */
  readonly createdSeconds: number;
  readonly isUsageAsked: boolean;
  /** Default: a source of Anthropic's messages. */
  readonly source?: ChunkSource;
}

export class ChatStream implements StreamTranslation {
  readonly #isUsageAsked: boolean;
  readonly #source: ChunkSource;

  constructor({ createdSeconds, isUsageAsked, source = new MessagesChunks(createdSeconds) }: ChatStreamOptions) {
    this.#isUsageAsked = isUsageAsked;
    this.#source = source;
  }

  push(event: Json): string {
    return this.#written(this.#source.push(event));
  }

  end(): TranslationEnd {
    const { outcome, chunks, usage, doubts } = this.#source.end();
    const last = outcome === "complete" ? completion("openai-chat") : "";
    return { outcome, text: this.#written(chunks) + last, usage, doubts };
  }

  /** If the usage is requested, every chunk before it has `usage: null`. */
  #written(chunks: readonly Json[]): string {
    return chunks
      .map((chunk) => {
        if (chunk["error"] !== undefined || !this.#isUsageAsked)
          return isUsage(chunk) ? "" : `data: ${JSON.stringify(chunk)}\n\n`;
        return `data: ${JSON.stringify(isUsage(chunk) ? chunk : { ...chunk, usage: null })}\n\n`;
      })
      .join("");
  }
}

function isUsage(chunk: Json): boolean {
  return chunk["error"] === undefined && asList(chunk["choices"]).length === 0;
}
