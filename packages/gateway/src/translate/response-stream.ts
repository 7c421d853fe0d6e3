/**
 * Writes chunks of a chat completion as the events of a response: the complete series, numbered contiguously. Each item is
 * begun and ended once; tool calls may be interleaved, each with its own position in the output.
 * @module
 */
import { usageReader } from "../usage/usage-reader.ts";
import { textOf } from "../usage/usage-record.ts";
import { readProviderError } from "../wire/provider-errors.ts";
import { STREAM_CUT, type StreamError, streamError } from "../wire/stream-endings.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { contentText } from "./chat-content.ts";
import { signatureOfCall } from "./google-signature.ts";
import {
  callItem,
  messageItem,
  responseEnd,
  responseId,
  responseUsage,
  signatureItem,
  textPart,
} from "./response-parts.ts";
import { stopReasonOf } from "./stop-reasons.ts";
import type { StreamTranslation, TranslationEnd } from "./stream-translation.ts";

export interface ResponseStreamOptions {
  /** The members of the response that repeat its request. */
  readonly base: Json;
  /** Current time, since the Unix epoch. */
  readonly createdSeconds: number;
}

/** An open item. */
interface Item {
  readonly kind: "text" | "refusal" | "call";
  readonly id: string;
  readonly call: { readonly callId: string; readonly name: string };
  readonly outputIndex: number;
  text: string;
}

const NO_CALL = { callId: "", name: "" };

export class ResponseStream implements StreamTranslation {
  readonly #options: ResponseStreamOptions;
  readonly #usage = usageReader("openai-chat");
  readonly #open = new Map<string, Item>();
  /** Ended items, by position. */
  readonly #output: Json[] = [];
  #itemCount = 0;
  #eventCount = 0;
  #head: Json | undefined;
  #finishReason: string | undefined;
  #isFailed = false;

  constructor(options: ResponseStreamOptions) {
    this.#options = options;
  }

  push(chunk: Json): string {
    if (this.#isFailed) return "";
    this.#usage.see(chunk);
    if (chunk["error"]) return this.#fail(readError(chunk));
    let text = this.#head === undefined ? this.#begin(chunk) : "";
    for (const choice of asList(chunk["choices"]).map((one) => asObject(one) ?? {})) {
      text += this.#continue(asObject(choice["delta"]) ?? {});
      if (typeof choice["finish_reason"] === "string") this.#finishReason = choice["finish_reason"];
    }
    return text;
  }

  end(): TranslationEnd {
    const usage = this.#usage.record();
    const said = this.#finishReason;
    if (this.#isFailed) return { outcome: "failed", text: "", usage, doubts: [] };
    if (said === undefined) return { outcome: "cut", text: this.#fail(STREAM_CUT), usage, doubts: [] };
    const stop = stopReasonOf(said);
    if (stop === undefined) {
      const message = `The answer ended with ${said}, which this API cannot say.`;
      return { outcome: "failed", text: this.#fail({ type: "api_error", code: null, message }), usage, doubts: [] };
    }
    const end = responseEnd(stop.isUnknown ? "length" : said);
    const items = this.#endItems(end.status);
    const response = { ...this.#response(end.status), ...end, ...responseUsage(usage) };
    const doubts = stop.isUnknown ? [`finish_reason ${said} is unknown`] : [];
    return { outcome: "complete", text: items + this.#event(`response.${end.status}`, { response }), usage, doubts };
  }

  #begin(chunk: Json): string {
    const { createdSeconds } = this.#options;
    this.#head = {
      id: responseId(chunk),
      created_at: createdSeconds,
      model: chunk["model"] ?? this.#options.base["model"],
    };
    const response = this.#response("in_progress");
    return this.#event("response.created", { response }) + this.#event("response.in_progress", { response });
  }

  #response(status: string): Json {
    return { ...this.#options.base, ...this.#head, status, output: this.#output.filter((item) => item !== undefined) };
  }

  #continue({ content, refusal, tool_calls: calls }: Json): string {
    const words = contentText(content);
    if (words === undefined)
      return this.#fail({
        type: "api_error",
        code: null,
        message: "The answer holds content that this API cannot say.",
      });
    let text = "";
    if (words !== "") text += this.#addText("text", words);
    if (textOf(refusal) !== "") text += this.#addText("refusal", textOf(refusal));
    for (const call of asList(calls).map((one) => asObject(one) ?? {})) text += this.#addCall(call);
    return text;
  }

  #addText(kind: "text" | "refusal", piece: string): string {
    const begun = this.#open.has(kind) ? "" : this.#endText() + this.#beginText(kind);
    const item = this.#open.get(kind) as Item;
    item.text += piece;
    const more = kind === "text" ? { logprobs: [] } : {};
    return begun + this.#event(`response.${partName(kind)}.delta`, { ...placeOf(item), delta: piece, ...more });
  }

