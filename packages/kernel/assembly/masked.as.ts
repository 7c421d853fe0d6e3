/**
 * The fast decision, for catalogs of up to 64 candidates: the gates are masks, their intersection the survivors, and the
 * best two survivors are the largest of one packed key each, kept without a branch.
 */
import { contenders, possible } from "./filter.as";
import { capabilityMask, latencyMask, providerMask, qualityMask, regionMask, riskMask } from "./gates.as";
import { rejectedAtHardLimit } from "./hard-limits.as";
import {
  BPS_SQUARED, BUDGET_LIMIT, CONFIDENCE_BPS, COUNT, ENABLED_MASK, FILTER_USABLE, IDENTITIES, INPUT_TOKENS, OUTPUT_TOKENS,
  QUALITY_MOST, RANKED, RANKED_BYTES, RANKED_INPUT_RATE, RANKED_LATENCY, RANKED_OUTPUT_RATE, RANKED_QUALITY,
  RATE_INPUT_BITS, RATE_INPUT_MOST, RATE_INPUT_TOKENS_MAX, RATE_OUTPUT_BITS, RATE_OUTPUT_MOST, RATE_OUTPUT_TOKENS_MAX,
  RISK_BPS, RISK_MULTIPLIER, RISK_PRODUCT_MAX, VALUE, VALUE_MAX,
} from "./layout.as";
import { reasonOfMasks } from "./reason.as";
import { writeRejection, writeSelection } from "./record.as";
import { SELECTED, selectUnpacked } from "./unpacked.as";

/** Up to this many survivors are calculated one by one, which spares the filter's fixed cost. Either way decides the same. */
const FILTER_ABOVE: i64 = 8;
/** What a packed key holds of utility and cost together. */
const PACKED_BITS: i64 = 57;
const RANK_BITS: i64 = 6;
/** The key of a candidate that cannot be chosen, below every other. */
const REFUSED: i64 = -1;

// @ts-ignore: decorator
@inline
export function decideMasked(request: usize, decision: usize): void {
  if (rejectedAtHardLimit(request, decision)) return;
  // Who is left after each gate: a rejection counts by them whom each gate refused first.
  const pastQuality = load<u64>(ENABLED_MASK) & qualityMask(request), pastLatency = pastQuality & latencyMask(request);
  const pastCapability = pastLatency & capabilityMask(request), pastProvider = pastCapability & providerMask(request);
  const pastRegion = pastProvider & regionMask(request), survivors = pastRegion & riskMask(request);
  if (survivors == 0) {
    const reason = reasonOfMasks(pastQuality, pastLatency, pastCapability, pastProvider, pastRegion, 0, 0);
    writeRejection(request, decision, reason, load<u32>(COUNT));
    return;
  }
  const declared = load<i64>(request, VALUE), value = select<i64>(declared, 0, declared > 0);
  const inputTokens = <u64>load<u32>(request, INPUT_TOKENS), outputTokens = <u64>load<u32>(request, OUTPUT_TOKENS);
  const prefix = <u64>value * load<u16>(request, CONFIDENCE_BPS), riskProduct = <u64>value * load<u16>(request, RISK_BPS);
  // prefix = whole · 10^8 + remainder, and rest = ceil(remainder · 2^44 / 10^8). Then floor(prefix · quality / 10^8) is
  // whole · quality + (rest · quality >> 44): rest is too large by less than 1, which adds less than quality / 2^44 < 10^−8,
  // and the next whole number is at least 10^−8 away. (2^44 / 10^8 = 2^36 / 390625.)
  const whole = prefix / BPS_SQUARED;
  const rest = (((prefix - whole * BPS_SQUARED) << 36) + 390_624) / 390_625;
  // An eligible candidate costs less than the worth of the best quality, and is worth no more. So the cost of a key needs
  // the bits of the lesser of that worth and the most expensive cost (2 more than two charges rounded down); the utility needs the
  // bits of that worth. Others' keys may overflow: they are REFUSED whatever they are.
  const inputBits = load<i64>(RATE_INPUT_BITS), outputBits = load<i64>(RATE_OUTPUT_BITS);
  const worthMost = (whole + 1) * load<u64>(QUALITY_MOST);
  const costMost = ((inputTokens * load<u64>(RATE_INPUT_MOST)) >> inputBits) +
    ((outputTokens * load<u64>(RATE_OUTPUT_MOST)) >> outputBits) + 2;
  const costBits = bitsOf(min<u64>(costMost, worthMost));
  // One sign shows whether any bound is passed. Up to the value's own bound products are below 2^63, as is every bound;
  // beyond it they may have wrapped and say nothing, but then the first term is negative.
  const margin = (load<i64>(VALUE_MAX) - value) | (load<i64>(RISK_PRODUCT_MAX) - <i64>riskProduct) |
    (load<i64>(RATE_INPUT_TOKENS_MAX) - <i64>inputTokens) | (load<i64>(RATE_OUTPUT_TOKENS_MAX) - <i64>outputTokens) |
    (PACKED_BITS - bitsOf(worthMost) - costBits);
  if (margin < 0) {
    const overBudgetCount = selectUnpacked(request, decision, value, survivors);
    if (overBudgetCount == SELECTED) return;
    const reason = reasonOfMasks(pastQuality, pastLatency, pastCapability, pastProvider, pastRegion, survivors, overBudgetCount);
    writeRejection(request, decision, reason, load<u32>(COUNT));
    return;
  }

  // No cost within the bounds reaches 2^62, so a larger budget is the same budget.
  const budget = <i64>min<u64>(load<u64>(request, BUDGET_LIMIT), <u64>1 << 62);
  const riskAndOne = <i64>((riskProduct * load<u32>(RISK_MULTIPLIER)) / BPS_SQUARED) + 1;
  const costMask = (<i64>1 << costBits) - 1;

  let toScore = survivors, eligibleCount = <i64>popcnt(survivors);
  if (eligibleCount > FILTER_ABOVE && load<u32>(FILTER_USABLE) != 0) {
    toScore = contenders(survivors, whole, rest, riskAndOne, budget, inputTokens, outputTokens);
    eligibleCount = <i64>popcnt(possible);
  }
  // Two at a time: one or two survivors, the commonest numbers, take no second turn that could be guessed wrong. An odd
  // one is paired with the candidate that is never admissible, which is counted first and refused below.
  eligibleCount += <i64>popcnt(toScore) & 1;
  let best: i64 = REFUSED, second: i64 = REFUSED;
  do {
    const rank = <u32>ctz(toScore);
    toScore &= toScore - 1;
    const otherRank = <u32>ctz(toScore);
    toScore &= toScore - 1;
    const key = keyOf(rank, whole, rest, riskAndOne, budget, inputTokens, outputTokens, inputBits, outputBits, costBits, costMask);
    const otherKey = keyOf(otherRank, whole, rest, riskAndOne, budget, inputTokens, outputTokens, inputBits, outputBits, costBits, costMask);
    eligibleCount += (key >> 63) + (otherKey >> 63);
    const greater = select<i64>(key, otherKey, key > otherKey), less = select<i64>(otherKey, key, key > otherKey);
    const displaced = select<i64>(greater, best, greater < best);
    best = select<i64>(greater, best, greater > best);
    second = select<i64>(displaced, second, displaced > second);
    second = select<i64>(less, second, less > second);
  } while (toScore != 0);

  if (best < 0) {
    const overBudgetCount = countOverBudget(survivors, inputTokens, outputTokens, inputBits, outputBits, budget);
    const reason = reasonOfMasks(pastQuality, pastLatency, pastCapability, pastProvider, pastRegion, survivors, overBudgetCount);
    writeRejection(request, decision, reason, load<u32>(COUNT));
    return;
  }
  const identity = IDENTITIES + ((<u32>best & 63) << 3), counterfactual = IDENTITIES + ((<u32>second & 63) << 3);
  writeSelection(
    request, decision, load<u32>(identity), load<u32>(identity, 4),
    costMask - ((best >> RANK_BITS) & costMask), utilityOf(best, costBits),
    select<u32>(load<u32>(counterfactual), 0, second >= 0), utilityOf(second, costBits), <u32>eligibleCount,
  );
}

