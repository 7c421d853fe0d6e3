/**
 * The size of a call before it is sent: the token bound from its bytes, and the kind under which its tokens are learned.
 * @module
 */
import type { CallContent } from "../scan/content-count.ts";

/** Tokens that a provider adds to a prompt: the frame of each call, and instructions for tools. */
const FRAME_TOKENS = 256;
const TOOLS_TOKENS = 1_024;

/**
 * Maximum input tokens of a call; `undefined` if its bytes do not show them. A tokenizer never makes more tokens than bytes,
 * and a request's JSON is longer than its text: the names and brackets of a message are longer than the markers that a model
 * reads instead.
 */
export function tokensByBytes({ promptBytes, toolCount, hidden }: CallContent): number | undefined {
  if (hidden.length > 0) return undefined;
  return promptBytes + FRAME_TOKENS + (toolCount > 0 ? TOOLS_TOKENS : 0);
}

/** Bytes that an image and any other hidden part count as. Estimates scale with them. */
const IMAGE_SIZE = 4_096;
const HIDDEN_SIZE = 16_384;

/** The size on which estimates are based: bytes of text, and a constant for each hidden part. */
export function sizeOf({ promptBytes, imageBytes, imageCount, hidden }: CallContent): number {
  const unseen = hidden.filter((name) => name !== "image").length;
  return FRAME_TOKENS + promptBytes - imageBytes + IMAGE_SIZE * imageCount + HIDDEN_SIZE * unseen;
}

/** Text with at least a tenth of non-ASCII bytes has a different ratio of tokens to bytes. */
const WIDE_SHARE = 10;
const TOOLS_SHARE = 2;

/**
 * The kind under which a call's tokens are learned: the provider, and the composition of the prompt. There are at most 16
 * kinds per provider.
 */
export function kindOf(provider: string, content: CallContent): string {
  const { promptBytes, imageBytes, wideBytes, toolBytes, imageCount, hidden } = content;
  const textBytes = promptBytes - imageBytes;
  const parts = [
    wideBytes * WIDE_SHARE >= textBytes && wideBytes > 0 ? "wide" : "plain",
    ...(toolBytes * TOOLS_SHARE >= textBytes && toolBytes > 0 ? ["tools"] : []),
    ...(imageCount > 0 ? ["images"] : []),
    ...(hidden.some((name) => name !== "image") ? ["hidden"] : []),
  ];
  return `${provider} ${parts.join("+")}`;
}
