/**
 * Selects the translation of an answer by the dialects of provider and client. The common form is the chat completion.
 * @module
 */
import type { AnswerDialect, WireDialect } from "../wire/dialect.ts";
import type { Json } from "../wire/stream-sights.ts";
import { chatAnswer, messagesAnswer, type TranslatedAnswer } from "./answers.ts";
import type { ChunkSource } from "./chunk-source.ts";
import { ChatStream } from "./chat-stream.ts";
import { geminiChatAnswer } from "./gemini-answer.ts";
import { GeminiChunks } from "./gemini-chunks.ts";
import { geminiEmbeddingsAnswer } from "./gemini-embeddings.ts";
import { MessagesChunks } from "./messages-chunks.ts";
import { MessagesStream } from "./messages-stream.ts";
import { responseAnswer } from "./response-answer.ts";
import { responseChatAnswer } from "./response-chat.ts";
import { ResponseChunks } from "./response-chunks.ts";
import { ResponseStream } from "./response-stream.ts";
import { PipedStream } from "./piped-stream.ts";
import type { StreamTranslation } from "./stream-translation.ts";

export interface AnswerRoute {
  readonly from: AnswerDialect;
  readonly to: WireDialect;
  readonly createdSeconds: number;
  /** The members of a response that repeat its request; for embeddings, the request itself. */
  readonly base: () => Json;
}

/** Translates an answer that was not streamed. */
export function answerIn({ from, to, createdSeconds, base }: AnswerRoute, answer: Json): TranslatedAnswer {
  if (to === "openai-embeddings") return geminiEmbeddingsAnswer(answer, base());
  const said = asChat(from, answer, createdSeconds);
  if ("problem" in said || to === "openai-chat") return said;
  const written =
    to === "openai-responses" ? responseAnswer(said.answer, base(), createdSeconds) : messagesAnswer(said.answer);
  return withDoubts(written, said.doubts);
}

export interface StreamRoute extends AnswerRoute {
  readonly isUsageAsked: boolean;
  readonly inputTokensEstimate: number;
}

export function streamIn(route: StreamRoute): StreamTranslation {
  const { from, to, createdSeconds, isUsageAsked, inputTokensEstimate, base } = route;
  const source = chunksOf(from, createdSeconds);
  if (to === "openai-chat") return new ChatStream({ createdSeconds, isUsageAsked, ...(source && { source }) });
  const sink =
    to === "openai-responses"
      ? new ResponseStream({ base: base(), createdSeconds })
      : new MessagesStream({ inputTokensEstimate });
  return source === undefined ? sink : new PipedStream(source, sink);
}

/** `undefined` if the provider's events already are chat completion chunks. */
function chunksOf(from: AnswerDialect, createdSeconds: number): ChunkSource | undefined {
  if (from === "gemini") return new GeminiChunks(createdSeconds);
  if (from === "openai-responses") return new ResponseChunks(createdSeconds);
  return from === "anthropic-messages" ? new MessagesChunks(createdSeconds) : undefined;
}

function asChat(from: AnswerDialect, answer: Json, createdSeconds: number): TranslatedAnswer {
  if (from === "gemini") return geminiChatAnswer(answer, createdSeconds);
  if (from === "openai-responses") return responseChatAnswer(answer, createdSeconds);
  return from === "anthropic-messages" ? chatAnswer(answer, createdSeconds) : { answer, doubts: [] };
}

function withDoubts(said: TranslatedAnswer, doubts: readonly string[]): TranslatedAnswer {
  return "problem" in said ? said : { ...said, doubts: [...doubts, ...said.doubts] };
}
