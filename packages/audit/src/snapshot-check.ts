/**
 * Checks that a policy snapshot can be used for decisions: its references resolve, and no share exceeds the whole. Its
 * kernel policy was checked when it was read.
 * @module
 */
import {
  BPS_MAX,
  DEFAULT_USE_CASE,
  FEATURE_COUNT_MAX,
  type Learning,
  type PolicySnapshot,
  TIER_COUNT_MAX,
} from "@calybris/kernel";

const MASK_BITS = 64;
const MILLION = 1_000_000;

/** The expected and the found value. */
export type SnapshotFault = readonly [expected: string, found: string];

export function* snapshotFaults(snapshot: PolicySnapshot): Generator<SnapshotFault> {
  const { tiers, useCases, learning, candidateNames } = snapshot;
  if (tiers.length === 0 || tiers.length > TIER_COUNT_MAX) yield [`1 to ${TIER_COUNT_MAX} tiers`, `${tiers.length}`];
  for (const [index, tier] of snapshot.candidateTiers.entries())
    if (tier >= tiers.length) yield [`a tier of the policy for ${candidateNames[index]}`, `tier ${tier}`];
  for (const list of ["providers", "capabilities", "regions"] as const)
    if (snapshot[list].length > MASK_BITS) yield [`at most ${MASK_BITS} ${list}`, `${snapshot[list].length}`];
  if (!Object.hasOwn(useCases, DEFAULT_USE_CASE))
    yield [`a use case ${DEFAULT_USE_CASE}`, Object.keys(useCases).join(", ")];
  for (const [name, { riskBps, confidenceBps, qualityMinBps }] of Object.entries(useCases))
    for (const shareBps of [riskBps, confidenceBps, qualityMinBps])
      if (shareBps > BPS_MAX) yield [`shares up to ${BPS_MAX} in use case ${name}`, `${shareBps}`];
  if (learning !== undefined) yield* learningFaults(learning);
}

function* learningFaults(learning: Learning): Generator<SnapshotFault> {
  const { explorationBps, holdoutBps, targetFailureBps, discountPpm, anomalyRaiseBps, anomalyShareBps } = learning;
  const shares = { explorationBps, holdoutBps, targetFailureBps, anomalyRaiseBps, anomalyShareBps };
  for (const [name, shareBps] of Object.entries(shares))
    if (shareBps !== undefined && shareBps > BPS_MAX) yield [`${name} up to ${BPS_MAX}`, `${shareBps}`];
  if (discountPpm > MILLION) yield [`discountPpm up to ${MILLION}`, `${discountPpm}`];
  const { features = [] } = learning;
  if (features.length > FEATURE_COUNT_MAX || new Set(features).size < features.length)
    yield [`at most ${FEATURE_COUNT_MAX} features, each named once`, features.join(", ")];
}
