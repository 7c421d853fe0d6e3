/**
 * The cost of a call: usage times prices, in integers, rounded up once at the end. Parts of a usage without a known price
 * are listed, and the caller holds the rest of the reservation for them.
 * @module
 */
import type { Microcents } from "@calybris/kernel";
import { microcents } from "@calybris/kernel";
import type { TokenUsage, UsageRecord } from "../usage/usage-record.ts";
import { ceilDivide } from "./genai-prices.ts";
import { type ModelPrices, type RateName, rateAt, rateMax } from "./model-prices.ts";
import { factorsOf, type PriceFactors } from "./price-factors.ts";

export interface CallCost {
  /** The known part of the cost, never more than the provider bills. */
  readonly costMicrocents: Microcents;
  /** Parts of the usage without a known price; empty if the cost is complete. */
  readonly unknown: readonly string[];
}

export interface PricedCall {
  readonly provider: string;
  readonly prices: ModelPrices;
  readonly factors?: PriceFactors;
  /** Prices of other models that produced a part of the answer, such as Anthropic's advisor. */
  readonly pricesOf?: (model: string) => ModelPrices | undefined;
}

const UNITS_PER_RATE = 1_000_000n;
const BPS = 10_000n;

/** Counts by the rate at which they are billed. */
type Bill = Map<RateName, number>;

/**
 * @example
 * ```ts
 * const prices = { rates: { input: { base: 300_000_000n, tiers: [] }, output: { base: 1_500_000_000n, tiers: [] } }, unreadPrices: [] };
 * const usage = { ...NO_USAGE, inputTokens: 1_000, outputTokens: 10 };
 * costOf(usage, { provider: "anthropic", prices }); // { costMicrocents: 315000n, unknown: [] }
 * ```
 */
export function costOf(usage: UsageRecord, { provider, prices, factors, pricesOf }: PricedCall): CallCost {
  const unknown: string[] = [];
  const { factorsBps, unknown: words } = factorsOf(usage, provider, factors);
  let tokens = tokenBill(usage, prices, unknown);
  for (const { model, usage: theirs } of usage.others) {
    const other = pricesOf?.(model);
    if (other === undefined) unknown.push(`model ${model}`);
    else tokens += tokenBill(theirs, other, unknown);
  }
  const numerator = factorsBps.reduce((sum, factorBps) => sum * BigInt(factorBps), tokens);
  const denominator = BPS ** BigInt(factorsBps.length);
  const perCall = perCallBill(usage, prices, unknown);
  unknown.push(...words, ...usage.unknownUnits);
  if (!usage.isFinal) unknown.push("output");
  const costMicrocents = ceilDivide(numerator + perCall * denominator, denominator * UNITS_PER_RATE);
  return { costMicrocents: microcents(costMicrocents), unknown: unknown.length < 2 ? unknown : [...new Set(unknown)] };
}

/** Bounds of a call's size, known before it is made. */
export interface CallBound {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly webSearches: number;
  /** The highest price factor that may apply: `priority` costs more than the list price. */
  readonly factorBpsMax: number;
}

/**
 * The maximum cost of a call within its bounds at list prices: every token at the highest rate of its direction, in the most
 * expensive tier. A unit without a rate cannot be bounded; {@link costOf} lists it.
 */
export function boundOf(
  { inputTokens, outputTokens, webSearches, factorBpsMax }: CallBound,
  prices: ModelPrices,
): Microcents {
  const { inputRate, outputRate, searchRate, requestRate } = highestRates(prices);
  const tokens = BigInt(inputTokens) * inputRate + BigInt(outputTokens) * outputRate;
  const calls = BigInt(webSearches) * searchRate + requestRate;
  return microcents(ceilDivide(tokens * BigInt(factorBpsMax) + calls * BPS, BPS * UNITS_PER_RATE));
}

interface HighestRates {
  readonly inputRate: bigint;
  readonly outputRate: bigint;
  readonly searchRate: bigint;
  readonly requestRate: bigint;
}

const HIGHEST = new WeakMap<ModelPrices, HighestRates>();

/** The highest rate of a unit in each direction, in microcents per million units. */
export function highestRates(prices: ModelPrices): HighestRates {
  let found = HIGHEST.get(prices);
  if (found === undefined) {
    found = highestIn(prices);
    HIGHEST.set(prices, found);
  }
  return found;
}

