/**
 * Translates streams of Anthropic's messages to chunks of a chat completion.
 * @module
 */
import { usageReader } from "../usage/usage-reader.ts";
import { STREAM_CUT, type StreamError } from "../wire/stream-endings.ts";
import { asObject, type Json } from "../wire/stream-sights.ts";
import { type ChunkEnd, type ChunkSource, deltaChunk, errorChunk, usageChunks } from "./chunk-source.ts";
import { finishReasonOf } from "./stop-reasons.ts";

const SPLICED: StreamError = {
  type: "api_error",
  code: "stream_spliced",
  message: "The provider began a second answer within the first one.",
};

export class MessagesChunks implements ChunkSource {
  readonly #createdSeconds: number;
  readonly #usage = usageReader("anthropic-messages");
  /** The index of a tool call, by the index of its block. */
  readonly #tools = new Map<unknown, number>();
  readonly #withArguments = new Set<unknown>();
  #head: Json | undefined;
  #stopReason: string | undefined;
  #isFailed = false;

  /** @param createdSeconds - current time, since the Unix epoch. */
  constructor(createdSeconds: number) {
    this.#createdSeconds = createdSeconds;
  }

  push(event: Json): readonly Json[] {
    this.#usage.see(event);
    if (this.#isFailed) return [];
    const { type, index, message, content_block: block, delta } = event;
    if (type === "message_start") return this.#begin(asObject(message) ?? {});
    if (type === "content_block_start") return this.#beginBlock(index, asObject(block) ?? {});
    if (type === "content_block_delta") return this.#continueBlock(index, asObject(delta) ?? {});
    if (type === "content_block_stop") return this.#endBlock(index);
    if (type === "message_delta") this.#stopReason = textOr(asObject(delta)?.["stop_reason"], this.#stopReason);
    return type === "error" ? this.#fail(readError(event)) : [];
  }

  end(): ChunkEnd {
    const usage = this.#usage.record();
    const said = this.#stopReason;
    if (this.#isFailed) return { outcome: "failed", chunks: [], usage, doubts: [] };
    if (said === undefined) return { outcome: "cut", chunks: this.#fail(STREAM_CUT), usage, doubts: [] };
    const finish = finishReasonOf(said);
    if (finish === undefined) {
      const message = `The answer ended with ${said}, which this API cannot say.`;
      const chunks = this.#fail({ type: "api_error", code: "untranslatable", message });
      return { outcome: "failed", chunks, usage, doubts: [] };
    }
    const doubts = finish.isUnknown ? [`stop_reason ${said} is unknown`] : [];
    const chunks = [deltaChunk(this.#head, {}, finish.reason), ...usageChunks(this.#head, usage)];
    return { outcome: "complete", chunks, usage, doubts };
  }

  #begin({ id, model }: Json): readonly Json[] {
    // Some hosts send it twice. A different ID means a second answer, spliced after the first, which clients would not notice.
    if (this.#head !== undefined) return id === this.#head["id"] ? [] : this.#fail(SPLICED);
    this.#head = { id, object: "chat.completion.chunk", created: this.#createdSeconds, model };
    return this.#chunk({ role: "assistant", content: "", refusal: null });
  }

  #beginBlock(index: unknown, { type, id, name, text }: Json): readonly Json[] {
    if (type === "text") return typeof text === "string" && text !== "" ? this.#chunk({ content: text }) : [];
    if (type === "thinking" || type === "redacted_thinking") return [];
    if (type !== "tool_use")
      return this.#fail({
        type: "api_error",
        code: "untranslatable",
        message: `The answer holds a block of type ${type}.`,
      });
    const tool = this.#tools.size;
    this.#tools.set(index, tool);
    return this.#chunk({ tool_calls: [{ index: tool, id, type: "function", function: { name, arguments: "" } }] });
  }

  #continueBlock(index: unknown, { type, text, partial_json: json }: Json): readonly Json[] {
    if (type === "text_delta") return this.#chunk({ content: text });
    if (type !== "input_json_delta" || json === "") return [];
    this.#withArguments.add(index);
    return this.#arguments(index, json);
  }

  /** A tool block without any input delta has empty arguments. */
  #endBlock(index: unknown): readonly Json[] {
    return this.#tools.has(index) && !this.#withArguments.has(index) ? this.#arguments(index, "{}") : [];
  }

  #arguments(index: unknown, text: unknown): readonly Json[] {
    return this.#chunk({ tool_calls: [{ index: this.#tools.get(index), function: { arguments: text } }] });
  }

  #chunk(delta: Json): readonly Json[] {
    return [deltaChunk(this.#head, delta)];
  }

  #fail(error: StreamError): readonly Json[] {
    this.#isFailed = true;
    return [errorChunk(error)];
  }
}

function readError(event: Json): StreamError {
  const { type, message } = asObject(event["error"]) ?? {};
  return { type: textOr(type, "api_error") ?? "api_error", code: null, message: textOr(message, "") ?? "" };
}

function textOr(value: unknown, otherwise: string | undefined): string | undefined {
  return typeof value === "string" ? value : otherwise;
}
