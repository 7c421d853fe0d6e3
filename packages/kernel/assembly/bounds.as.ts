/**
 * Per policy: how large a request may be for 64 bits to be exact. Three ways to calculate, each for what the one before
 * cannot hold: fixed-point rates and packed keys (masked.as.ts), 64-bit words (`fitsWords`), 128 bits (wide.as.ts).
 *
 * Within the bounds of words nothing overflows: value · confidence and value · risk have at most 47 + 16 bits; times a
 * quality or the multiplier they stay within `PREFIX_MAX` and `RISK_PRODUCT_MAX`; a charge is rounded up before it is
 * divided, so tokens · price leaves room for 10^6; a latency's penalty is at most 2^60; and a utility is the difference of
 * terms below 2^63, of which only the first is added.
 */
import {
  CANDIDATES, CANDIDATE_BYTES, COUNT, INPUT_PRICE, INPUT_TOKENS_MAX, LATENCY_P95_MS, LATENCY_PENALTY,
  OUTPUT_PRICE, OUTPUT_TOKENS_MAX, PREFIX_MAX, QUALITY_BPS, QUALITY_MOST, RATE_INPUT_BITS, RATE_INPUT_MOST,
  RATE_INPUT_TOKENS_MAX, RATE_OUTPUT_BITS, RATE_OUTPUT_MOST, RATE_OUTPUT_TOKENS_MAX, RISK_MULTIPLIER, RISK_PRODUCT_MAX,
  U64_MAX, UNITS_PER_PRICE, VALUE_MAX,
} from "./layout.as";
import { divideWide, high, multiplyWide } from "./wide.as";

// The largest of the catalog, shared with the tables and the filter.
export let qualityMost: u32 = 0;
export let latencyMost: u32 = 0;
export let inputPriceMost: u64 = 0;
export let outputPriceMost: u64 = 0;
/** Every latency · penalty is at most 2^60. */
export let latencyFits: bool = false;
/** What all input prices, and a million, are multiples of; and all output prices. */
let inputPriceUnit: u64 = UNITS_PER_PRICE;
let outputPriceUnit: u64 = UNITS_PER_PRICE;

export function buildBounds(): void {
  measureCatalog();
  const penalty = load<u64>(LATENCY_PENALTY), multiplier = <u64>load<u32>(RISK_MULTIPLIER);
  latencyFits = penalty == 0 || <u64>latencyMost <= (<u64>1 << 60) / penalty;

  store<i64>(VALUE_MAX, latencyFits ? <i64>1 << 47 : -1);
  store<u64>(PREFIX_MAX, atMost(i64.MAX_VALUE, qualityMost));
  store<u64>(RISK_PRODUCT_MAX, atMost(U64_MAX, multiplier));
  const chargeMost = <u64>i64.MAX_VALUE - UNITS_PER_PRICE;
  store<u64>(INPUT_TOKENS_MAX, atMost(chargeMost, inputPriceMost));
  store<u64>(OUTPUT_TOKENS_MAX, atMost(chargeMost, outputPriceMost));

  const inputBits = rateBits(inputPriceMost, inputPriceUnit), outputBits = rateBits(outputPriceMost, outputPriceUnit);
  store<u64>(RATE_INPUT_BITS, inputBits);
  store<u64>(RATE_OUTPUT_BITS, outputBits);
  store<u64>(RATE_INPUT_MOST, rateOf(inputPriceMost, inputBits));
  store<u64>(RATE_OUTPUT_MOST, rateOf(outputPriceMost, outputBits));
  store<u64>(RATE_INPUT_TOKENS_MAX, rateTokensMax(inputPriceMost, inputPriceUnit, inputBits));
  store<u64>(RATE_OUTPUT_TOKENS_MAX, rateTokensMax(outputPriceMost, outputPriceUnit, outputBits));
  store<u64>(QUALITY_MOST, qualityMost);
}

