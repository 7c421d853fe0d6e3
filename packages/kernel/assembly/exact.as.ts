/** The survivors of the masks, decided in 128 bits: for requests beyond the bounds of 64. */
import { candidateAt } from "./tables.as";
import {
  BUDGET_LIMIT, CONFIDENCE_BPS, COUNT, IDENTITIES, INPUT_PRICE, INPUT_TOKENS, LATENCY_P95_MS, LATENCY_PENALTY,
  OUTPUT_PRICE, OUTPUT_TOKENS, QUALITY_BPS, RISK_BPS, RISK_MULTIPLIER,
} from "./layout.as";
import { maskedReason } from "./reason.as";
import { writeRejection, writeSelection } from "./record.as";
import { costExact, high, shareWide, utilityExact } from "./wide.as";

export function decideExactly(request: usize, decision: usize, value: u64, survivors: u64): void {
  const inputTokens = <u64>load<u32>(request, INPUT_TOKENS), outputTokens = <u64>load<u32>(request, OUTPUT_TOKENS);
  const budget = load<u64>(request, BUDGET_LIMIT), confidence = <u64>load<u16>(request, CONFIDENCE_BPS);
  const penalty = load<u64>(LATENCY_PENALTY);
  const risk = shareWide(value, load<u16>(request, RISK_BPS), load<u32>(RISK_MULTIPLIER)), riskHigh = high;
  let best: i32 = -1, second: i32 = -1;
  let bestUtility: i64 = 0, secondUtility: i64 = 0;
  let bestCost: u64 = 0, secondCost: u64 = 0;
  let eligibleCount: u32 = 0, overBudgetCount: u32 = 0;
  // From the highest rank down: an equal (utility, cost) never displaces what came before it.
  while (survivors != 0) {
    const rank = 63 - <i32>clz(survivors);
    survivors ^= <u64>1 << rank;
    const candidate = candidateAt(rank);
    const cost = costExact(inputTokens, load<u64>(candidate, INPUT_PRICE), outputTokens, load<u64>(candidate, OUTPUT_PRICE));
    if (cost > budget) {
      overBudgetCount++;
      continue;
    }
    const quality = shareWide(value, confidence, load<u16>(candidate, QUALITY_BPS));
    const utility = utilityExact(high, quality, riskHigh, risk, cost, load<u32>(candidate, LATENCY_P95_MS), penalty);
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
  if (best < 0) {
    writeRejection(request, decision, maskedReason(request, overBudgetCount), load<u32>(COUNT));
    return;
  }
  const identity = IDENTITIES + best * 8;
  const counterfactualId = second < 0 ? 0 : load<u32>(IDENTITIES + second * 8);
  writeSelection(
    request, decision, load<u32>(identity), load<u32>(identity, 4), bestCost, bestUtility,
    counterfactualId, second < 0 ? 0 : secondUtility, eligibleCount,
  );
}
