/**
 * Prices of a model as integers. Every rate is in microcents per million units: tokens, searches or requests. So $1 per
 * million tokens is 100,000,000, and $10 per 1,000 searches is 1,000,000,000,000.
 * @module
 */

/** The units that have a rate. */
export const RATE_NAMES = [
  "input",
  "output",
  "cacheRead",
  "cacheWrite",
  "cacheWrite1h",
  "audioInput",
  "audioCacheRead",
  "audioOutput",
  "imageInput",
  "imageOutput",
  "videoInput",
  "reasoning",
  "webSearch",
  "request",
] as const;

export type RateName = (typeof RATE_NAMES)[number];

/** A rate that depends on the size of the input: above a tier's bound, all units cost the tier's rate. */
export interface Rate {
  readonly base: bigint;
  /** In ascending order of bounds. */
  readonly tiers: readonly { readonly aboveInputTokens: number; readonly rate: bigint }[];
}

export interface ModelPrices {
  readonly rates: { readonly [Name in RateName]?: Rate };
  /** Prices of the source that the gateway cannot apply, because no usage counts their unit. */
  readonly unreadPrices: readonly string[];
}

/** The time when prices apply: always, from an instant on, or in a daily window. */
export type PriceTime =
  | { readonly kind: "always" }
  | { readonly kind: "from"; readonly fromMs: number }
  | { readonly kind: "daily"; readonly startMs: number; readonly endMs: number };

export interface PricedModel {
  readonly provider: string;
  readonly id: string;
  /** Names of this model in the source, matched exactly. */
  readonly exactIds: readonly string[];
  /** The context window according to the source; `undefined` if it states none. */
  readonly contextTokens: number | undefined;
  /** The last one whose time has come applies, or the first if none has. */
  readonly dated: readonly { readonly time: PriceTime; readonly prices: ModelPrices }[];
}

const DAY_MS = 86_400_000;

/** The prices at an instant. */
export function pricesAt(model: PricedModel, timeMs: number): ModelPrices {
  const current = model.dated.findLast(({ time }) => holds(time, timeMs)) ?? model.dated[0];
  if (current === undefined) throw new RangeError(`${model.id} has no prices`);
  return current.prices;
}

function holds(time: PriceTime, atMs: number): boolean {
  if (time.kind === "always") return true;
  if (time.kind === "from") return atMs >= time.fromMs;
  const ofDayMs = ((atMs % DAY_MS) + DAY_MS) % DAY_MS;
  // A window may span midnight.
  return time.startMs <= time.endMs
    ? ofDayMs >= time.startMs && ofDayMs < time.endMs
    : ofDayMs >= time.startMs || ofDayMs < time.endMs;
}

export function rateAt(rate: Rate, inputTokens: number): bigint {
  return rate.tiers.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens)?.rate ?? rate.base;
}

/** The highest rate of a unit for any input size. */
export function rateMax(rate: Rate): bigint {
  return rate.tiers.reduce((max, tier) => (tier.rate > max ? tier.rate : max), rate.base);
}
