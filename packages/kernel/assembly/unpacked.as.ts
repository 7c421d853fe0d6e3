/**
 * The survivors of the masks, each in the order of the definition: for requests beyond the packed key. In 64-bit words
 * where those hold every product, else in 128 bits.
 */
import { fitsWords } from "./bounds.as";
import {
  BUDGET_LIMIT, CONFIDENCE_BPS, IDENTITIES, INPUT_TOKENS, LATENCY_P95_MS, LATENCY_PENALTY, OUTPUT_TOKENS, QUALITY_BPS, RISK_BPS,
} from "./layout.as";
import { writeSelection } from "./record.as";
import { candidateAt } from "./tables.as";
import { costOf, riskOf, utilityOf } from "./terms.as";

/** What {@link selectUnpacked} returns when somebody was eligible. */
export const SELECTED: u32 = u32.MAX_VALUE;

/** Writes the selection. When nobody is eligible it writes nothing and returns how many survivors were over budget. */
export function selectUnpacked(request: usize, decision: usize, value: u64, survivors: u64): u32 {
  const inputTokens = <u64>load<u32>(request, INPUT_TOKENS), outputTokens = <u64>load<u32>(request, OUTPUT_TOKENS);
  const budget = load<u64>(request, BUDGET_LIMIT), confidence = <u64>load<u16>(request, CONFIDENCE_BPS);
  const riskBps = <u64>load<u16>(request, RISK_BPS), penalty = load<u64>(LATENCY_PENALTY);
  const prefix = value * confidence, fits = fitsWords(value, confidence, riskBps, inputTokens, outputTokens);
  const risk = riskOf(fits, value, riskBps);
  let best: i32 = -1, second: i32 = -1;
  let bestUtility: i64 = 0, secondUtility: i64 = 0;
  let bestCost: u64 = 0, secondCost: u64 = 0;
  let eligibleCount: u32 = 0, overBudgetCount: u32 = 0;
  // From the highest rank down: an equal (utility, cost) never displaces what came before it.
  while (survivors != 0) {
    const rank = 63 - <i32>clz(survivors);
    survivors ^= <u64>1 << rank;
    const candidate = candidateAt(rank);
    const cost = costOf(candidate, fits, inputTokens, outputTokens);
    if (cost > budget) {
      overBudgetCount++;
      continue;
    }
    const quality = <u64>load<u16>(candidate, QUALITY_BPS), latency = <u64>load<u32>(candidate, LATENCY_P95_MS);
    const utility = utilityOf(fits, value, confidence, prefix, quality, risk, cost, latency, penalty);
    if (utility <= 0) continue;
    eligibleCount++;
    if (best < 0 || utility > bestUtility || (utility == bestUtility && cost < bestCost)) {
      second = best;
      secondUtility = bestUtility;
      secondCost = bestCost;
      best = rank;
      bestUtility = utility;
      bestCost = cost;
    } else if (second < 0 || utility > secondUtility || (utility == secondUtility && cost < secondCost)) {
      second = rank;
      secondUtility = utility;
      secondCost = cost;
    }
  }
  if (best < 0) return overBudgetCount;
  const identity = IDENTITIES + best * 8;
  const counterfactualId = second < 0 ? 0 : load<u32>(IDENTITIES + second * 8);
  writeSelection(
    request, decision, load<u32>(identity), load<u32>(identity, 4), bestCost, bestUtility,
    counterfactualId, second < 0 ? 0 : secondUtility, eligibleCount,
  );
  return SELECTED;
}
