/**
 * Prices of a model as integers. Every rate is in microcents per million units, whatever the unit is: tokens, searches or
 * requests; so $1 per million tokens is 100,000,000, and $10 per 1,000 searches is 1,000,000,000,000.
 * @module
 */

/** Units that have a rate, by what they count. */
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

/** A rate that depends on the size of the input: above a tier's bound, all of the units cost the tier's rate. */
export interface Rate {
  readonly base: bigint;
  /** By ascending bound. */
  readonly tiers: readonly { readonly aboveInputTokens: number; readonly rate: bigint }[];
}

export interface ModelPrices {
  readonly rates: { readonly [Name in RateName]?: Rate };
  /** Prices that the source has and the gateway cannot apply, since no usage counts their unit. */
  readonly unreadPrices: readonly string[];
}

/** When prices hold: always, from an instant on, or in a window of each day. */
export type PriceTime =
  | { readonly kind: "always" }
  | { readonly kind: "from"; readonly fromMs: number }
  | { readonly kind: "daily"; readonly startMs: number; readonly endMs: number };

export interface PricedModel {
  readonly provider: string;
  readonly id: string;
  /** Names that the source says are this model, letter by letter. */
  readonly exactIds: readonly string[];
  /** What the model reads and writes at most, as the source says; `undefined` where it does not. */
  readonly contextTokens: number | undefined;
  /** The last whose time has come holds; the first, where none has. */
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
  // A window may go over midnight.
  return time.startMs <= time.endMs
    ? ofDayMs >= time.startMs && ofDayMs < time.endMs
    : ofDayMs >= time.startMs || ofDayMs < time.endMs;
}

export function rateAt(rate: Rate, inputTokens: number): bigint {
  return rate.tiers.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens)?.rate ?? rate.base;
}

/** The highest rate of a unit, whatever the input is. */
export function rateMax(rate: Rate): bigint {
  return rate.tiers.reduce((max, tier) => (tier.rate > max ? tier.rate : max), rate.base);
}
