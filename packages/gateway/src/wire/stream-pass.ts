/**
 * Passes a stream from a provider to a client of the same dialect. Bytes pass unchanged, event by event. Only a usage chunk
 * that the gateway requested and the client did not is left out, and a missing end is added.
 * @module
 */
import type { WireDialect } from "./dialect.ts";
import type { SseBlock } from "./sse-block.ts";
import { EVENT_BYTES_MAX, SseScanner } from "./sse-scanner.ts";
import { completion, type ResponseProgress, STREAM_CUT, streamError } from "./stream-endings.ts";
import { asList, asObject, type Json, type Sight, sightOf } from "./stream-sights.ts";

export interface StreamPassOptions {
  readonly dialect: WireDialect;
  /** Whether the usage chunk is left out because the client did not request it. */
  readonly isUsageHidden: boolean;
  /** `n` in the request. */
  readonly choiceCount?: number;
  readonly eventBytesMax?: number;
  /** Called with each event that concerns the gateway, before its bytes pass. */
  readonly see?: (sight: Sight) => void;
}

/** `failed`: the provider reported an error within the stream. */
export type StreamOutcome = "complete" | "failed" | "cut";

export interface StreamEnd {
  readonly outcome: StreamOutcome;
  /** The remaining bytes for the client. */
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
  /** The last event of a response, whose sequence number is read only if needed. */
  #last: SseBlock | undefined;

  constructor(options: StreamPassOptions) {
    this.#options = options;
    this.#scanner = new SseScanner(options.eventBytesMax ?? EVENT_BYTES_MAX);
  }

  /**
   * Whether an event other than a comment or a ping has arrived. Until then nothing has been sent, and the call may fail
   * over. {@link error} is set if the first such event is an error.
   */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** The error that the provider reported within the stream. */
  get error(): Json | undefined {
    return this.#error;
  }

  /** The bytes for the client: of this piece, and those held back before.
   *
   * @throws GatewayError `CAL_GATEWAY_STREAM_BROKEN` for an event beyond the bound. {@link end} still ends the stream.
   */
  push(piece: Buffer): Buffer {
    const passed: Buffer[] = [];
    for (const block of this.#scanner.push(piece)) {
      const bytes = this.#pass(block);
      if (bytes.byteLength > 0) passed.push(bytes);
    }
    return inOne(passed);
  }

  /** To be called when the provider's stream is over: closed, reset or abandoned. */
  end(): StreamEnd {
    const tail = this.#takeTail();
    const outcome = this.#outcome();
    const isEnded = outcome === "failed" || this.#isClosed;
    const { dialect } = this.#options;
    const ending = outcome === "cut" ? streamError(dialect, STREAM_CUT, this.#progress()) : completion(dialect);
    return { outcome, bytes: isEnded ? tail : Buffer.concat([tail, Buffer.from(ending)]) };
  }

  /** An event without its final blank line is used if it is parsable, as in the SDKs; a partial event is dropped. */
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
    // A block that is left out may begin with the LF of the block before, which was not.
    return block.bytes.subarray(from, this.#wasLeftOut ? block.leadBytes : block.bytes.byteLength);
  }

  #isLeftOut(json: Json): boolean {
    const { dialect, isUsageHidden } = this.#options;
    return isUsageHidden && dialect === "openai-chat" && isUsageOnly(json);
  }

  /** A `[DONE]` without a finish reason means that the answer was cut off; the client gets an error instead. */
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

/** Joins the parts without a copy if they are adjacent in memory, as most events of a piece are. */
function inOne(parts: readonly Buffer[]): Buffer {
  const [first] = parts;
  if (first === undefined) return NOTHING;
  let end = first.byteOffset;
  for (const { buffer, byteOffset, byteLength } of parts) {
    if (buffer !== first.buffer || byteOffset !== end) return Buffer.concat(parts);
    end += byteLength;
  }
  return parts.length === 1 ? first : Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset);
}

/** A longer block is not `[DONE]`, and is not decoded to check. */
const DONE_BYTES_MAX = 64;

function isDone(block: SseBlock): boolean {
  return block.bytes.byteLength <= DONE_BYTES_MAX && block.data === "[DONE]";
}

/** The members of a usage chunk; a chunk with any other member concerns the client. */
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

/** Whether a chunk has only usage: no choices, or one with an empty delta. */
function isUsageOnly(chunk: Json): boolean {
  if (asObject(chunk["usage"]) === undefined || Object.keys(chunk).some((key) => !USAGE_CHUNK_KEYS.has(key)))
    return false;
  return asList(chunk["choices"]).every((one) => {
    const { delta, finish_reason: reason } = asObject(one) ?? {};
    return (reason ?? null) === null && Object.keys(asObject(delta) ?? {}).length === 0;
  });
}
