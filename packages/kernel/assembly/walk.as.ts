/**
 * The definition as a loop: each candidate against each gate in order. Decides catalogs too long for masks, and is the
 * baseline of the benchmark. Within the policy's bounds it calculates in 64 bits, beyond them in 128.
 */
import { fitsWords } from "./bounds.as";
import { rejectedAtHardLimit } from "./hard-limits.as";
import {
  BUDGET_LIMIT, CANDIDATES, CANDIDATE_BYTES, CAPABILITIES, CAPABILITIES_REQUIRED, CONFIDENCE_BPS, COUNT, ENABLED, ID,
  INPUT_TOKENS, LATENCY_MAX_MS, LATENCY_P95_MS, LATENCY_PENALTY, OUTPUT_TOKENS, PROVIDERS_ALLOWED, PROVIDER_ID,
  QUALITY_BPS, QUALITY_MIN_BPS, REGIONS, REGIONS_REQUIRED, RISK_BPS, RISK_CEILING_BPS, VALUE,
} from "./layout.as";
import { dominantReason } from "./reason.as";
import { writeRejection, writeSelection } from "./record.as";
import { costOf, riskOf, utilityOf } from "./terms.as";

export function decideByWalk(request: usize, decision: usize): void {
  if (rejectedAtHardLimit(request, decision)) return;
  const riskBps = <u32>load<u16>(request, RISK_BPS), confidence = <u64>load<u16>(request, CONFIDENCE_BPS);
  const value = <u64>max<i64>(load<i64>(request, VALUE), 0), budget = load<u64>(request, BUDGET_LIMIT);
  const inputTokens = <u64>load<u32>(request, INPUT_TOKENS), outputTokens = <u64>load<u32>(request, OUTPUT_TOKENS);
  const prefix = value * confidence, fits = fitsWords(value, confidence, riskBps, inputTokens, outputTokens);
  const risk = riskOf(fits, value, riskBps);
  const qualityMin = load<u16>(request, QUALITY_MIN_BPS), latencyMax = load<u32>(request, LATENCY_MAX_MS);
  const capabilities = load<u64>(request, CAPABILITIES_REQUIRED), providers = load<u64>(request, PROVIDERS_ALLOWED);
  const regions = load<u64>(request, REGIONS_REQUIRED), penalty = load<u64>(LATENCY_PENALTY);

  let disabled: u32 = 0, lowQuality: u32 = 0, slow: u32 = 0, incapable: u32 = 0, barred: u32 = 0, elsewhere: u32 = 0;
  let risky: u32 = 0, dear: u32 = 0, worthless: u32 = 0, eligibleCount: u32 = 0;
  let best: usize = 0, second: usize = 0;
  let bestUtility: i64 = 0, secondUtility: i64 = 0;
  let bestCost: u64 = 0, secondCost: u64 = 0;
  const end = CANDIDATES + load<u32>(COUNT) * CANDIDATE_BYTES;
  for (let candidate = CANDIDATES; candidate < end; candidate += CANDIDATE_BYTES) {
    const quality = load<u16>(candidate, QUALITY_BPS), latency = load<u32>(candidate, LATENCY_P95_MS);
    const provider = <u32>load<u16>(candidate, PROVIDER_ID);
    if (load<u8>(candidate, ENABLED) == 0) { disabled++; continue; }
    if (quality < qualityMin) { lowQuality++; continue; }
    if (latencyMax != 0 && latency > latencyMax) { slow++; continue; }
    if ((capabilities & load<u64>(candidate, CAPABILITIES)) != capabilities) { incapable++; continue; }
    if (provider > 63 || ((providers >> provider) & 1) == 0) { barred++; continue; }
    if (regions != 0 && (regions & load<u64>(candidate, REGIONS)) == 0) { elsewhere++; continue; }
    if (riskBps > <u32>load<u16>(candidate, RISK_CEILING_BPS)) { risky++; continue; }
    const cost = costOf(candidate, fits, inputTokens, outputTokens);
    if (cost > budget) { dear++; continue; }
    const utility = utilityOf(fits, value, confidence, prefix, quality, risk, cost, latency, penalty);
    if (utility <= 0) { worthless++; continue; }
    eligibleCount++;
    if (best == 0 || precedes(candidate, utility, cost, best, bestUtility, bestCost)) {
      second = best;
      secondUtility = bestUtility;
      secondCost = bestCost;
      best = candidate;
      bestUtility = utility;
      bestCost = cost;
    } else if (second == 0 || precedes(candidate, utility, cost, second, secondUtility, secondCost)) {
      second = candidate;
      secondUtility = utility;
      secondCost = cost;
    }
  }
  if (best == 0) {
    const reason = dominantReason(disabled, lowQuality, slow, incapable, barred, elsewhere, risky, dear, worthless);
    writeRejection(request, decision, reason, load<u32>(COUNT));
    return;
  }
  writeSelection(
    request, decision, load<u32>(best, ID), <u32>((best - CANDIDATES) / CANDIDATE_BYTES), bestCost, bestUtility,
    second == 0 ? 0 : load<u32>(second, ID), second == 0 ? 0 : secondUtility, eligibleCount,
  );
}

/** The total order; a later candidate never precedes an equal earlier one. */
// @ts-ignore: decorator
@inline
function precedes(a: usize, aUtility: i64, aCost: u64, b: usize, bUtility: i64, bCost: u64): bool {
  if (aUtility != bUtility) return aUtility > bUtility;
  if (aCost != bCost) return aCost < bCost;
  const aQuality = load<u16>(a, QUALITY_BPS), bQuality = load<u16>(b, QUALITY_BPS);
  return aQuality != bQuality ? aQuality > bQuality : load<u32>(a, ID) < load<u32>(b, ID);
}