function highestIn({ rates }: ModelPrices): HighestRates {
  const highest = (names: readonly RateName[]): bigint =>
    names.reduce((max, name) => {
      const rate = rates[name];
      return rate !== undefined && rateMax(rate) > max ? rateMax(rate) : max;
    }, 0n);
  return {
    inputRate: highest(INPUT_RATES),
    outputRate: highest(OUTPUT_RATES),
    searchRate: highest(["webSearch"]),
    requestRate: highest(["request"]),
  };
}

const INPUT_RATES: readonly RateName[] = [
  "input",
  "cacheRead",
  "cacheWrite",
  "cacheWrite1h",
  "audioInput",
  "audioCacheRead",
  "imageInput",
  "videoInput",
];
const OUTPUT_RATES: readonly RateName[] = ["output", "audioOutput", "imageOutput", "reasoning"];

function tokenBill(usage: TokenUsage, prices: ModelPrices, unknown: string[]): bigint {
  const { inputTokens } = usage;
  const input = sumOf(inputBill(usage, prices, unknown), inputTokens, prices, unknown);
  return input + sumOf(outputBill(usage, prices), inputTokens, prices, unknown);
}

function inputBill(usage: TokenUsage, { rates }: ModelPrices, unknown: string[]): Bill {
  const { cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens, cacheWrite12hTokens } = usage;
  const bill: Bill = new Map();
  const audioRead = Math.min(usage.audioCacheReadTokens, cacheReadTokens);
  bill.set("audioCacheRead", rates.audioCacheRead === undefined ? 0 : audioRead);
  bill.set("cacheRead", cacheReadTokens - (bill.get("audioCacheRead") ?? 0));
  bill.set("cacheWrite", cacheWriteTokens + cacheWrite12hTokens);
  bill.set("cacheWrite1h", cacheWrite1hTokens);
  // A part without its own rate has the rate of the total.
  if (rates.audioInput !== undefined) bill.set("audioInput", Math.max(0, usage.audioInputTokens - audioRead));
  if (rates.imageInput !== undefined) bill.set("imageInput", usage.imageInputTokens);
  if (rates.videoInput !== undefined) bill.set("videoInput", usage.videoInputTokens);
  if (cacheWrite12hTokens > 0) unknown.push("cacheWrite12h");
  const named = countIn(bill);
  if (named > usage.inputTokens) unknown.push("parts that overlap");
  return bill.set("input", Math.max(0, usage.inputTokens - named));
}

function outputBill(usage: TokenUsage, { rates }: ModelPrices): Bill {
  const bill: Bill = new Map();
  if (rates.audioOutput !== undefined) bill.set("audioOutput", usage.audioOutputTokens);
  if (rates.imageOutput !== undefined) bill.set("imageOutput", usage.imageOutputTokens);
  if (rates.reasoning !== undefined) bill.set("reasoning", usage.reasoningTokens);
  const named = countIn(bill);
  return bill.set("output", Math.max(0, usage.outputTokens - named));
}

function countIn(bill: Bill): number {
  let sum = 0;
  for (const count of bill.values()) sum += count;
  return sum;
}

/**
 * The rate of a part without its own rate. A price list without a price for cache reads gives no discount for them. One
 * without a price for cache writes may omit a surcharge, so the rest of the possible cost is held.
 */
const INSTEAD: { readonly [Name in RateName]?: readonly RateName[] } = {
  cacheRead: ["input"],
  cacheWrite: ["input"],
  cacheWrite1h: ["cacheWrite", "input"],
};
const WITHOUT_SURCHARGE: ReadonlySet<RateName> = new Set(["cacheRead"]);

function sumOf(bill: Bill, inputTokens: number, { rates }: ModelPrices, unknown: string[]): bigint {
  let sum = 0n;
  for (const [name, count] of bill) {
    if (count === 0) continue;
    const named = rates[name] === undefined ? INSTEAD[name]?.find((one) => rates[one] !== undefined) : name;
    const rate = named === undefined ? undefined : rates[named];
    if (rate === undefined || (named !== name && !WITHOUT_SURCHARGE.has(name))) unknown.push(name);
    if (rate !== undefined) sum += BigInt(count) * rateAt(rate, inputTokens);
  }
  return sum;
}

function perCallBill({ webSearches, inputTokens }: UsageRecord, prices: ModelPrices, unknown: string[]): bigint {
  if (webSearches === 0 && prices.rates.request === undefined) return 0n;
  const bill: Bill = new Map([
    ["webSearch", webSearches],
    ["request", prices.rates.request === undefined ? 0 : 1],
  ]);
  return sumOf(bill, inputTokens, prices, unknown);
}
