/**
 * The candidates that a decision admits, best first, in the kernel's order.
 * @module
 */
import { type DecisionEntry, explainCandidate, type PolicySnapshot, type UtilityTerms } from "@calybris/kernel";

interface Ranked {
  readonly id: number;
  readonly qualityBps: number;
  readonly terms: UtilityTerms;
}

/** Candidate ids, without the one that runs. */
export function fallbacksOf(
  { request }: Pick<DecisionEntry, "request">,
  { policy }: PolicySnapshot,
  runsId: number,
): readonly number[] {
  const ranked = policy.candidates.flatMap((candidate): readonly Ranked[] => {
    const row = explainCandidate(policy, request, candidate);
    const { id, qualityBps } = candidate;
    return row.refusedBy !== undefined || id === runsId ? [] : [{ id, qualityBps, terms: row.terms }];
  });
  return ranked.sort(better).map(({ id }) => id);
}

/** Order: higher utility, lower cost, higher quality, lower id. */
function better(one: Ranked, other: Ranked): number {
  const { terms: a } = one;
  const { terms: b } = other;
  if (a.utilityMicrocents !== b.utilityMicrocents) return a.utilityMicrocents > b.utilityMicrocents ? -1 : 1;
  if (a.costMicrocents !== b.costMicrocents) return a.costMicrocents < b.costMicrocents ? -1 : 1;
  return other.qualityBps - one.qualityBps || one.id - other.id;
}
