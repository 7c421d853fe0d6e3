/**
 * Why nobody was eligible. The gate with the largest count wins, and among equal counts the one with the largest
 * dominance: one maximum over count · 2^16 + dominance · 2^8 + reason code decides both.
 */
import { COUNT, ENABLED_MASK } from "./layout.as";

// dominance << 8 | reason code
const CAPABILITY: u32 = (0 << 8) | 105;
const REGION: u32 = (1 << 8) | 107;
const PROVIDER: u32 = (2 << 8) | 106;
const QUALITY: u32 = (3 << 8) | 103;
const RISK_CEILING: u32 = (4 << 8) | 110;
const LATENCY: u32 = (5 << 8) | 104;
const BUDGET: u32 = (6 << 8) | 108;
const UTILITY: u32 = (7 << 8) | 109;
/** Also what is left when nothing was counted: with all counts 0 the largest dominance wins. */
const NO_ENABLED_CANDIDATE: u32 = (8 << 8) | 102;

/** The reason, from nine counts. */
export function dominantReason(
  disabled: u32, quality: u32, latency: u32, capability: u32, provider: u32, region: u32, risk: u32, budget: u32, utility: u32,
): u32 {
  let most = (disabled << 16) | NO_ENABLED_CANDIDATE;
  most = max<u32>(most, (quality << 16) | QUALITY);
  most = max<u32>(most, (latency << 16) | LATENCY);
  most = max<u32>(most, (capability << 16) | CAPABILITY);
  most = max<u32>(most, (provider << 16) | PROVIDER);
  most = max<u32>(most, (region << 16) | REGION);
  most = max<u32>(most, (risk << 16) | RISK_CEILING);
  most = max<u32>(most, (budget << 16) | BUDGET);
  most = max<u32>(most, (utility << 16) | UTILITY);
  return most & 255;
}

/** The reason, from who was left after each gate: what a gate refused first is what was left before it and not after. */
// @ts-ignore: decorator
@inline
export function reasonOfMasks(
  pastQuality: u64, pastLatency: u64, pastCapability: u64, pastProvider: u64, pastRegion: u64, survivors: u64, overBudgetCount: u32,
): u32 {
  const enabled = load<u64>(ENABLED_MASK);
  return dominantReason(
    load<u32>(COUNT) - size(enabled),
    size(enabled ^ pastQuality),
    size(pastQuality ^ pastLatency),
    size(pastLatency ^ pastCapability),
    size(pastCapability ^ pastProvider),
    size(pastProvider ^ pastRegion),
    size(pastRegion ^ survivors),
    overBudgetCount,
    size(survivors) - overBudgetCount,
  );
}

// @ts-ignore: decorator
@inline
function size(mask: u64): u32 {
  return <u32>popcnt(mask);
}
