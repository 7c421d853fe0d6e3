/**
 * The size of a call before it is sent: what its bytes bound, and the kind under which its tokens are learned.
 * @module
 */
import type { CallContent } from "../scan/content-count.ts";

/** What a provider adds to a prompt of its own: instructions for tools, and the frame of each call. */
const FRAME_TOKENS = 256;
const TOOLS_TOKENS = 1_024;

/**
 * At most so many tokens are read; `undefined` where the bytes do not show it. A tokenizer makes no more tokens than there
 * are bytes, and a request's JSON is longer than the text that it holds; names and brackets of a message are longer than the
 * marks that a model reads in their place.
 */
export function tokensByBytes({ promptBytes, toolCount, hidden }: CallContent): number | undefined {
  if (hidden.length > 0) return undefined;
  return promptBytes + FRAME_TOKENS + (toolCount > 0 ? TOOLS_TOKENS : 0);
}

/** Bytes that an image, and anything else that is not seen, counts as. Estimates scale what they learn by it. */
const IMAGE_SIZE = 4_096;
const HIDDEN_SIZE = 16_384;

/** What estimates are made from: bytes of text, and a constant for each thing that bytes do not measure. */
export function sizeOf({ promptBytes, imageBytes, imageCount, hidden }: CallContent): number {
  const unseen = hidden.filter((name) => name !== "image").length;
  return FRAME_TOKENS + promptBytes - imageBytes + IMAGE_SIZE * imageCount + HIDDEN_SIZE * unseen;
}

/** Text of which a tenth and more is not ASCII has other tokens per byte. */
const WIDE_SHARE = 10;
const TOOLS_SHARE = 2;

/**
 * The kind under which a call's tokens are learned: the provider, and what the prompt consists of. There are at most 16 kinds
 * for a provider.
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
