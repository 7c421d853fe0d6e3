/** The hard limits, which come before every gate. */
import { CONFIDENCE_BPS, CONFIDENCE_HARD, CONFIDENCE_MIN, RISK_BPS, RISK_HARD, RISK_HARD_LIMIT } from "./layout.as";
import { writeRejection } from "./record.as";

/** Rejects a request beyond a hard limit, without looking at any candidate; returns whether it did. */
// @ts-ignore: decorator
@inline
export function rejectedAtHardLimit(request: usize, decision: usize): bool {
  if (<u32>load<u16>(request, RISK_BPS) >= load<u32>(RISK_HARD_LIMIT)) {
    writeRejection(request, decision, RISK_HARD, 0);
    return true;
  }
  if (<u32>load<u16>(request, CONFIDENCE_BPS) < load<u32>(CONFIDENCE_MIN)) {
    writeRejection(request, decision, CONFIDENCE_HARD, 0);
    return true;
  }
  return false;
}
