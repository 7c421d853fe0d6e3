/**
 * The highest cost of an answer to a request, which is compared with the tenant's headroom.
 * @module
 */
import { costMicrocents, type DecisionEntry, floorWithin } from "@calybris/kernel";
import { useCaseOf } from "../request-check.ts";
import type { LearningCheck, LearningPolicy } from "./learning-check.ts";

/**
 * The highest cost of any answer to a decision's request under a budget; `undefined` if it cannot be known.
 *
 * @param learning - of the entries before it; `undefined` if some are missing.
 */
export function costMost(
  entry: DecisionEntry,
  policy: LearningPolicy | undefined,
  learning: LearningCheck | undefined,
  budgetMicrocents: bigint,
): bigint | undefined {
  const request =
    budgetMicrocents === entry.request.budgetLimitMicrocents
      ? entry.request
      : { ...entry.request, budgetLimitMicrocents: costMicrocents(budgetMicrocents) };
  if (entry.learning === undefined) return policy?.kernel.prescribe(request).costMicrocents;
  if (policy === undefined || learning === undefined) return undefined;
  const { kernel, snapshot } = policy;
  const { floorBps, holdout: isHoldout } = entry.learning;
  const ownBps = useCaseOf(snapshot, entry.useCase)?.qualityMinBps ?? 0;
  const warmStartBps = floorWithin(snapshot, request.requestedId, ownBps);
  const floors = { warmStartBps, floorBps, isHoldout, tierFloors: learning.fold.tierFloors };
  return learning.options.of(kernel, request, floors).costMostMicrocents;
}
