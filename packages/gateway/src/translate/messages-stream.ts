/**
 * Writes chunks of a chat completion as a stream of Anthropic's messages. Blocks are sequential, each begun and ended once:
 * pieces of other blocks wait until the open block has ended.
 * @module
 */
import { usageReader } from "../usage/usage-reader.ts";
import { NO_USAGE, type UsageRecord } from "../usage/usage-record.ts";
import { readProviderError } from "../wire/provider-errors.ts";
import { completion, STREAM_CUT, type StreamError, streamError } from "../wire/stream-endings.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { contentText } from "./chat-content.ts";
import { signatureOfCall, signedBlock } from "./google-signature.ts";
import { stopReasonOf } from "./stop-reasons.ts";
import type { StreamTranslation, TranslationEnd } from "./stream-translation.ts";
import { messagesUsage } from "./usage-words.ts";

export interface MessagesStreamOptions {
  /** An estimate for the first event, which has a count; the actual count comes last. */
  readonly inputTokensEstimate: number;
}

/** A block: the text, or a tool call by its index in the chunks. */
interface Block {
  readonly key: string;
  readonly start: Json;
  /** Pieces that wait until the block before has ended. */
  readonly waiting: string[];
}

const TEXT_KEY = "text";
const SIGNATURE_KEY = "signature";
const UNKNOWN_CONTENT = "The answer holds content that this API cannot say.";

export class MessagesStream implements StreamTranslation {
  readonly #options: MessagesStreamOptions;
  readonly #usage = usageReader("openai-chat");
  readonly #doubts: string[] = [];
  /** The first of them is open; the others wait. */
  #blocks: Block[] = [];
  #blockIndex = 0;
  #hasBegun = false;
  #hasRefused = false;
  #finishReason: string | undefined;
  #isFailed = false;

  constructor(options: MessagesStreamOptions) {
    this.#options = options;
  }

  push(chunk: Json): string {
    if (this.#isFailed) return "";
    this.#usage.see(chunk);
    if (chunk["error"]) return this.#fail(readError(chunk));
    let text = this.#hasBegun ? "" : this.#begin(chunk);
    for (const choice of asList(chunk["choices"]).map((one) => asObject(one) ?? {})) {
      text += this.#continue(asObject(choice["delta"]) ?? {});
      if (typeof choice["finish_reason"] === "string") this.#finishReason = choice["finish_reason"];
    }
    return text;
  }

  end(): TranslationEnd {
    const usage = this.#usage.record();
    const rest = { usage, doubts: this.#doubts };
    if (this.#isFailed) return { outcome: "failed", text: "", ...rest };
    if (this.#finishReason === undefined)
      return { outcome: "cut", text: streamError("anthropic-messages", STREAM_CUT), ...rest };
    const stop = stopReasonOf(this.#finishReason);
    if (stop === undefined) {
      const message = `The answer ended with ${this.#finishReason}, which this API cannot say.`;
      return { outcome: "failed", text: this.#fail({ type: "api_error", code: null, message }), ...rest };
    }
    if (stop.isUnknown) this.#doubts.push(`finish_reason ${this.#finishReason} is unknown`);
    const reason = this.#hasRefused ? "refusal" : stop.reason;
    return { outcome: "complete", text: this.#flush() + this.#finish(reason, usage), ...rest };
  }

  #begin({ id, model }: Json): string {
    this.#hasBegun = true;
    const usage = messagesUsage({ ...NO_USAGE, inputTokens: this.#options.inputTokensEstimate });
    const start = {
      id,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    };
    return event("message_start", { message: start });
  }

  #continue({ content, refusal, tool_calls: calls }: Json): string {
    const words = contentText(content);
    if (words === undefined) return this.#fail({ type: "api_error", code: null, message: UNKNOWN_CONTENT });
    let text = "";
    for (const piece of [words, refusal])
      if (typeof piece === "string" && piece !== "") text += this.#add(TEXT_KEY, { type: "text", text: "" }, piece);
    this.#hasRefused ||= typeof refusal === "string" && refusal !== "";
    for (const call of asList(calls).map((one) => asObject(one) ?? {})) {
      const called = asObject(call["function"]) ?? {};
      const signature = signatureOfCall(call);
      if (signature !== undefined) text += this.#add(`${SIGNATURE_KEY} ${call["index"]}`, signedBlock(signature), "");
      const start = { type: "tool_use", id: call["id"], name: called["name"], input: {} };
      text += this.#add(
        `tool ${call["index"]}`,
        start,
        typeof called["arguments"] === "string" ? called["arguments"] : "",
      );
    }
    return text;
  }

  #add(key: string, start: Json, piece: string): string {
    const open = this.#blocks[0];
    if (open === undefined) {
      const block = { key, start, waiting: [] };
      this.#blocks.push(block);
      return this.#startOf(block) + this.#deltaOf(block, piece);
    }
    if (open.key === key) return this.#deltaOf(open, piece);
    // A tool call ends the text; later text is a new block.
    if (open.key === TEXT_KEY || open.key.startsWith(SIGNATURE_KEY))
      return this.#endOpen() + this.#add(key, start, piece);
    const waiting = this.#blocks.find((block) => block.key === key);
    if (waiting === undefined) this.#blocks.push({ key, start, waiting: [piece] });
    else waiting.waiting.push(piece);
    return "";
  }

  #endOpen(): string {
    const ended = this.#blocks.shift();
    if (ended === undefined) return "";
    const stop = event("content_block_stop", { index: this.#blockIndex });
    this.#blockIndex += 1;
    return stop;
  }

  /** Ends the open block and writes the waiting ones. */
  #flush(): string {
    let text = this.#endOpen();
    for (let block = this.#blocks[0]; block !== undefined; block = this.#blocks[0]) {
      text += this.#startOf(block) + this.#deltaOf(block, block.waiting.join(""));
      text += this.#endOpen();
    }
    return text;
  }

  #startOf({ start }: Block): string {
    return event("content_block_start", { index: this.#blockIndex, content_block: start });
  }

  #deltaOf({ key }: Block, piece: string): string {
    if (piece === "") return "";
    const delta =
      key === TEXT_KEY ? { type: "text_delta", text: piece } : { type: "input_json_delta", partial_json: piece };
    return event("content_block_delta", { index: this.#blockIndex, delta });
  }

  #finish(stopReason: string, usage: UsageRecord | undefined): string {
    const counts = messagesUsage(usage ?? { ...NO_USAGE, inputTokens: this.#options.inputTokensEstimate });
    const delta = { stop_reason: stopReason, stop_sequence: null };
    return event("message_delta", { delta, usage: counts }) + completion("anthropic-messages");
  }

  #fail(error: StreamError): string {
    this.#isFailed = true;
    return streamError("anthropic-messages", error);
  }
}

function event(type: string, members: Json): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
}

function readError(chunk: Json): StreamError {
  const { type, message } = readProviderError(chunk);
  return { type: type || "api_error", code: null, message };
}
