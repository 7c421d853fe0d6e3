/** Per policy: how large a request may be for the 64-bit paths to be exact. Whatever is larger takes 128 bits. */
import {
  BPS_SQUARED, CANDIDATES, CANDIDATE_BYTES, COUNT, INPUT_PRICE, KEY_INPUT_TOKENS_MAX, KEY_OUTPUT_TOKENS_MAX,
  KEY_PREFIX_MAX, KEY_VALUE_MAX, LATENCY_P95_MS, LATENCY_PENALTY, OUTPUT_PRICE, QUALITY_BPS, RISK_MULTIPLIER,
  RISK_PRODUCT_MAX, U64_MAX, UNITS_PER_PRICE, WALK_INPUT_TOKENS_MAX, WALK_OUTPUT_TOKENS_MAX, WALK_PREFIX_MAX, WALK_VALUE_MAX,
} from "./layout.as";
import { divideWide, high, multiplyWide } from "./wide.as";

// The largest of the catalog, shared with the tables and the filter.
export let qualityMost: u32 = 0;
export let latencyMost: u32 = 0;
export let inputPriceMost: u64 = 0;
export let outputPriceMost: u64 = 0;
/** Every latency · penalty is at most 2^60. */
export let latencyFits: bool = false;

export function buildBounds(): void {
  measureCatalog();
  const penalty = load<u64>(LATENCY_PENALTY), multiplier = <u64>load<u32>(RISK_MULTIPLIER);
  latencyFits = penalty == 0 || <u64>latencyMost <= (<u64>1 << 60) / penalty;
  store<u64>(RISK_PRODUCT_MAX, atMost(U64_MAX, multiplier));

  // 47 bits of value times 16 of confidence or risk fit 63.
  store<i64>(WALK_VALUE_MAX, latencyFits ? <i64>1 << 47 : -1);
  store<i64>(KEY_VALUE_MAX, latencyFits ? <i64>1 << 47 : -1);
  store<u64>(WALK_PREFIX_MAX, atMost(U64_MAX >> 1, qualityMost));
  // Quality below 2^33, so that a packed key holds it beside 24 bits of cost and 6 of rank.
  store<u64>(KEY_PREFIX_MAX, qualityMost == 0 ? U64_MAX : (BPS_SQUARED << 33) / qualityMost - 1);
  const chargeMost = (U64_MAX >> 1) - UNITS_PER_PRICE;
  store<u64>(WALK_INPUT_TOKENS_MAX, atMost(chargeMost, inputPriceMost));
  store<u64>(WALK_OUTPUT_TOKENS_MAX, atMost(chargeMost, outputPriceMost));
  store<u64>(KEY_INPUT_TOKENS_MAX, keyTokensMax(inputPriceMost));
  store<u64>(KEY_OUTPUT_TOKENS_MAX, keyTokensMax(outputPriceMost));
}

/** floor(price · 2^40 / 10^6), or 2^64−1 when that does not fit. */
export function rateOf(price: u64): u64 {
  const product = multiplyWide(price, <u64>1 << 40);
  const rate = divideWide(high, product, UNITS_PER_PRICE);
  return high != 0 ? U64_MAX : rate;
}

/**
 * tokens · rate / 2^40 is below tokens · price / 10^6 by less than tokens / 2^40. The latter is a multiple of 10^−6, so
 * rounding up gives the same whole number as long as tokens / 2^40 < 10^−6: up to 1,099,511 tokens. And tokens · rate
 * fits 63 bits, which also holds each charge below 2^23.
 */
function keyTokensMax(price: u64): u64 {
  const rate = rateOf(price);
  if (rate == U64_MAX) return 0;
  return min<u64>(1_099_511, atMost((<u64>1 << 63) - (<u64>1 << 40), rate));
}

function atMost(limit: u64, factor: u64): u64 {
  return factor == 0 ? U64_MAX : limit / factor;
}

function measureCatalog(): void {
  qualityMost = 0;
  latencyMost = 0;
  inputPriceMost = 0;
  outputPriceMost = 0;
  for (let index: u32 = 0, count = load<u32>(COUNT); index < count; index++) {
    const candidate = CANDIDATES + index * CANDIDATE_BYTES;
    qualityMost = max<u32>(qualityMost, load<u16>(candidate, QUALITY_BPS));
    latencyMost = max<u32>(latencyMost, load<u32>(candidate, LATENCY_P95_MS));
    inputPriceMost = max<u64>(inputPriceMost, load<u64>(candidate, INPUT_PRICE));
    outputPriceMost = max<u64>(outputPriceMost, load<u64>(candidate, OUTPUT_PRICE));
  }
}
