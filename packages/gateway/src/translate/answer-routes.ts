/**
 * Which translation an answer goes through, by the provider's dialect and the client's. All of them meet in the chat completion.
 * @module
 */
import type { AnswerDialect, WireDialect } from "../wire/dialect.ts";
import type { Json } from "../wire/stream-sights.ts";
import { chatAnswer, messagesAnswer, type TranslatedAnswer } from "./answers.ts";
import type { ChunkSource } from "./chunk-source.ts";
import { ChatStream } from "./chat-stream.ts";
import { geminiChatAnswer } from "./gemini-answer.ts";
import { GeminiChunks } from "./gemini-chunks.ts";
import { MessagesChunks } from "./messages-chunks.ts";
import { MessagesStream } from "./messages-stream.ts";
import { PipedStream } from "./piped-stream.ts";
import type { StreamTranslation } from "./stream-translation.ts";

/** An answer that was not streamed. */
export function answerIn(from: AnswerDialect, to: WireDialect, answer: Json, createdSeconds: number): TranslatedAnswer {
  const said = asChat(from, answer, createdSeconds);
  return "problem" in said || to === "openai-chat" ? said : withDoubts(messagesAnswer(said.answer), said.doubts);
}

export interface StreamRoute {
  readonly from: AnswerDialect;
  readonly to: WireDialect;
  readonly createdSeconds: number;
  readonly isUsageAsked: boolean;
  readonly inputTokensEstimate: number;
}

export function streamIn({
  from,
  to,
  createdSeconds,
  isUsageAsked,
  inputTokensEstimate,
}: StreamRoute): StreamTranslation {
  const source = chunksOf(from, createdSeconds);
  if (to === "openai-chat") return new ChatStream({ createdSeconds, isUsageAsked, ...(source && { source }) });
  const sink = new MessagesStream({ inputTokensEstimate });
  return source === undefined ? sink : new PipedStream(source, sink);
}

/** `undefined`: the provider's events are such chunks. */
function chunksOf(from: AnswerDialect, createdSeconds: number): ChunkSource | undefined {
  if (from === "gemini") return new GeminiChunks(createdSeconds);
  return from === "anthropic-messages" ? new MessagesChunks(createdSeconds) : undefined;
}

function asChat(from: AnswerDialect, answer: Json, createdSeconds: number): TranslatedAnswer {
  if (from === "gemini") return geminiChatAnswer(answer, createdSeconds);
  return from === "anthropic-messages" ? chatAnswer(answer, createdSeconds) : { answer, doubts: [] };
}

function withDoubts(said: TranslatedAnswer, doubts: readonly string[]): TranslatedAnswer {
  return "problem" in said ? said : { ...said, doubts: [...doubts, ...said.doubts] };
}
