/**
 * The maximum cost of a call on a candidate before it is made, in the form that the engine reserves: a part that does not
 * depend on the output limit, and a price per output token. The engine lowers the limit to fit the budget.
 *
 * The first part is given on up to three bases, the best first. `bytes` is a bound, and so is `window` unless a hosted tool
 * runs. `estimate` is exceeded by a stated share of calls; the excess is an overrun.
 * @module
 */
import { type Microcents, microcents } from "@calybris/kernel";
import { highestRates } from "../prices/call-cost.ts";
import { ceilDivide } from "../prices/genai-prices.ts";
import type { ModelPrices } from "../prices/model-prices.ts";
import type { CallContent } from "../scan/content-count.ts";
import { kindOf, sizeOf, tokensByBytes } from "./call-size.ts";
import type { UsageEstimator } from "./usage-estimator.ts";

export type BoundBasis = "bytes" | "estimate" | "window";

export interface BoundedCandidate {
  /** Estimates are learned by provider, because each counts tokens differently. */
  readonly provider: string;
  readonly prices: ModelPrices;
  /** The context window, input and output together; `undefined` if unknown. */
  readonly contextTokens: number | undefined;
  /** The highest price factor that may apply, from `factorMax`. */
  readonly factorBpsMax: number;
}

export interface CallCostBound {
  /** Best basis first; at least one. */
  readonly input: readonly { readonly basis: BoundBasis; readonly microcents: Microcents }[];
  /** Per million tokens of the output limit, for all answers of the call together. */
  readonly outputPriceMicrocents: Microcents;
}

const UNITS = 1_000_000n;
const BPS = 10_000n;
/** With a hosted tool the model reads its input repeatedly. No provider states how often, so this is an assumption. */
const HOSTED_PASSES = 2n;
/** Assumed searches of a tool without a limit. */
const SEARCHES_ASSUMED = 10;

/**
 * @param estimator - if absent, only bounds are returned.
 * @returns `undefined` if nothing bounds the call: its bytes do not show its input, the window is unknown, and no estimate
 *   was learned; also for a model without an input or output price. The call must then not be sent there.
 *
 * @example
 * ```ts
 * const rates = { input: { base: 300_000_000n, tiers: [] }, output: { base: 1_500_000_000n, tiers: [] } };
 * const candidate = { provider: "p", prices: { rates, unreadPrices: [] }, contextTokens: 200_000, factorBpsMax: 10_000 };
 * const content = { promptBytes: 744, wideBytes: 0, messageCount: 1, toolCount: 0, toolBytes: 0, imageCount: 0, imageBytes: 0, choiceCount: 1, predictionBytes: 0, searchesMax: 0, hidden: [], userText: "" };
 * callBound(content, candidate)?.input; // [{ basis: "bytes", microcents: 300000n }]
 * ```
 */
export function callBound(
  content: CallContent,
  candidate: BoundedCandidate,
  estimator?: UsageEstimator,
): CallCostBound | undefined {
  const { prices, contextTokens, factorBpsMax, provider } = candidate;
  const { inputRate, outputRate, searchRate, requestRate } = highestRates(prices);
  if (prices.rates.input === undefined) return undefined;
  const factor = BigInt(factorBpsMax);
  const fixed =
    BigInt(content.predictionBytes) * outputRate * factor +
    (BigInt(content.searchesMax ?? SEARCHES_ASSUMED) * searchRate + requestRate) * BPS;
  const cost = (tokens: bigint): Microcents => microcents(ceilDivide(tokens * inputRate * factor + fixed, UNITS * BPS));
  const tokens = inputTokens(content, contextTokens);
  const input: { basis: BoundBasis; microcents: Microcents }[] = [];
  if (tokens !== undefined) input.push({ basis: tokens.basis, microcents: cost(tokens.count) });
  const estimate = estimator?.tokens(kindOf(provider, content), sizeOf(content));
  if (estimate !== undefined && (tokens === undefined || BigInt(estimate) < tokens.count))
    input.push({ basis: "estimate", microcents: cost(BigInt(estimate)) });
  if (input.length === 0) return undefined;
  const outputPrice = ceilDivide(outputRate * factor * BigInt(content.choiceCount), BPS);
  return { input, outputPriceMicrocents: microcents(outputPrice) };
}

/** The bound of the input tokens: by bytes, at most the context window. */
function inputTokens(
  content: CallContent,
  contextTokens: number | undefined,
): { readonly basis: "bytes" | "window"; readonly count: bigint } | undefined {
  const bytes = tokensByBytes(content);
  if (bytes !== undefined && (contextTokens === undefined || bytes <= contextTokens))
    return { basis: "bytes", count: BigInt(bytes) };
  if (contextTokens === undefined) return undefined;
  const passes = content.hidden.some((name) => name !== "image") ? HOSTED_PASSES : 1n;
  return { basis: "window", count: BigInt(contextTokens) * passes };
}
