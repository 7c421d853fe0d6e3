/**
 * The alternatives of a decision, as its outcome repeats them: the base, and for each candidate the learner's probability
 * and the predicted net reward. Written from the formats (docs/formats.md), not from the engine.
 * @module
 */
import {
  type BeliefEntry,
  BPS_MAX,
  costShare,
  type Decision,
  type DecisionEntry,
  drawnShares,
  type OutcomeEntry,
  type PolicySnapshot,
  PROPENSITY_ONE,
  SIXTEENTHS,
  TIER_COUNT_MAX,
} from "@calybris/kernel";

/** A decision that the learner might have run. */
interface Possible {
  readonly decision: Decision;
}

/** Buffer for the shares of a draw, reused by every call. */
const drawn = new Float64Array(TIER_COUNT_MAX);

/** The share of each option in a decision, over 2^32, and whether the choice is in the boundary zone. */
export function drawnOf(
  belief: BeliefEntry,
  { request, learning }: DecisionEntry,
  { policy }: PolicySnapshot,
  options: readonly Possible[],
): { readonly shares: readonly number[]; readonly isBoundary: boolean } {
  const spent = options.map(({ decision: { costMicrocents, selectedIndex } }) => {
    const latencyMs = BigInt(policy.candidates[selectedIndex]?.latencyP95Ms ?? 0);
    return costShare(costMicrocents + latencyMs * policy.latencyPenaltyMicrocentsPerMs, request.valueMicrocents);
  });
  const isBoundary = drawnShares(belief, learning?.expected ?? [], spent, drawn.fill(0));
  return { shares: Array.from({ length: options.length }, (_, at) => drawn[at] as number), isBoundary };
}

/**
 * The alternatives as one text, for comparison.
 *
 * @param possible - in the order of the table; without a table, the only possible decision.
 */
export function alternativesText(
  { request, decision, learning }: DecisionEntry,
  { policy, candidateTiers }: PolicySnapshot,
  base: Decision,
  possible: readonly Possible[],
  belief: BeliefEntry | undefined,
  shares: readonly number[] | undefined,
): string {
  const believed = (tier: number): number | undefined => {
    const at = belief?.tiers.indexOf(tier) ?? -1;
    if (belief === undefined || at === -1) return undefined;
    if (belief.method === "offsets") {
      const above = belief.flat === true ? 0 : (learning?.expected?.[tier] ?? 0) * SIXTEENTHS;
      return Math.min(Math.max(Math.floor(((belief.means[at] ?? 0) + above) / SIXTEENTHS), 0), BPS_MAX);
    }
    const [good, bad] = [belief.alpha[at] as number, belief.beta[at] as number];
    return Number((BigInt(good) * BigInt(BPS_MAX)) / BigInt(good + bad));
  };
  const all = [decision, base];
  for (const each of possible) all.push(each.decision);
  const ids: number[] = [];
  for (const { selectedId } of all) if (!ids.includes(selectedId)) ids.push(selectedId);
  ids.sort((one, other) => one - other);
  let text = `${base.selectedId}`;
  for (const id of ids) {
    const share = shareOf(id, possible, shares);
    if (id === 0 && share === 0) continue;
    const index = policy.candidates.findIndex((candidate) => candidate.id === id);
    const candidate = policy.candidates[index];
    let predictedBps = 0;
    if (candidate !== undefined) {
      const success = believed(candidateTiers[index] ?? -1) ?? candidate.qualityBps;
      const cost: bigint = all.find(({ selectedId }) => selectedId === id)?.costMicrocents ?? 0n;
      const penalty = BigInt(candidate.latencyP95Ms) * policy.latencyPenaltyMicrocentsPerMs;
      predictedBps = netReward(request.valueMicrocents, success, cost + penalty);
    }
    text += `,${rowText(id, share, predictedBps)}`;
  }
  return text;
}

/** The probability of a candidate, over 2^32. */
function shareOf(id: number, possible: readonly Possible[], shares: readonly number[] | undefined): number {
  let sum = 0;
  for (let at = 0; at < possible.length; at++)
    if (possible[at]?.decision.selectedId === id) sum += shares === undefined ? PROPENSITY_ONE : (shares[at] ?? 0);
  return sum;
}

/** The alternatives as an outcome states them; `undefined` if its decision had no recommendation. */
export function repeatedAlternatives({ candidate, base = candidate, treated }: OutcomeEntry): string | undefined {
  if (treated === undefined) return undefined;
  const rows = treated.map((each) => rowText(each.candidateId, each.propensity, each.predictedBps));
  return [base, ...rows].join();
}

function rowText(candidateId: number, propensity: number, predictedBps: number): string {
  return `${candidateId}:${propensity}:${predictedBps}`;
}

export function netReward(value: bigint, successBps: number, spent: bigint): number {
  const net = (value * BigInt(successBps)) / BigInt(BPS_MAX) - spent;
  if (value <= 0n || net <= 0n) return 0;
  return Math.min(Number((net * BigInt(BPS_MAX)) / value), BPS_MAX);
}
