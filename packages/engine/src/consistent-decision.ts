/**
 * What every decision must be, whichever kernel made it. An entry leaves out what its policy and request imply; so a
 * decision that contradicts them would be read back as another one than was answered, or would reserve another amount
 * than its candidate costs.
 * @module
 */
import {
  cost,
  type Decision,
  invariant,
  NO_INDEX,
  type Policy,
  type Request,
  SELECTION_REASONS,
} from "@calybris/kernel";

/** @throws InvariantViolation naming the claim that the decision breaks. */
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
  const { selectedId, selectedIndex, costMicrocents, utilityMicrocents, eligibleCount, counterfactualId } = decision;
  const { reason, evaluatedCount, counterfactualUtilityMicrocents } = decision;
  const isHardLimit = reason === "risk_hard_limit" || reason === "confidence_hard_limit";
  invariant(!SELECTED_FOR.has(reason), "a rejection has the reason of one");
  invariant(
    selectedId === 0 && selectedIndex === NO_INDEX && costMicrocents === 0n && utilityMicrocents === 0n,
    "a rejection selects nothing and costs nothing",
  );
  invariant(
    eligibleCount === 0 && counterfactualId === 0 && counterfactualUtilityMicrocents === 0n,
    "a rejection leaves no candidate eligible",
  );
  invariant(evaluatedCount === (isHardLimit ? 0 : policy.candidates.length), "all candidates are evaluated, or none");
}

function requireSelection(policy: Policy, request: Request, decision: Decision): void {
  const { action, reason, selectedId, selectedIndex, costMicrocents, evaluatedCount, eligibleCount } = decision;
  const candidate = policy.candidates[selectedIndex];
  invariant(candidate !== undefined && candidate.id === selectedId, "a selection is of a candidate in the policy");
  invariant(candidate.enabled !== 0, "a selection is of an enabled candidate");
  invariant(
    action === (selectedId === request.requestedId ? "execute" : "substitute") && reason === SELECTION_REASONS[action],
    "a selection is executed when it was requested, and a substitute when it was not",
  );
  invariant(costMicrocents === cost(request, candidate), "a selection costs what its candidate costs");
  invariant(costMicrocents <= request.budgetLimitMicrocents, "a selection fits the budget of its request");
  invariant(decision.utilityMicrocents > 0n, "a selection has a positive utility");
  const { length } = policy.candidates;
  invariant(evaluatedCount === length, "all candidates are evaluated, or none");
  invariant(
    Number.isInteger(eligibleCount) && eligibleCount >= 1 && eligibleCount <= length,
    "a selected candidate is eligible",
  );
  invariant(
    (decision.counterfactualId === 0) === (eligibleCount === 1),
    "there is a runner-up when more than one candidate is eligible",
  );
}

const SELECTED_FOR: ReadonlySet<string> = new Set(Object.values(SELECTION_REASONS));
