/**
 * A stream of Anthropic's messages, said as chunks of a chat completion.
 * @module
 */
import { usageReader } from "../usage/usage-reader.ts";
import type { UsageRecord } from "../usage/usage-record.ts";
import { STREAM_CUT, type StreamError, streamError } from "../wire/stream-endings.ts";
import { asObject, type Json } from "../wire/stream-sights.ts";
import { finishReasonOf } from "./stop-reasons.ts";
import type { StreamTranslation, TranslationEnd } from "./stream-translation.ts";
import { chatUsage } from "./usage-words.ts";

export interface ChatStreamOptions {
  /** Of the clock, since 1970. */
  readonly createdSeconds: number;
  readonly isUsageAsked: boolean;
}

const SPLICED: StreamError = {
  type: "api_error",
  code: "stream_spliced",
  message: "The provider began a second answer within the first one.",
};

export class ChatStream implements StreamTranslation {
  readonly #options: ChatStreamOptions;
  readonly #usage = usageReader("anthropic-messages");
  readonly #doubts: string[] = [];
  /** The index of the tool call that a block is, by the block's own. */
  readonly #tools = new Map<unknown, number>();
  readonly #withArguments = new Set<unknown>();
  #head: Json | undefined;
  #stopReason: string | undefined;
  #isFailed = false;

  constructor(options: ChatStreamOptions) {
    this.#options = options;
  }

  push(event: Json): string {
    if (this.#isFailed) return "";
    this.#usage.see(event);
    const { type, index, message, content_block: block, delta } = event;
    if (type === "message_start") return this.#begin(asObject(message) ?? {});
    if (type === "content_block_start") return this.#beginBlock(index, asObject(block) ?? {});
    if (type === "content_block_delta") return this.#continueBlock(index, asObject(delta) ?? {});
    if (type === "content_block_stop") return this.#endBlock(index);
    if (type === "message_delta") this.#stopReason = textOr(asObject(delta)?.["stop_reason"], this.#stopReason);
    return type === "error" ? this.#fail(readError(event)) : "";
  }

  end(): TranslationEnd {
    const usage = this.#usage.record();
    const rest = { usage, doubts: this.#doubts };
    if (this.#isFailed) return { outcome: "failed", text: "", ...rest };
    if (this.#stopReason === undefined)
      return { outcome: "cut", text: streamError("openai-chat", STREAM_CUT), ...rest };
    const finish = finishReasonOf(this.#stopReason);
    if (finish === undefined) {
      const message = `The answer ended with ${this.#stopReason}, which this API cannot say.`;
      return { outcome: "failed", text: this.#fail({ type: "api_error", code: "untranslatable", message }), ...rest };
    }
    if (finish.isUnknown) this.#doubts.push(`stop_reason ${this.#stopReason} is unknown`);
    const text = this.#chunk({}, finish.reason) + this.#usageChunk(usage);
    return { outcome: "complete", text: `${text}data: [DONE]\n\n`, ...rest };
  }

  #begin({ id, model }: Json): string {
    // Some hosts send it twice. A client cannot distinguish another answer, spliced behind the first one, from it.
    if (this.#head !== undefined) return id === this.#head["id"] ? "" : this.#fail(SPLICED);
    this.#head = { id, object: "chat.completion.chunk", created: this.#options.createdSeconds, model };
    return this.#chunk({ role: "assistant", content: "", refusal: null });
  }

  #beginBlock(index: unknown, { type, id, name, text }: Json): string {
    if (type === "text") return typeof text === "string" && text !== "" ? this.#chunk({ content: text }) : "";
    if (type === "thinking" || type === "redacted_thinking") return "";
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

  #continueBlock(index: unknown, { type, text, partial_json: json }: Json): string {
    if (type === "text_delta") return this.#chunk({ content: text });
    if (type !== "input_json_delta" || json === "") return "";
    this.#withArguments.add(index);
    return this.#arguments(index, json);
  }

  /** A block without a piece of its input has an empty one. */
  #endBlock(index: unknown): string {
    return this.#tools.has(index) && !this.#withArguments.has(index) ? this.#arguments(index, "{}") : "";
  }

  #arguments(index: unknown, text: unknown): string {
    return this.#chunk({ tool_calls: [{ index: this.#tools.get(index), function: { arguments: text } }] });
  }

  #usageChunk(usage: UsageRecord | undefined): string {
    if (!this.#options.isUsageAsked || usage === undefined) return "";
    return `data: ${JSON.stringify({ ...this.#head, choices: [], usage: chatUsage(usage) })}\n\n`;
  }

  #chunk(delta: Json, finishReason: string | null = null): string {
    const usage = this.#options.isUsageAsked ? { usage: null } : {};
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
    return `data: ${JSON.stringify({ ...this.#head, choices, ...usage })}\n\n`;
  }

  #fail(error: StreamError): string {
    this.#isFailed = true;
    return streamError("openai-chat", error);
  }
}

function readError(event: Json): StreamError {
  const { type, message } = asObject(event["error"]) ?? {};
  return { type: textOr(type, "api_error") ?? "api_error", code: null, message: textOr(message, "") ?? "" };
}

function textOr(value: unknown, otherwise: string | undefined): string | undefined {
  return typeof value === "string" ? value : otherwise;
}
