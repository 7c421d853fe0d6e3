/**
 * Translates Google's streams to chunks of a chat completion.
 * @module
 */
import { blockReasonOf } from "../usage/gemini-usage.ts";
import { usageReader } from "../usage/usage-reader.ts";
import { readProviderError } from "../wire/provider-errors.ts";
import { STREAM_CUT, type StreamError } from "../wire/stream-endings.ts";
import type { Json } from "../wire/stream-sights.ts";
import { type ChunkEnd, type ChunkSource, deltaChunk, errorChunk, usageChunks } from "./chunk-source.ts";
import { geminiHead } from "./gemini-answer.ts";
import { finishOf, readGeminiParts } from "./gemini-parts.ts";
import { finishReasonOfGemini } from "./stop-reasons.ts";

export class GeminiChunks implements ChunkSource {
  readonly #createdSeconds: number;
  readonly #usage = usageReader("gemini");
  #head: Json | undefined;
  #callCount = 0;
  #finishReason = "";
  #isFailed = false;

  /** @param createdSeconds - current time, since the Unix epoch. */
  constructor(createdSeconds: number) {
    this.#createdSeconds = createdSeconds;
  }

  push(event: Json): readonly Json[] {
    this.#usage.see(event);
    if (this.#isFailed) return [];
    if (event["error"]) return this.#fail(readError(event));
    const first = this.#head === undefined;
    this.#head ??= geminiHead(event, this.#createdSeconds, "chat.completion.chunk");
    const { text, calls, problem } = readGeminiParts(event, this.#callCount);
    if (problem !== undefined) return this.#fail({ type: "api_error", code: "untranslatable", message: problem });
    this.#finishReason =
      finishOf(event) || (blockReasonOf(event) === "" ? "" : "PROHIBITED_CONTENT") || this.#finishReason;
    const deltas: Json[] = first ? [{ role: "assistant", content: "", refusal: null }] : [];
    if (text !== "") deltas.push({ content: text });
    for (const call of calls) {
      deltas.push({ tool_calls: [{ index: this.#callCount, ...call }] });
      this.#callCount += 1;
    }
    return deltas.map((delta) => deltaChunk(this.#head, delta));
  }

  end(): ChunkEnd {
    const usage = this.#usage.record();
    const said = this.#finishReason;
    if (this.#isFailed) return { outcome: "failed", chunks: [], usage, doubts: [] };
    if (said === "") return { outcome: "cut", chunks: this.#fail(STREAM_CUT), usage, doubts: [] };
    const finish = finishReasonOfGemini(said, this.#callCount > 0);
    if (finish === undefined) {
      const message = `The answer ended with ${said}.`;
      const chunks = this.#fail({ type: "api_error", code: "provider_failed", message });
      return { outcome: "failed", chunks, usage, doubts: [] };
    }
    const doubts = finish.isUnknown ? [`finishReason ${said} is unknown`] : [];
    const chunks = [deltaChunk(this.#head, {}, finish.reason), ...usageChunks(this.#head, usage)];
    return { outcome: "complete", chunks, usage, doubts };
  }

  #fail(error: StreamError): readonly Json[] {
    this.#isFailed = true;
    return [errorChunk(error)];
  }
}

function readError(event: Json): StreamError {
  const { type, message } = readProviderError(event);
  return { type: type.toLowerCase() || "api_error", code: null, message };
}