/** Utility above the complemented cost above the rank: the tie-breaking order in one integer below 2^63. */
// @ts-ignore: decorator
@inline
function keyOf(
  rank: u32, whole: u64, rest: u64, riskAndOne: i64, budget: i64, inputTokens: i64, outputTokens: i64,
  inputBits: i64, outputBits: i64, costBits: i64, costMask: i64,
): i64 {
  const ranked = RANKED + rank * RANKED_BYTES;
  const spent = negativeCost(ranked, inputTokens, outputTokens, inputBits, outputBits);
  const quality = load<u64>(ranked, RANKED_QUALITY);
  const worth = <i64>(whole * quality + ((rest * quality) >> 44));
  const utilityLessOne = worth - riskAndOne + spent - load<i64>(ranked, RANKED_LATENCY);
  // The sign of either decides: utility ≤ 0, or cost above budget. REFUSED then, else 0.
  const refused = (utilityLessOne | (budget + spent)) >> 63;
  return (((utilityLessOne << costBits) + costMask + spent) << RANK_BITS | <i64>rank) | refused;
}

/** Rates are kept negative, and rounding a negative down rounds the cost up: see rateTokensMax for why it is exact. */
// @ts-ignore: decorator
@inline
function negativeCost(ranked: usize, inputTokens: i64, outputTokens: i64, inputBits: i64, outputBits: i64): i64 {
  return ((inputTokens * load<i64>(ranked, RANKED_INPUT_RATE)) >> inputBits) +
    ((outputTokens * load<i64>(ranked, RANKED_OUTPUT_RATE)) >> outputBits);
}

/** Of {@link REFUSED} it is 0, which a decision without a runner-up says. */
// @ts-ignore: decorator
@inline
function utilityOf(key: i64, costBits: i64): i64 {
  return (key >> (RANK_BITS + costBits)) + 1;
}

// @ts-ignore: decorator
@inline
function bitsOf(word: u64): i64 {
  return 64 - <i64>clz(word);
}

/** Only a rejection asks how many survivors were too dear. */
function countOverBudget(survivors: u64, inputTokens: i64, outputTokens: i64, inputBits: i64, outputBits: i64, budget: i64): u32 {
  let count: u32 = 0;
  for (; survivors != 0; survivors &= survivors - 1) {
    const ranked = RANKED + <u32>ctz(survivors) * RANKED_BYTES;
    count += u32(budget + negativeCost(ranked, inputTokens, outputTokens, inputBits, outputBits) < 0);
  }
  return count;
}
