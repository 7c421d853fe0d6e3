/**
 * A stream on its way from a provider to a client of the same dialect. The bytes pass as they are, event by event; only the
 * usage chunk that the gateway asked for and the client did not is left out, and an end is added where there was none.
 * @module
 */
import type { WireDialect } from "./dialect.ts";
import type { SseBlock } from "./sse-block.ts";
import { EVENT_BYTES_MAX, SseScanner } from "./sse-scanner.ts";
import { completion, type ResponseProgress, STREAM_CUT, streamError } from "./stream-endings.ts";
import { asList, asObject, type Json, type Sight, sightOf } from "./stream-sights.ts";

export interface StreamPassOptions {
  readonly dialect: WireDialect;
  /** Whether the usage chunk is left out: the client did not ask for it. */
  readonly isUsageHidden: boolean;
  /** `n` of the request. */
  readonly choiceCount?: number;
  readonly eventBytesMax?: number;
  /** Called with each event that concerns the gateway, before its bytes are passed on. */
  readonly see?: (sight: Sight) => void;
}

/** `failed`: the provider said so itself, within the stream. */
export type StreamOutcome = "complete" | "failed" | "cut";

export interface StreamEnd {
  readonly outcome: StreamOutcome;
  /** What the client is still to get. */
  readonly bytes: Buffer;
}

const NOTHING: Buffer = Buffer.alloc(0);

export class StreamPass {
  readonly #options: StreamPassOptions;
  readonly #scanner: SseScanner;
  readonly #finished = new Set<number>();
  #hasFinished = false;
  #isClosed = false;
  #error: Json | undefined;
  #hasBegun = false;
  #wasLeftOut = false;
  #response: Json | undefined;
  /** Of a response, for its sequence number: the last event of which one is read only if it must be. */
  #last: SseBlock | undefined;

  constructor(options: StreamPassOptions) {
    this.#options = options;
    this.#scanner = new SseScanner(options.eventBytesMax ?? EVENT_BYTES_MAX);
  }

  /**
   * Whether an event came that is not a comment or a ping. Until then nothing has to be sent, and the call may fail over;
   * {@link error} is set when that first event is one.
   */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** The error that the provider reported within the stream. */
  get error(): Json | undefined {
    return this.#error;
  }

  /** The bytes of a piece, and of those held back before, that the client gets now.
   *
   * @throws GatewayError `CAL_GATEWAY_STREAM_BROKEN` for an event beyond the bound. {@link end} still ends the stream.
   */
  push(piece: Buffer): Buffer {
    const blocks = this.#scanner.push(piece);
    const passed = blocks.map((block) => this.#pass(block)).filter((bytes) => bytes.byteLength > 0);
    return passed.length === 1 && passed[0] !== undefined ? passed[0] : Buffer.concat(passed);
  }

  /** The provider's stream is over: closed, reset or given up. */
  end(): StreamEnd {
    const tail = this.#takeTail();
    const outcome = this.#outcome();
    const isEnded = outcome === "failed" || this.#isClosed;
    const { dialect } = this.#options;
    const ending = outcome === "cut" ? streamError(dialect, STREAM_CUT, this.#progress()) : completion(dialect);
    return { outcome, bytes: isEnded ? tail : Buffer.concat([tail, Buffer.from(ending)]) };
  }

  /** An event without the blank line at its end counts if it can be read, as it does for the SDKs; half of one is nothing. */
  #takeTail(): Buffer {
    const block = this.#scanner.end();
    if (block === undefined) return NOTHING;
    const { data, event, isTerminated } = block;
    if (data === undefined) return event === "" && isTerminated ? this.#pass(block) : NOTHING;
    if (data !== "[DONE]" && block.json() === undefined) return NOTHING;
    const bytes = this.#pass(block);
    return bytes.byteLength === 0 ? NOTHING : Buffer.concat([bytes, Buffer.from(isTerminated ? "\n" : "\n\n")]);
  }

  #outcome(): StreamOutcome {
    if (this.#error !== undefined) return "failed";
    const { dialect, choiceCount = 1 } = this.#options;
    const isComplete =
      dialect === "openai-chat" ? this.#finished.size >= (this.#isClosed ? 1 : choiceCount) : this.#hasFinished;
    return isComplete ? "complete" : "cut";
  }

  #pass(block: SseBlock): Buffer {
    const { dialect, see } = this.#options;
    const sight = sightOf(block, dialect);
    if (sight === undefined) this.#seeOther(block);
    else {
      see?.(sight);
      this.#note(sight);
    }
    if (dialect === "openai-responses" && block.lineCount > 0) this.#last = block;
    const from = this.#wasLeftOut ? block.leadBytes : 0;
    this.#wasLeftOut = sight === undefined ? this.#isUnearnedDone(block) : this.#isLeftOut(sight.json);
    // What is left out may begin with the end of what was not.
    return block.bytes.subarray(from, this.#wasLeftOut ? block.leadBytes : block.bytes.byteLength);
  }

  #isLeftOut(json: Json): boolean {
    const { dialect, isUsageHidden } = this.#options;
    return isUsageHidden && dialect === "openai-chat" && isUsageOnly(json);
  }

  /** `[DONE]` says nothing by itself: without a finish reason the answer was cut, and the client gets an error instead. */
  #isUnearnedDone(block: SseBlock): boolean {
    return this.#options.dialect === "openai-chat" && this.#finished.size === 0 && isDone(block);
  }

  #seeOther(block: SseBlock): void {
    if (block.lineCount === 0) return;
    if (this.#options.dialect === "openai-chat" && this.#finished.size > 0 && isDone(block)) this.#isClosed = true;
    if (!this.#hasBegun) this.#hasBegun = block.data !== undefined && block.event !== "ping" && !isDone(block);
  }

  #note({ json, finishes, finishedChoices, error }: Sight): void {
    this.#hasBegun = true;
    this.#error ??= error;
    this.#hasFinished ||= finishes;
    for (const index of finishedChoices) this.#finished.add(index);
    if (json["type"] === "message_stop") this.#isClosed = true;
    if (json["type"] === "response.created") this.#response = asObject(json["response"]);
    if (this.#options.dialect === "openai-responses" && finishes) this.#isClosed = true;
  }

  #progress(): ResponseProgress {
    const last = asObject(this.#last?.json())?.["sequence_number"];
    return { response: this.#response, sequenceNumber: typeof last === "number" ? last + 1 : 0 };
  }
}

/** A longer block holds more than that, and is not decoded to see it. */
const DONE_BYTES_MAX = 64;

function isDone(block: SseBlock): boolean {
  return block.bytes.byteLength <= DONE_BYTES_MAX && block.data === "[DONE]";
}

/** What a usage chunk has; a chunk with anything else says something to the client. */
const USAGE_CHUNK_KEYS = new Set([
  "id",
  "object",
  "created",
  "model",
  "choices",
  "usage",
  "service_tier",
  "system_fingerprint",
  "obfuscation",
]);

/** Whether a chunk is there for its usage alone: it has no choices, or one whose delta is empty. */
function isUsageOnly(chunk: Json): boolean {
  if (asObject(chunk["usage"]) === undefined || Object.keys(chunk).some((key) => !USAGE_CHUNK_KEYS.has(key)))
    return false;
  return asList(chunk["choices"]).every((one) => {
    const { delta, finish_reason: reason } = asObject(one) ?? {};
    return (reason ?? null) === null && Object.keys(asObject(delta) ?? {}).length === 0;
  });
}
