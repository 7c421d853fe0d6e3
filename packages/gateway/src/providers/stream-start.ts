/**
 * The start of a stream, before anything is sent to the client: until the first event the call may fail over, and an error
 * in the first event becomes an answer with its status instead of a stream.
 * @module
 */
import type { AnswerDialect } from "../wire/dialect.ts";
import type { SseBlock } from "../wire/sse-block.ts";
import { SseScanner } from "../wire/sse-scanner.ts";
import { type Json, sightOf } from "../wire/stream-sights.ts";
import type { AnswerPieces, UpstreamAnswer } from "./upstream.ts";

export interface StreamStart {
  /** The error in the first event; `undefined` if that is not one. */
  readonly error: Json | undefined;
  /** The whole stream, including the bytes that were already read. */
  readonly pieces: AnswerPieces;
}

/** Maximum length of comments before the first event. A stream with more is passed on without a check of that event. */
export const START_BYTES_MAX: number = 128 * 1024;

/**
 * Reads until the first event that is not a comment or a ping, or the end.
 *
 * @throws UpstreamFailure like `UpstreamAnswer.pieces`.
 */
export async function startStream(answer: UpstreamAnswer, dialect: AnswerDialect): Promise<StreamStart> {
  const scanner = new SseScanner();
  const pieces = answer.pieces();
  const read: Buffer[] = [];
  let first: SseBlock | undefined;
  for (let bytes = 0; first === undefined && bytes <= START_BYTES_MAX; ) {
    const { value: piece, done } = await pieces.next();
    if (done === true) return { error: undefined, pieces: joined(read, pieces) };
    read.push(piece);
    bytes += piece.byteLength;
    first = scanner.push(piece).find(isEvent);
  }
  answer.begun();
  return { error: first && sightOf(first, dialect)?.error, pieces: joined(read, pieces) };
}

function isEvent({ data, event }: SseBlock): boolean {
  return data !== undefined && data !== "[DONE]" && event !== "ping";
}

function joined(read: readonly Buffer[], rest: AnswerPieces): AnswerPieces {
  let at = 0;
  const pieces: AnswerPieces = {
    [Symbol.asyncIterator]: () => pieces,
    next: () => {
      const value = read[at];
      at += 1;
      return value === undefined ? rest.next() : Promise.resolve({ done: false, value });
    },
    return: async () => (await rest.return?.()) ?? { done: true, value: undefined },
  };
  return pieces;
}
