/**
 * What a call is expected to use, for ranking and governance. Not a bound: half of the calls use more.
 * @module
 */
import type { CallContent } from "../scan/content-count.ts";
import { kindOf, sizeOf } from "./call-size.ts";
import type { UsageEstimator } from "./usage-estimator.ts";

/** Bytes of a token before anything is learned: English text has about four, other scripts about two and a half. */
const BYTES_PER_TOKEN = 4;
const WIDE_BYTES_OF_TWO_TOKENS = 5;
const IMAGE_TOKENS = 1_000;
/** Of the output before anything is learned: few answers use their limit. */
const OUTPUT_TOKENS = 500;

export interface ExpectedUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Learns from the calls that are settled, and says what the next one is expected to use. */
export class ExpectedUses {
  readonly #input: UsageEstimator;
  readonly #output: UsageEstimator;

  /** @param output - of its own: the estimates of output by the number of answers. */
  constructor(input: UsageEstimator, output: UsageEstimator) {
    this.#input = input;
    this.#output = output;
  }

  /** @param outputTokensMax - the limit that is sent: nothing beyond it is expected. */
  expect(provider: string, content: CallContent, outputTokensMax: number): ExpectedUsage {
    const kind = kindOf(provider, content);
    const inputTokens = this.#input.median(kind, sizeOf(content)) ?? roughTokens(content);
    const outputTokens = this.#output.median(kind, content.choiceCount) ?? OUTPUT_TOKENS * content.choiceCount;
    return { inputTokens, outputTokens: Math.min(outputTokens, outputTokensMax * content.choiceCount) };
  }

  /** A call was answered to its end, and this is what the provider counted. */
  note(provider: string, content: CallContent, used: ExpectedUsage): void {
    const kind = kindOf(provider, content);
    this.#input.note(kind, sizeOf(content), used.inputTokens);
    this.#output.note(kind, content.choiceCount, used.outputTokens);
  }
}

/** Before anything is learned of such calls. */
export function roughTokens({ promptBytes, imageBytes, wideBytes, imageCount }: CallContent): number {
  const plainBytes = Math.max(0, promptBytes - imageBytes - wideBytes);
  const tokens = Math.ceil(plainBytes / BYTES_PER_TOKEN) + Math.ceil((2 * wideBytes) / WIDE_BYTES_OF_TWO_TOKENS);
  return tokens + IMAGE_TOKENS * imageCount;
}
