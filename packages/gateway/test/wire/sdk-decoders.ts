/** Streams as the official SDKs decode them, and as the scanner does. */
import { _iterSSEMessages as anthropicMessages } from "@anthropic-ai/sdk/core/streaming";
import { _iterSSEMessages as openaiMessages } from "openai/core/streaming";
import type { SseBlock } from "../../src/wire/sse-block.ts";
import { SseScanner } from "../../src/wire/sse-scanner.ts";

export interface Message {
  readonly event: string;
  readonly data: string;
}

export function blocksOf(pieces: Iterable<Uint8Array>): SseBlock[] {
  const scanner = new SseScanner();
  const blocks: SseBlock[] = [];
  for (const piece of pieces)
    blocks.push(...scanner.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)));
  const last = scanner.end();
  return last === undefined ? blocks : [...blocks, last];
}

/** Messages as the SDKs count them: an event's name or data. */
export function messagesOf(blocks: readonly SseBlock[]): Message[] {
  return blocks
    .map(({ event, data }) => ({ event, data: data ?? "", isOne: event !== "" || data !== undefined }))
    .filter(({ isOne }) => isOne)
    .map(({ event, data }) => ({ event, data }));
}

export function decodedByOpenai(pieces: readonly Uint8Array[]): Promise<Message[]> {
  return decoded(openaiMessages, pieces);
}

export function decodedByAnthropic(pieces: readonly Uint8Array[]): Promise<Message[]> {
  return decoded(anthropicMessages, pieces);
}

export function joined(blocks: readonly SseBlock[]): Buffer {
  return Buffer.concat(blocks.map(({ bytes }) => bytes));
}

/** Every byte a piece of its own. */
export function bytewise(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1));
}

type Decoder = (
  response: Response,
  controller: AbortController,
) => AsyncIterable<{ readonly event: string | null; readonly data: string }>;

async function decoded(iterate: Decoder, pieces: readonly Uint8Array[]): Promise<Message[]> {
  const body = new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const messages: Message[] = [];
  for await (const { event, data } of iterate(new Response(body), new AbortController()))
    messages.push({ event: event ?? "", data });
  return messages;
}
