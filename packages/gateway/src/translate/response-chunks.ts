/**
 * Translates the events of OpenAI's responses to chunks of a chat completion. Texts and arguments come from delta events, or
 * from the end of an item without deltas, or from the last event of a stream without items.
 * @module
 */
import { usageReader } from "../usage/usage-reader.ts";
import { textOf } from "../usage/usage-record.ts";
import { readProviderError } from "../wire/provider-errors.ts";
import { STREAM_CUT, type StreamError } from "../wire/stream-endings.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { type ChunkEnd, type ChunkSource, deltaChunk, errorChunk, usageChunks } from "./chunk-source.ts";
import { chatCall, responseHead } from "./response-chat.ts";
import { finishReasonOfResponse } from "./stop-reasons.ts";

const SPLICED: StreamError = {
  type: "api_error",
  code: "stream_spliced",
  message: "The provider began a second answer within the first one.",
};

/** The delta events of texts, with the kind of content. */
const PIECES: ReadonlyMap<string, "content" | "refusal"> = new Map([
  ["response.output_text.delta", "content"],
  ["response.refusal.delta", "refusal"],
]);

export class ResponseChunks implements ChunkSource {
  readonly #createdSeconds: number;
  readonly #usage = usageReader("openai-responses");
  /** The index of a tool call, by the position of its item in the output. */
  readonly #tools = new Map<unknown, number>();
  /** Positions of items with deltas. */
  readonly #begun = new Set<unknown>();
  #head: Json | undefined;
  #last: Json | undefined;
  #isFailed = false;

  /** @param createdSeconds - current time, since the Unix epoch, for a response without a time. */
  constructor(createdSeconds: number) {
    this.#createdSeconds = createdSeconds;
  }

  push(event: Json): readonly Json[] {
    this.#usage.see(event);
    if (this.#isFailed) return [];
    const { type, output_index: place, item, response, delta } = event;
    const word = textOf(type);
    if (word === "error") return this.#fail(readError(event));
    if (word === "response.failed") return this.#fail(readError(asObject(response) ?? {}));
    if (word === "response.created") return this.#begin(asObject(response) ?? {});
    const begun = this.#head === undefined ? this.#begin(asObject(response) ?? {}) : [];
    return [...begun, ...this.#continue(word, { place, item: asObject(item) ?? {}, response, delta })];
  }

  end(): ChunkEnd {
    const usage = this.#usage.record();
    if (this.#isFailed) return { outcome: "failed", chunks: [], usage, doubts: [] };
    if (this.#last === undefined) return { outcome: "cut", chunks: this.#fail(STREAM_CUT), usage, doubts: [] };
    const reason = textOf(asObject(this.#last["incomplete_details"])?.["reason"]);
    const finish = finishReasonOfResponse(textOf(this.#last["status"]), reason, this.#tools.size > 0);
    if (finish === undefined) {
      const message = `The response is ${textOf(this.#last["status"])}.`;
      const chunks = this.#fail({ type: "api_error", code: "untranslatable", message });
      return { outcome: "failed", chunks, usage, doubts: [] };
    }
    const doubts = finish.isUnknown ? [`incomplete_details ${reason} is unknown`] : [];
    const chunks = [deltaChunk(this.#head, {}, finish.reason), ...usageChunks(this.#head, usage)];
    return { outcome: "complete", chunks, usage, doubts };
  }

  #begin(response: Json): readonly Json[] {
    const head = responseHead(response, this.#createdSeconds, "chat.completion.chunk");
    // A second answer, spliced after the first, would go unnoticed by clients.
    if (this.#head !== undefined) return head["id"] === this.#head["id"] ? [] : this.#fail(SPLICED);
    this.#head = head;
    return this.#chunk({ role: "assistant", content: "", refusal: null });
  }

  #continue(
    type: string,
    { place, item, response, delta }: { place: unknown; item: Json; response: unknown; delta: unknown },
  ): readonly Json[] {
    const piece = PIECES.get(type);
    if (piece !== undefined) {
      this.#begun.add(place);
      return this.#chunk({ [piece]: delta });
    }
    if (type === "response.function_call_arguments.delta") return this.#arguments(place, textOf(delta));
    if (type === "response.output_item.added") return this.#beginItem(place, item);
    if (type === "response.output_item.done") return this.#endItem(place, item);
    if (type !== "response.completed" && type !== "response.incomplete") return [];
    const last = asObject(response) ?? {};
    this.#last = { ...last, status: textOf(last["status"]) || type.slice("response.".length) };
    const isSaid = this.#begun.size + this.#tools.size > 0;
    return isSaid ? [] : asList(last["output"]).flatMap((one, index) => this.#endItem(index, asObject(one) ?? {}));
  }

  #beginItem(place: unknown, item: Json): readonly Json[] {
    const { type } = item;
    if (type === "message" || type === "reasoning" || this.#tools.has(place)) return [];
    if (type !== "function_call")
      return this.#fail({
        type: "api_error",
        code: "untranslatable",
        message: `The answer holds an item of type ${textOf(type)}.`,
      });
    const index = this.#tools.size;
    this.#tools.set(place, index);
    const { id, type: kind, function: called } = chatCall({ ...item, arguments: "" });
    return this.#chunk({ tool_calls: [{ index, id, type: kind, function: { ...asObject(called), arguments: "" } }] });
  }

  /** Returns no chunks for an item that was already sent as deltas. */
  #endItem(place: unknown, item: Json): readonly Json[] {
    if (this.#isFailed) return [];
    const begun = this.#beginItem(place, item);
    if (this.#isFailed || this.#begun.has(place)) return begun;
    if (item["type"] === "function_call")
      return [...begun, ...this.#arguments(place, textOf(item["arguments"]) || "{}")];
    if (item["type"] !== "message") return begun;
    this.#begun.add(place);
    return asList(item["content"]).flatMap((value) => {
      const { type, text, refusal } = asObject(value) ?? {};
      if (type === "output_text") return textOf(text) === "" ? [] : this.#chunk({ content: text });
      return type === "refusal" ? this.#chunk({ refusal }) : [];
    });
  }

  #arguments(place: unknown, text: string): readonly Json[] {
    const index = this.#tools.get(place);
    if (index === undefined || text === "") return [];
    this.#begun.add(place);
    return this.#chunk({ tool_calls: [{ index, function: { arguments: text } }] });
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
  const { type, code, message } = readProviderError(event);
  const word = type === "error" || type === "" ? code || "api_error" : type;
  return { type: word, code: code === "" ? null : code, message: message || "The response failed." };
}