/** floor(price · 2^bits / 10^6), or 2^64−1 when that does not fit. */
export function rateOf(price: u64, bits: u64): u64 {
  const product = multiplyWide(price, <u64>1 << bits);
  const rate = divideWide(high, product, UNITS_PER_PRICE);
  return high != 0 ? U64_MAX : rate;
}

/** The fraction that lets the most tokens through: a longer one is exact for more of them, a shorter one overflows later. */
function rateBits(priceMost: u64, unit: u64): u64 {
  let best: u64 = 0, most: u64 = 0;
  for (let bits: u64 = 16; bits <= 44; bits++) {
    const tokens = rateTokensMax(priceMost, unit, bits);
    if (tokens < most) continue;
    best = bits;
    most = tokens;
  }
  return best;
}

/**
 * How many tokens a rate is exact for, with the most expensive price and what all prices are multiples of.
 *
 * A rate drops less than 1 of price · 2^bits / 10^6, so tokens · rate / 2^bits falls short of x = tokens · price / 10^6 by
 * less than tokens / 2^bits. x is a multiple of unit / 10^6: a whole number, or at least unit / 10^6 above one. So while
 * tokens / 2^bits ≤ unit / 10^6, what falls short of x is still above the whole number below x, and rounds up to the same
 * (test/fixed-point.test.ts). And tokens · rate stays below 2^62, so that two charges and a budget of 2^62 add up in 64 bits.
 */
function rateTokensMax(priceMost: u64, unit: u64, bits: u64): u64 {
  const rate = rateOf(priceMost, bits);
  if (rate == U64_MAX) return 0;
  return min<u64>((<u64>1 << bits) / (UNITS_PER_PRICE / unit), atMost(<u64>1 << 62, rate));
}

/** Whether 64-bit words hold every product of the definition. Beyond `VALUE_MAX` the first two wrap, and count for nothing. */
// @ts-ignore: decorator
@inline
export function fitsWords(value: u64, confidence: u64, riskBps: u64, inputTokens: u64, outputTokens: u64): bool {
  return <i64>value <= load<i64>(VALUE_MAX) && value * confidence <= load<u64>(PREFIX_MAX) &&
    value * riskBps <= load<u64>(RISK_PRODUCT_MAX) && inputTokens <= load<u64>(INPUT_TOKENS_MAX) &&
    outputTokens <= load<u64>(OUTPUT_TOKENS_MAX);
}

/** The most that may be multiplied by the factor and stay within the limit; below 2^63, as margins are signed. */
function atMost(limit: u64, factor: u64): u64 {
  const most = <u64>i64.MAX_VALUE;
  return factor == 0 ? most : min<u64>(limit / factor, most);
}

function measureCatalog(): void {
  qualityMost = 0;
  latencyMost = 0;
  inputPriceMost = 0;
  outputPriceMost = 0;
  inputPriceUnit = UNITS_PER_PRICE;
  outputPriceUnit = UNITS_PER_PRICE;
  for (let index: u32 = 0, count = load<u32>(COUNT); index < count; index++) {
    const candidate = CANDIDATES + index * CANDIDATE_BYTES;
    qualityMost = max<u32>(qualityMost, load<u16>(candidate, QUALITY_BPS));
    latencyMost = max<u32>(latencyMost, load<u32>(candidate, LATENCY_P95_MS));
    inputPriceMost = max<u64>(inputPriceMost, load<u64>(candidate, INPUT_PRICE));
    outputPriceMost = max<u64>(outputPriceMost, load<u64>(candidate, OUTPUT_PRICE));
    inputPriceUnit = commonDivisor(inputPriceUnit, load<u64>(candidate, INPUT_PRICE));
    outputPriceUnit = commonDivisor(outputPriceUnit, load<u64>(candidate, OUTPUT_PRICE));
  }
}

function commonDivisor(a: u64, b: u64): u64 {
  while (b != 0) {
    const remainder = a % b;
    a = b;
    b = remainder;
  }
  return a;
}
