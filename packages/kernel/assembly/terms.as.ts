/**
 * Cost, risk and utility as `src/arithmetic.ts` defines them: in words where `fits` says that those hold every product
 * (`fitsWords` in bounds.as.ts), else in 128 bits.
 */
import { BPS_SQUARED, INPUT_PRICE, OUTPUT_PRICE, RISK_MULTIPLIER, UNITS_PER_PRICE } from "./layout.as";
import { costWide, high, shareWide, utilityWide } from "./wide.as";

// @ts-ignore: decorator
@inline
export function costOf(candidate: usize, fits: bool, inputTokens: u64, outputTokens: u64): u64 {
  const inputPrice = load<u64>(candidate, INPUT_PRICE), outputPrice = load<u64>(candidate, OUTPUT_PRICE);
  return fits
    ? charge(inputTokens, inputPrice) + charge(outputTokens, outputPrice)
    : costWide(inputTokens, inputPrice, outputTokens, outputPrice);
}

/** ceil(tokens · price / 10^6). */
// @ts-ignore: decorator
@inline
function charge(tokens: u64, price: u64): u64 {
  return (tokens * price + (UNITS_PER_PRICE - 1)) / UNITS_PER_PRICE;
}

/** The low word; beyond words {@link riskHigh} is the other. */
// @ts-ignore: decorator
@inline
export function riskOf(fits: bool, value: u64, riskBps: u64): u64 {
  const multiplier = <u64>load<u32>(RISK_MULTIPLIER);
  if (fits) return (value * riskBps * multiplier) / BPS_SQUARED;
  const risk = shareWide(value, riskBps, multiplier);
  riskHigh = high;
  return risk;
}

export let riskHigh: u64 = 0;

/** `prefix` is value · confidence, the same for all candidates. */
// @ts-ignore: decorator
@inline
export function utilityOf(
  fits: bool, value: u64, confidence: u64, prefix: u64, quality: u64, risk: u64, cost: u64, latency: u64, penalty: u64,
): i64 {
  if (fits) return <i64>((prefix * quality) / BPS_SQUARED - risk - cost - latency * penalty);
  const worth = shareWide(value, confidence, quality);
  return utilityWide(high, worth, riskHigh, risk, cost, latency, penalty);
}
