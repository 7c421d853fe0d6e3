/** Writing a decision. */
import {
  ALTERNATIVE_MAXIMIZES_UTILITY, COUNT, EXECUTE, REJECT, REQUESTED_ID, REQUESTED_MAXIMIZES_UTILITY, SEQUENCE, SUBSTITUTE,
} from "./layout.as";

// action | reason << 8
const EXECUTED: u32 = EXECUTE | (REQUESTED_MAXIMIZES_UTILITY << 8);
const SUBSTITUTED: u32 = SUBSTITUTE | (ALTERNATIVE_MAXIMIZES_UTILITY << 8);

// @ts-ignore: decorator
@inline
export function writeRejection(request: usize, decision: usize, reason: u32, evaluatedCount: u32): void {
  writeWords(request, decision, REJECT | (reason << 8) | (evaluatedCount << 16), 0, 0xffff, 0, 0, 0, 0);
}

// @ts-ignore: decorator
@inline
export function writeSelection(
  request: usize, decision: usize, id: u32, index: u32, cost: u64, utility: i64,
  counterfactualId: u32, counterfactualUtility: i64, eligibleCount: u32,
): void {
  const outcome = select<u32>(EXECUTED, SUBSTITUTED, id == load<u32>(request, REQUESTED_ID));
  const head = outcome | (load<u32>(COUNT) << 16);
  writeWords(request, decision, head, id, index | (eligibleCount << 16), counterfactualId, cost, utility, counterfactualUtility);
}

// @ts-ignore: decorator
@inline
function writeWords(
  request: usize, decision: usize, head: u32, id: u32, place: u32, counterfactualId: u32,
  cost: u64, utility: i64, counterfactualUtility: i64,
): void {
  store<u64>(decision, load<u64>(request, SEQUENCE));
  store<u64>(decision, <u64>head | (<u64>id << 32), 8);
  store<u64>(decision, <u64>place | (<u64>counterfactualId << 32), 16);
  store<u64>(decision, cost, 24);
  store<i64>(decision, utility, 32);
  store<i64>(decision, counterfactualUtility, 40);
}
