/**
 * Whether an entry has the form of its kind: the members that it must have and no others, each in its range. What a member
 * should be under the entries before it is asked elsewhere.
 * @module
 */
import {
  type BeliefEntry,
  BPS_MAX,
  type CertificateEntry,
  type DecisionEntry,
  type EntryBody,
  JOURNAL_FORMAT,
  type OutcomeEntry,
  PROPENSITY_ONE,
  REGIME_COUNT,
  type Recommendation,
  SIGNALS,
  TIER_COUNT_MAX,
  WARM_UP_REGIME,
} from "@calybris/kernel";

/** Of a belief, in ten-thousandths of an observation. */
const COUNT_LEAST = 10_000;
const COUNT_MOST = 2_000_000_000;

/** What is wrong with the form of a body; `undefined` when it is as it should be. Its members were read strictly. */
export function unlikeItsKind(body: EntryBody): string | undefined {
  switch (body.kind) {
    case "genesis":
      return body.format === JOURNAL_FORMAT ? undefined : `format ${String(body.format)}`;
    case "decision":
      return decisionFault(body);
    case "belief":
      return beliefFault(body);
    case "certificate":
      return certificateFault(body);
    case "outcome":
      return outcomeFault(body);
    default:
      return undefined;
  }
}

function decisionFault(entry: DecisionEntry): string | undefined {
  const { learning } = entry;
  return learning === undefined ? undefined : recommendationFault(learning);
}

/** Ranges that what is computed from them relies on. */
function recommendationFault({ regime, floorBps, draw, tier, propensity }: Recommendation): string | undefined {
  if (regime > WARM_UP_REGIME) return `regime ${regime}`;
  if (floorBps > BPS_MAX) return `floorBps ${floorBps}`;
  if (tier < -1 || tier >= TIER_COUNT_MAX) return `tier ${tier}`;
  if (draw >= PROPENSITY_ONE) return `draw ${draw}`;
  return isShare(propensity) ? undefined : `propensity ${propensity}`;
}

function isShare(share: number): boolean {
  return share >= 0 && share <= PROPENSITY_ONE;
}

function beliefFault({ regime, tiers, alpha, beta, table }: BeliefEntry): string | undefined {
  if (regime > WARM_UP_REGIME) return `regime ${regime}`;
  const isAscending = tiers.every((tier, at) => tier > (tiers[at - 1] ?? -1) && tier < TIER_COUNT_MAX);
  if (!isAscending || tiers.length === 0) return `tiers ${tiers.join(", ")}`;
  if ([alpha, beta, table].some(({ length }) => length !== tiers.length)) return "lists of unequal length";
  const areCounts = [...alpha, ...beta].every((count) => count >= COUNT_LEAST && count <= COUNT_MOST);
  return areCounts && table.every(isShare) ? undefined : "counts or shares out of range";
}

function certificateFault({ regimes, alphaBps, deltaBps }: CertificateEntry): string | undefined {
  if (regimes > REGIME_COUNT) return `${regimes} regimes`;
  return alphaBps > BPS_MAX || deltaBps > BPS_MAX ? `alphaBps ${alphaBps}, deltaBps ${deltaBps}` : undefined;
}

function outcomeFault({ signals = SIGNALS, regime = 0, tier }: OutcomeEntry): string | undefined {
  if (regime > WARM_UP_REGIME || tier >= TIER_COUNT_MAX) return `regime ${regime}, tier ${tier}`;
  const isOrdered = SIGNALS.filter((signal) => signals.includes(signal)).join() === signals.join();
  return isOrdered && signals.length > 0 ? undefined : `signals ${signals.join(", ")}`;
}
