/**
 * Prices from the data of `@pydantic/genai-prices`. Its code is not used: it computes in doubles, and its prefix matching
 * prices models that it does not know. Here decimals are converted to integers once, and IDs match exactly.
 * @module
 */
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import type { ModelPrices, PricedModel, PriceTime, Rate, RateName } from "./model-prices.ts";

/** The source's keys, with the number of units that a price is for. */
const KEYS: ReadonlyMap<string, { readonly name: RateName; readonly per: bigint }> = new Map(
  Object.entries({
    input_mtok: "input",
    output_mtok: "output",
    cache_read_mtok: "cacheRead",
    cache_write_mtok: "cacheWrite",
    cache_write_1h_mtok: "cacheWrite1h",
    input_audio_mtok: "audioInput",
    cache_audio_read_mtok: "audioCacheRead",
    output_audio_mtok: "audioOutput",
    input_image_mtok: "imageInput",
    output_image_mtok: "imageOutput",
    input_video_mtok: "videoInput",
    output_reasoning_mtok: "reasoning",
    web_searches_kcount: "webSearch",
    requests_kcount: "request",
  } as const).map(([key, name]) => [key, { name, per: key.endsWith("_kcount") ? 1_000n : 1_000_000n }]),
);

/** Decimals of a rate in dollars per million units that make an integer of microcents. */
const RATE_DECIMALS = 8;

/** The models of one provider of the source: a result of `findProvider`, or an element of its `data.json`. */
export function pricedModels(provider: unknown): readonly PricedModel[] {
  const { id, models } = asObject(provider) ?? {};
  return asList(models).flatMap((model) => pricedModel(String(id), asObject(model) ?? {}));
}

/** The ID that the source's own matching, including prefixes, gives for a model that it may not know. For reports only. */
export function nearestId(provider: unknown, id: string): string | undefined {
  const found = asList(asObject(provider)?.["models"]).find((model) => matches(asObject(model)?.["match"], id));
  return found === undefined ? undefined : String(asObject(found)?.["id"]);
}

/** Converts a price in dollars to a rate: exact for up to eight decimals, rounded up beyond. */
export function rateOfDollars(dollars: number, per: bigint): bigint {
  const [digits = "", exponent = "0"] = String(dollars).split("e");
  const [whole = "", fraction = ""] = digits.split(".");
  const scale = fraction.length - Number(exponent);
  const numerator = BigInt(whole + fraction) * 10n ** BigInt(RATE_DECIMALS) * (1_000_000n / per);
  return scale <= 0 ? numerator * 10n ** BigInt(-scale) : ceilDivide(numerator, 10n ** BigInt(scale));
}

export function ceilDivide(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

function pricedModel(provider: string, model: Json): readonly PricedModel[] {
  const { id, prices } = model;
  const list = Array.isArray(prices) ? prices : [{ prices }];
  const dated = list.map((one) => {
    const { constraint, prices: given } = asObject(one) ?? {};
    return { time: priceTime(asObject(constraint)), prices: modelPrices(asObject(given) ?? {}) };
  });
  const exactIds = [String(id), ...equalIds(model["match"])];
  const window = model["context_window"];
  const contextTokens = Number.isSafeInteger(window) && Number(window) > 0 ? Number(window) : undefined;
  return [{ provider, id: String(id), exactIds: [...new Set(exactIds)], contextTokens, dated }];
}

function modelPrices(given: Json): ModelPrices {
  const rates: { [Name in RateName]?: Rate } = {};
  const unreadPrices: string[] = [];
  for (const [key, price] of Object.entries(given)) {
    const known = KEYS.get(key);
    const rate = known === undefined ? undefined : rateOf(price, known.per);
    if (known === undefined || rate === undefined) unreadPrices.push(key);
    else rates[known.name] = rate;
  }
  return { rates, unreadPrices };
}

function rateOf(price: unknown, per: bigint): Rate | undefined {
  if (isPrice(price)) return { base: rateOfDollars(price, per), tiers: [] };
  const { base, tiers } = asObject(price) ?? {};
  if (!isPrice(base)) return undefined;
  const read = asList(tiers).flatMap((tier) => {
    const { start, price: given } = asObject(tier) ?? {};
    return isPrice(given) && typeof start === "number" && Number.isSafeInteger(start)
      ? [{ aboveInputTokens: start, rate: rateOfDollars(given, per) }]
      : [];
  });
  if (read.length !== asList(tiers).length) return undefined;
  return { base: rateOfDollars(base, per), tiers: read.toSorted((a, b) => a.aboveInputTokens - b.aboveInputTokens) };
}

function isPrice(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function priceTime(constraint: Json | undefined): PriceTime {
  if (constraint === undefined) return { kind: "always" };
  const { start_date: start, start_time: from, end_time: to } = constraint;
  if (typeof start === "string") return { kind: "from", fromMs: Date.parse(start) };
  return { kind: "daily", startMs: timeOfDayMs(String(from)), endMs: timeOfDayMs(String(to)) };
}

/** Parses a time of day in UTC, as `00:30:00Z`. */
function timeOfDayMs(text: string): number {
  const [, hours = "", minutes = "", seconds = ""] = /^(\d\d):(\d\d):(\d\d)Z$/.exec(text) ?? [];
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
}

function equalIds(match: unknown): readonly string[] {
  const { equals, or } = asObject(match) ?? {};
  if (typeof equals === "string") return [equals];
  return asList(or).flatMap(equalIds);
}

function matches(match: unknown, id: string): boolean {
  const rule = asObject(match) ?? {};
  const lower = id.toLowerCase();
  const [operator = "", operand] = Object.entries(rule)[0] ?? [];
  const text = String(operand).toLowerCase();
  if (operator === "or") return asList(operand).some((inner) => matches(inner, id));
  if (operator === "and") return asList(operand).every((inner) => matches(inner, id));
  if (operator === "equals") return lower === text;
  if (operator === "starts_with") return lower.startsWith(text);
  if (operator === "ends_with") return lower.endsWith(text);
  if (operator === "contains") return lower.includes(text);
  return operator === "regex" && new RegExp(String(operand)).test(id);
}
