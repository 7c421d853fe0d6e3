/**
 * The expected usage of a call, for ranking and governance. It is not a bound: half of the calls use more.
 * @module
 */
import type { CallContent } from "../scan/content-count.ts";
import { kindOf, sizeOf } from "./call-size.ts";
import type { UsageEstimator } from "./usage-estimator.ts";

/** Bytes per token before anything is learned: about four in English text, about two and a half in other scripts. */
const BYTES_PER_TOKEN = 4;
const WIDE_BYTES_OF_TWO_TOKENS = 5;
const IMAGE_TOKENS = 1_000;
/** Output before anything is learned: few answers use their limit. */
const OUTPUT_TOKENS = 500;

export interface ExpectedUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Learns from settled calls and predicts the usage of the next. */
export class ExpectedUses {
  readonly #input: UsageEstimator;
  readonly #output: UsageEstimator;

  /** @param output - a separate estimator, of output by the number of answers. */
  constructor(input: UsageEstimator, output: UsageEstimator) {
    this.#input = input;
    this.#output = output;
  }

  /** @param outputTokensMax - the limit that is sent, which caps the expectation. */
  expect(provider: string, content: CallContent, outputTokensMax: number): ExpectedUsage {
    const kind = kindOf(provider, content);
    const inputTokens = this.#input.median(kind, sizeOf(content)) ?? roughTokens(content);
    const outputTokens = this.#output.median(kind, content.choiceCount) ?? OUTPUT_TOKENS * content.choiceCount;
    return { inputTokens, outputTokens: Math.min(outputTokens, outputTokensMax * content.choiceCount) };
  }

  /** Learns the provider's counts of a completely answered call. */
  note(provider: string, content: CallContent, used: ExpectedUsage): void {
    const kind = kindOf(provider, content);
    this.#input.note(kind, sizeOf(content), used.inputTokens);
    this.#output.note(kind, content.choiceCount, used.outputTokens);
  }
}

/** The expectation before calls of the kind were seen. */
export function roughTokens({ promptBytes, imageBytes, wideBytes, imageCount }: CallContent): number {
  const plainBytes = Math.max(0, promptBytes - imageBytes - wideBytes);
  const tokens = Math.ceil(plainBytes / BYTES_PER_TOKEN) + Math.ceil((2 * wideBytes) / WIDE_BYTES_OF_TWO_TOKENS);
  return tokens + IMAGE_TOKENS * imageCount;
}
