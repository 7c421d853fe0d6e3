/** 128-bit arithmetic: the low word is returned, the high word is left in {@link high}. */
import { BPS_SQUARED, U64_MAX, UNITS_PER_PRICE } from "./layout.as";

/** The high word of the last wide result. */
export let high: u64 = 0;

/** a · b, in 32-bit halves. `middle` sums three words below 2^32; the high word of a product cannot overflow. */
export function multiplyWide(a: u64, b: u64): u64 {
  const aLow = a & 0xffff_ffff, aHigh = a >> 32;
  const bLow = b & 0xffff_ffff, bHigh = b >> 32;
  const lowHigh = aLow * bHigh, highLow = aHigh * bLow;
  const middle = ((aLow * bLow) >> 32) + (lowHigh & 0xffff_ffff) + (highLow & 0xffff_ffff);
  high = aHigh * bHigh + (lowHigh >> 32) + (highLow >> 32) + (middle >> 32);
  return a * b;
}

/** floor(word / divisor), long division in 32-bit digits. Exact for divisors below 2^32, as a remainder then fits a digit. */
export function divideWide(wordHigh: u64, wordLow: u64, divisor: u64): u64 {
  let remainder = wordHigh % divisor;
  high = wordHigh / divisor;
  const upper = (remainder << 32) | (wordLow >> 32);
  remainder = upper % divisor;
  const lower = (remainder << 32) | (wordLow & 0xffff_ffff);
  return ((upper / divisor) << 32) | (lower / divisor);
}

/** floor(value · a · b / 10^8) for a and b of 16 bits. */
export function shareWide(value: u64, a: u64, b: u64): u64 {
  const product = multiplyWide(value, a * b);
  return divideWide(high, product, BPS_SQUARED);
}

/** ceil(tokens · price / 10^6). */
function chargeWide(tokens: u64, price: u64): u64 {
  const product = multiplyWide(tokens, price);
  const raised = product + (UNITS_PER_PRICE - 1);
  return divideWide(high + u64(raised < product), raised, UNITS_PER_PRICE);
}

/** The cost, saturating at 2^64−1. */
export function costWide(inputTokens: u64, inputPrice: u64, outputTokens: u64, outputPrice: u64): u64 {
  const input = chargeWide(inputTokens, inputPrice), inputHigh = high;
  const output = chargeWide(outputTokens, outputPrice), outputHigh = high;
  const sum = input + output;
  return (inputHigh | outputHigh | u64(sum < input)) != 0 ? U64_MAX : sum;
}

/**
 * quality − risk − cost − latency · penalty, clamped to 64 signed bits. The subtrahends sum to less than 2^97 and quality
 * is below 2^70, so 128 signed bits hold the difference.
 */
export function utilityWide(qualityHigh: u64, quality: u64, riskHigh: u64, risk: u64, cost: u64, latency: u64, penalty: u64): i64 {
  const delay = multiplyWide(latency, penalty), delayHigh = high;
  const spent = risk + cost;
  const burden = spent + delay;
  const burdenHigh = riskHigh + u64(spent < risk) + delayHigh + u64(burden < spent);
  const difference = <i64>(quality - burden);
  const differenceHigh = <i64>(qualityHigh - burdenHigh - u64(quality < burden));
  if (differenceHigh == difference >> 63) return difference;
  return differenceHigh < 0 ? i64.MIN_VALUE : i64.MAX_VALUE;
}
