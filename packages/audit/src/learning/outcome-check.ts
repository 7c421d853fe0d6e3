/**
 * Checks that an outcome repeats its decision exactly, and that the reward and digest it states follow.
 * @module
 */
import {
  BPS_MAX,
  type OutcomeEntry,
  outcomeCost,
  outcomeDigest,
  PROPENSITY_ONE,
  type Sha256,
  selectionDigest,
  toHex,
} from "@calybris/kernel";
import type { Report } from "../report.ts";
import { useCaseOf } from "../request-check.ts";
import { netReward, repeatedAlternatives } from "./alternatives.ts";
import { isLost, type OutcomeContext } from "./awaited.ts";
import type { KeptDecision } from "./awaiting-decisions.ts";
import { same } from "./same.ts";
import { successBySignals } from "./trust.ts";

const MICROSECONDS = 1_000_000;

/** Reports each member in which an outcome differs from its decision. */
export function checkOutcome(
  found: OutcomeEntry,
  kept: KeptDecision,
  context: OutcomeContext,
  sha256: Sha256,
  report: Report,
): void {
  const { at, snapshot, learning } = kept;
  const { succeeded, observedAt, disposition, latencyMs } = found;
  const own = outcomeCost(found);
  const successBps = succeeded === undefined ? successBySignals(found.signals ?? []) : succeeded ? BPS_MAX : 0;
  const candidate = snapshot.policy.candidates[kept.selectedIndex];
  const penalty = BigInt(latencyMs ?? candidate?.latencyP95Ms ?? 0) * snapshot.policy.latencyPenaltyMicrocentsPerMs;
  const cost: bigint = own ?? context.closedCostMicrocents ?? kept.costMicrocents;
  const isCostKnown = own !== undefined || context.isMoneyKnown;
  const isLate =
    snapshot.learning === undefined || observedAt - at > snapshot.learning.attributionSeconds * MICROSECONDS;
  const selection = selectionDigest(
    {
      strategy: learning?.explored === true ? "explore" : "maximize_utility",
      actedId: kept.selectedId,
      propensityBps: Math.max(1, Math.floor(((learning?.propensity ?? PROPENSITY_ONE) * BPS_MAX) / PROPENSITY_ONE)),
    },
    sha256,
  );
  const reported = {
    observedAt,
    revision: 0,
    disposition,
    ...(own === undefined ? {} : { costMicrocents: own }),
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(succeeded === undefined ? {} : { succeeded }),
  };
  same(
    "outcome",
    {
      successBps,
      rewardBps: isCostKnown ? netReward(kept.valueMicrocents, successBps, cost + penalty) : found.rewardBps,
      useCase: kept.useCase,
      warmStartBps: useCaseOf(snapshot, kept.useCase)?.qualityMinBps ?? kept.qualityMinBps,
      regime: learning?.regime ?? -1,
      tier: snapshot.candidateTiers[kept.selectedIndex] ?? 0,
      candidate: kept.selectedId,
      propensity: learning?.propensity ?? PROPENSITY_ONE,
      holdout: learning?.holdout ?? false,
      alternatives: kept.alternatives,
      expected: learning?.expected ?? [],
      learned:
        learning !== undefined &&
        !learning.holdout &&
        !isLate &&
        !isLost(context, found.of, learning.regime) &&
        disposition === "applied",
      digest: toHex(outcomeDigest(kept.identity, selection, reported, sha256)),
    },
    {
      successBps: found.successBps,
      rewardBps: found.rewardBps,
      useCase: found.useCase,
      warmStartBps: found.warmStartBps,
      regime: found.regime ?? -1,
      tier: found.tier,
      candidate: found.candidate,
      propensity: found.propensity ?? PROPENSITY_ONE,
      holdout: found.holdout ?? false,
      alternatives: repeatedAlternatives(found),
      expected: found.expected ?? [],
      learned: found.learned,
      digest: found.digest,
    },
    report,
  );
}
