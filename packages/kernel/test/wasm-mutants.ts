/**
 * Faults of the Wasm kernel, each one slip of the pen. They are planted to see that the search for a difference from the
 * definition finds every one of them.
 * @module
 */
import type { Alteration } from "./altered-sources.ts";

export interface Mutant extends Alteration {
  readonly fault: string;
}

export const WASM_MUTANTS: readonly Mutant[] = [
  // Hard limits.
  mutant(
    "a risk at the hard limit passes",
    "hard-limits",
    ">= load<u32>(RISK_HARD_LIMIT)",
    "> load<u32>(RISK_HARD_LIMIT)",
  ),
  mutant(
    "a confidence at its least is refused",
    "hard-limits",
    "< load<u32>(CONFIDENCE_MIN)",
    "<= load<u32>(CONFIDENCE_MIN)",
  ),
  mutant(
    "a hard limit counts the catalog as evaluated",
    "hard-limits",
    "decision, RISK_HARD, 0)",
    "decision, RISK_HARD, 1)",
  ),

  // Gates.
  mutant("a quality at the threshold is refused", "tables", "QUALITY_BPS) < threshold", "QUALITY_BPS) <= threshold"),
  mutant("a latency at the limit is refused", "gates", "(passing << 2)) <= limit", "(passing << 2)) < limit"),
  mutant(
    "one latency too few is probed",
    "gates",
    "probe = load<u32>(LATENCY_PROBE_COUNT)",
    "probe = max<u32>(load<u32>(LATENCY_PROBE_COUNT), 1) - 1",
  ),
  mutant("one capability is enough", "tables", "& bits) == bits) capable", "& bits) != 0) capable"),
  mutant(
    "a capability that nobody has is not missed",
    "gates",
    "select<u64>(mask, 0, (required & ~load<u64>(CAPABILITY_UNION)) == 0)",
    "mask",
  ),
  mutant(
    "provider 64 shares the bit of provider 0",
    "tables",
    "if (provider < 64 && ((bits",
    "if (provider <= 64 && ((bits",
  ),
  mutant("the last byte of providers is not looked at", "tables", "(providerMost >> 3) + 1", "(providerMost + 7) >> 3"),
  mutant(
    "no region required is taken for no region at all",
    "gates",
    "select<u64>(U64_MAX, mask, required == 0)",
    "mask",
  ),
  mutant(
    "a risk at the ceiling is refused",
    "tables",
    "if (ceiling < risk) continue;",
    "if (ceiling <= risk) continue;",
  ),
  mutant("only 1 is enabled", "tables", "load<u8>(candidate, ENABLED) != 0", "load<u8>(candidate, ENABLED) == 1"),
  mutant(
    "a cost at the budget is refused",
    "masked",
    "(utilityLessOne | (budget + spent)) >> 63",
    "(utilityLessOne | (budget + spent - 1)) >> 63",
  ),
  mutant("no utility is enough", "unpacked", "if (utility <= 0) continue;", "if (utility < 0) continue;"),
  mutant("the walk takes no latency limit for a limit of 0", "walk", "if (latencyMax != 0 && latency", "if (latency"),

  // Arithmetic of the packed key.
  mutant(
    "a cost is rounded down",
    "masked",
    "load<i64>(ranked, RANKED_INPUT_RATE)) >> inputBits",
    "load<i64>(ranked, RANKED_INPUT_RATE)) / (<i64>1 << inputBits)",
  ),
  mutant(
    "a rate is used for twice the tokens it is exact for",
    "bounds",
    "(<u64>1 << bits) / (UNITS",
    "(<u64>2 << bits) / (UNITS",
  ),
  mutant("a charge may overflow", "bounds", "atMost(<u64>1 << 62, rate)", "atMost(U64_MAX, rate) * 8"),
  mutant("the share of quality is rounded down twice", "masked", "+ 390_624) / 390_625", ") / 390_625"),
  mutant("the share of quality is too large by nine", "masked", "+ 390_624) / 390_625", "+ 390_624) / 390_625 + 8"),
  mutant(
    "risk is rounded up",
    "masked",
    "(riskProduct * load<u32>(RISK_MULTIPLIER)) / BPS_SQUARED",
    "(riskProduct * load<u32>(RISK_MULTIPLIER) + 99_999_999) / BPS_SQUARED",
  ),
  mutant("the packed utility is one too small", "masked", "(RANK_BITS + costBits)) + 1", "(RANK_BITS + costBits))"),
  mutant("the key has no space for the highest cost", "masked", ">> outputBits) + 2;", ">> outputBits);"),
  mutant(
    "the key has no room for the greatest worth",
    "masked",
    "(whole + 1) * load<u64>(QUALITY_MOST)",
    "whole * load<u64>(QUALITY_MOST)",
  ),
  mutant("the key is a bit too wide", "masked", "PACKED_BITS: i64 = 57", "PACKED_BITS: i64 = 58"),
  mutant("the key's cost is not complemented", "masked", "+ costMask + spent)", "- spent)"),
  mutant("the lesser of a pair is forgotten", "masked", "second = select<i64>(less, second, less > second);", ""),
  mutant(
    "whom the best displaces is forgotten",
    "masked",
    "second = select<i64>(displaced, second, displaced > second);",
    "",
  ),
  mutant(
    "an odd survivor's companion is counted as refused",
    "masked",
    "eligibleCount += <i64>popcnt(toScore) & 1;",
    "",
  ),
  mutant("a value beyond its bound is packed", "bounds", "<i64>1 << 47", "<i64>1 << 50"),
  mutant("a risk product may overflow", "bounds", "atMost(U64_MAX, multiplier)", "atMost(U64_MAX, multiplier >> 1)"),

  // The order of preference.
  mutant("the worse of equals ranks higher", "tables", "belowQuality < quality ||", "belowQuality > quality ||"),
  mutant("the higher id of equals ranks higher", "tables", "load<u32>(below, ID) > id", "load<u32>(below, ID) < id"),
  mutant("the later of twins ranks higher", "tables", "load<u32>(below, ID) > id", "load<u32>(below, ID) >= id"),
  mutant(
    "of exact equals the last wins",
    "unpacked",
    "utility == bestUtility && cost < bestCost",
    "utility == bestUtility && cost <= bestCost",
  ),
  mutant(
    "ties prefer the higher cost",
    "unpacked",
    "utility == secondUtility && cost < secondCost",
    "utility == secondUtility && cost > secondCost",
  ),
  mutant("the walk prefers the more expensive of equals", "walk", "return aCost < bCost", "return aCost > bCost"),
  mutant("the walk prefers the worse of equals", "walk", "? aQuality > bQuality", "? aQuality < bQuality"),
  mutant("the walk forgets the best when it is displaced", "walk", "secondCost = bestCost;", "secondCost = 0;"),

  // 64-bit words and 128 bits.
  mutant("words round a charge down", "terms", "(tokens * price + (UNITS_PER_PRICE - 1))", "(tokens * price)"),
  mutant("a wide risk loses its high word", "terms", "riskHigh = high;", "riskHigh = 0;"),
  mutant("words are trusted with any prefix", "bounds", "atMost(i64.MAX_VALUE, qualityMost)", "i64.MAX_VALUE"),
  mutant("words are trusted with any tokens", "bounds", "atMost(chargeMost, inputPriceMost)", "U64_MAX"),
  mutant("latencies beyond 2^60 are trusted to words", "bounds", "(<u64>1 << 60) / penalty", "U64_MAX / penalty"),
  mutant(
    "a cost wraps",
    "wide",
    "(inputHigh | outputHigh | u64(sum < input)) != 0 ? U64_MAX : sum",
    "(inputHigh | outputHigh) != 0 ? U64_MAX : sum",
  ),
  mutant(
    "a cost beyond 64 bits is cut off",
    "wide",
    "(inputHigh | outputHigh | u64(sum < input)) != 0 ? U64_MAX : sum",
    "u64(sum < input) != 0 ? U64_MAX : sum",
  ),
  mutant(
    "a wide charge is rounded down",
    "wide",
    "const raised = product + (UNITS_PER_PRICE - 1);",
    "const raised = product;",
  ),
  mutant("a carry is dropped in rounding up", "wide", "high + u64(raised < product)", "high"),
  mutant("a carry is dropped in multiplying", "wide", "(highLow >> 32) + (middle >> 32)", "(highLow >> 32)"),
  mutant("a borrow is dropped in subtracting", "wide", "burdenHigh - u64(quality < burden)", "burdenHigh"),
  mutant("a carry is dropped in adding what is spent", "wide", "u64(spent < risk) + delayHigh", "delayHigh"),
  mutant(
    "a utility below 64 bits wraps",
    "wide",
    "differenceHigh < 0 ? i64.MIN_VALUE : i64.MAX_VALUE",
    "differenceHigh < 0 ? difference : i64.MAX_VALUE",
  ),
  mutant(
    "a utility beyond 64 bits wraps",
    "wide",
    "differenceHigh < 0 ? i64.MIN_VALUE : i64.MAX_VALUE",
    "differenceHigh < 0 ? i64.MIN_VALUE : difference",
  ),

  // The filter.
  mutant("the filter's margin is too narrow", "filter", "MARGIN: i64 = 10", "MARGIN: i64 = 1"),
  mutant("the filter's spread is too narrow", "filter", "SPREAD: i32 = 12", "SPREAD: i32 = 0"),
  mutant("the filter takes qualities beyond its lanes", "filter", "qualityMost <= 32_767", "qualityMost <= 65_535"),
  mutant(
    "the filter takes the best for the second best",
    "filter",
    "<i16>(secondOf(first, second) - SPREAD)",
    "<i16>(32_767)",
  ),
  mutant("a refused candidate raises the bound of the filter", "filter", "(lanes >> 8) & 255", "255"),

  // What is written.
  mutant(
    "ties of reasons go to capability and not to region",
    "reason",
    "CAPABILITY: u32 = (0 << 8)",
    "CAPABILITY: u32 = (2 << 8)",
  ),
  mutant(
    "ties of reasons go to provider and not to quality",
    "reason",
    "QUALITY: u32 = (3 << 8)",
    "QUALITY: u32 = (1 << 8)",
  ),
  mutant(
    "over budget is counted as without utility",
    "reason",
    "size(survivors) - overBudgetCount,",
    "size(survivors),",
  ),
  mutant("a rejection counts nobody over budget", "masked", "u32(budget + negativeCost(", "u32(budget - negativeCost("),
  mutant(
    "the requested candidate is called a substitute",
    "record",
    "id == load<u32>(request, REQUESTED_ID)",
    "id < load<u32>(request, REQUESTED_ID)",
  ),
  mutant("the runner-up is left out", "masked", "select<u32>(load<u32>(counterfactual), 0, second >= 0)", "0"),
];

function mutant(fault: string, file: string, from: string, to: string): Mutant {
  return { fault, file: `${file}.as.ts`, from, to };
}
