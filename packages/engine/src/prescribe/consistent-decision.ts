/**
 * Invariants of every decision, from any kernel. An entry omits what its policy and request imply, so a decision that
 * contradicts them would be read back as a different one, or would reserve a different amount than its candidate's cost.
 * @module
 */
import {
  type Candidate,
  cost,
  type Decision,
  I64_MAX,
  invariant,
  NO_INDEX,
  type Policy,
  REASON_CODES,
  type Request,
  SELECTION_REASONS,
  U32_MAX,
} from "@calybris/kernel";

/** @throws InvariantViolation naming the invariant that the decision breaks. */
export function requireConsistent(policy: Policy, request: Request, decision: Decision): void {
  invariant(decision.sequence === request.sequence, "a decision has the number of its request");
  invariant(
    decision.policyEpoch === policy.policyEpoch && decision.catalogEpoch === policy.catalogEpoch,
    "a decision has the epochs of its policy",
  );
  if (decision.action === "reject") requireRejection(policy, decision);
  else requireSelection(policy, request, decision);
}

function requireRejection(policy: Policy, decision: Decision): void {
  const { reason, selectedId, selectedIndex, costMicrocents, utilityMicrocents, evaluatedCount } = decision;
  invariant(reason in REASON_CODES && !SELECTED_FOR.has(reason), "a rejection has a reason to reject");
  invariant(
    selectedId === 0 && selectedIndex === NO_INDEX && costMicrocents === 0n && utilityMicrocents === 0n,
    "a rejection selects nothing and costs nothing",
  );
  invariant(
    decision.eligibleCount === 0 && decision.counterfactualId === 0 && decision.counterfactualUtilityMicrocents === 0n,
    "a rejection leaves no candidate eligible",
  );
  const isHardLimit = reason === "risk_hard_limit" || reason === "confidence_hard_limit";
  invariant(evaluatedCount === (isHardLimit ? 0 : policy.candidates.length), "all candidates are evaluated, or none");
}

function requireSelection(policy: Policy, request: Request, decision: Decision): void {
  const { action, reason, selectedId, costMicrocents, utilityMicrocents } = decision;
  const candidate = policy.candidates[decision.selectedIndex];
  invariant(candidate?.id === selectedId && candidate.enabled !== 0, "a selection is of an enabled candidate");
  const expected = selectedId === request.requestedId ? "execute" : "substitute";
  invariant(
    action === expected && reason === SELECTION_REASONS[expected],
    "a selection is executed when it was requested, and a substitute when it was not",
  );
  invariant(costMicrocents === cost(request, candidate as Candidate), "a selection costs what its candidate costs");
  invariant(costMicrocents <= request.budgetLimitMicrocents, "a selection fits the budget of its request");
  invariant(isUtility(utilityMicrocents, I64_MAX), "a selection has a positive utility");
  requireRunnerUp(policy, decision);
}

function requireRunnerUp(policy: Policy, decision: Decision): void {
  const { evaluatedCount, eligibleCount, counterfactualId, counterfactualUtilityMicrocents } = decision;
  const { length } = policy.candidates;
  invariant(evaluatedCount === length, "all candidates are evaluated, or none");
  invariant(
    Number.isInteger(eligibleCount) && eligibleCount >= 1 && eligibleCount <= length,
    "a selected candidate is eligible",
  );
  const isThere =
    Number.isInteger(counterfactualId) &&
    counterfactualId > 0 &&
    counterfactualId <= U32_MAX &&
    counterfactualId !== decision.selectedId &&
    isUtility(counterfactualUtilityMicrocents, decision.utilityMicrocents);
  const isNone = counterfactualId === 0 && counterfactualUtilityMicrocents === 0n;
  invariant(
    eligibleCount === 1 ? isNone : isThere,
    "there is a runner-up, no better than the selection, when more than one candidate is eligible",
  );
}

function isUtility(value: unknown, most: bigint): boolean {
  return typeof value === "bigint" && value > 0n && value <= most;
}

const SELECTED_FOR: ReadonlySet<string> = new Set(Object.values(SELECTION_REASONS));