  #beginText(kind: "text" | "refusal"): string {
    const item = this.#item(kind, kind, "msg", NO_CALL);
    return (
      this.#event("response.output_item.added", {
        output_index: item.outputIndex,
        item: messageItem(item.id, [], "in_progress"),
      }) + this.#event("response.content_part.added", { ...placeOf(item), part: contentPart(kind, "") })
    );
  }

  #addCall(call: Json): string {
    const key = `call ${call["index"]}`;
    const called = asObject(call["function"]) ?? {};
    const piece = textOf(called["arguments"]);
    let text = "";
    if (!this.#open.has(key)) {
      text += this.#endText() + this.#addSignature(signatureOfCall(call));
      const item = this.#item(key, "call", "fc", { callId: textOf(call["id"]), name: textOf(called["name"]) });
      const begun = callItem(item.id, item.call, "", "in_progress");
      text += this.#event("response.output_item.added", { output_index: item.outputIndex, item: begun });
    }
    const item = this.#open.get(key) as Item;
    item.text += piece;
    const { id, outputIndex } = item;
    const at = { item_id: id, output_index: outputIndex };
    return piece === "" ? text : text + this.#event("response.function_call_arguments.delta", { ...at, delta: piece });
  }

  #addSignature(signature: string | undefined): string {
    if (signature === undefined) return "";
    const outputIndex = this.#itemCount;
    this.#itemCount += 1;
    const item = signatureItem(this.#idOf("rs", outputIndex), signature);
    this.#output[outputIndex] = item;
    return ["added", "done"]
      .map((stage) => this.#event(`response.output_item.${stage}`, { output_index: outputIndex, item }))
      .join("");
  }

  #item(key: string, kind: Item["kind"], prefix: string, call: Item["call"]): Item {
    const outputIndex = this.#itemCount;
    this.#itemCount += 1;
    const item: Item = { kind, id: this.#idOf(prefix, outputIndex), call, outputIndex, text: "" };
    this.#open.set(key, item);
    return item;
  }

  #idOf(prefix: string, outputIndex: number): string {
    return `${prefix}_${textOf(this.#head?.["id"]).slice("resp_".length)}_${outputIndex}`;
  }

  /** Any other item ends the text; later text is a new item. */
  #endText(): string {
    return [...this.#open]
      .flatMap(([key, item]) => (item.kind === "call" ? [] : [this.#end(key, item, "completed")]))
      .join("");
  }

  #endItems(status: string): string {
    return [...this.#open].map(([key, item]) => this.#end(key, item, status)).join("");
  }

  #end(key: string, item: Item, status: string): string {
    this.#open.delete(key);
    const { kind, id, call, outputIndex, text } = item;
    const isCall = kind === "call";
    const part = contentPart(kind, text);
    const done = isCall ? callItem(id, call, text === "" ? "{}" : text, status) : messageItem(id, [part], status);
    this.#output[outputIndex] = done;
    const events = isCall
      ? this.#event("response.function_call_arguments.done", {
          item_id: id,
          output_index: outputIndex,
          name: call.name,
          arguments: done["arguments"],
        })
      : this.#event(`response.${partName(kind)}.done`, {
          ...placeOf(item),
          ...(kind === "text" ? { text, logprobs: [] } : { refusal: text }),
        }) + this.#event("response.content_part.done", { ...placeOf(item), part });
    return events + this.#event("response.output_item.done", { output_index: outputIndex, item: done });
  }

  #event(type: string, members: Json): string {
    const text = `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: this.#eventCount, ...members })}\n\n`;
    this.#eventCount += 1;
    return text;
  }

  /** Codex only reads the error of a `response.failed` event. */
  #fail(error: StreamError): string {
    const begun = this.#head === undefined ? this.#begin({}) : "";
    this.#isFailed = true;
    const response = this.#response("failed");
    return begun + streamError("openai-responses", error, { response, sequenceNumber: this.#eventCount });
  }
}

function placeOf({ id, outputIndex }: Item): Json {
  return { item_id: id, output_index: outputIndex, content_index: 0 };
}

function partName(kind: Item["kind"]): string {
  return kind === "text" ? "output_text" : "refusal";
}

function contentPart(kind: Item["kind"], text: string): Json {
  return kind === "refusal" ? { type: "refusal", refusal: text } : textPart(text);
}

function readError(chunk: Json): StreamError {
  const { type, code, message } = readProviderError(chunk);
  return { type: type || "api_error", code: code === "" ? null : code, message };
}
