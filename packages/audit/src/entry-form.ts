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

const MEMBERS: Readonly<Partial<Record<EntryBody["kind"], readonly string[]>>> = {
  genesis: ["kind", "format", "policyId", "snapshot", "policyDigest", "seedDigest"],
  policy: ["kind", "change", "policyId", "by", "snapshot", "policyDigest", "seedDigest", "source"],
  seal: ["kind", "cause"],
  checkpoint: ["kind", "stateDigest"],
};

/** Left out but for the first policy that learns, and for one that does not come from the configured file. */
const OPTIONAL: readonly string[] = ["seedDigest", "source"];
const CAUSES: readonly string[] = ["idle", "rotation", "close"];
/** Of a belief, in ten-thousandths of an observation. */
const COUNT_LEAST = 10_000;
const COUNT_MOST = 2_000_000_000;
const DIGEST = /^[0-9a-f]{64}$/;

/** What a body has that its kind does not, or lacks; `undefined` when it is as it should be. */
export function unlikeItsKind(body: EntryBody): string | undefined {
  const keys = Object.keys(body);
  const members = MEMBERS[body.kind]?.filter((member) => !OPTIONAL.includes(member) || keys.includes(member));
  if (members !== undefined && keys.join() !== members.join()) return keys.join(", ");
  switch (body.kind) {
    case "genesis":
      return body.format === JOURNAL_FORMAT ? seedFault(body.seedDigest) : `format ${String(body.format)}`;
    case "policy":
      if (body.change !== "promoted") return `change ${String(body.change)}`;
      if (body.source !== undefined && body.source !== "file") return `source ${String(body.source)}`;
      return typeof body.by === "string" && body.by !== "" ? seedFault(body.seedDigest) : "nobody who did it";
    case "decision":
      return decisionFault(body);
    case "seal":
      return CAUSES.includes(body.cause) ? undefined : `cause ${String(body.cause)}`;
    case "checkpoint":
      return isDigest(body.stateDigest) ? undefined : "no digest of the state";
    case "belief":
      return beliefFault(body);
    case "prior":
      return isDigest(body.digest) ? undefined : "no digest of the prior";
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

function seedFault(seedDigest: string | undefined): string | undefined {
  return seedDigest === undefined || isDigest(seedDigest) ? undefined : "no digest of the seed";
}

function beliefFault({ regime, tiers, alpha, beta, table }: BeliefEntry): string | undefined {
  if (regime > WARM_UP_REGIME) return `regime ${regime}`;
  const isAscending = tiers.every((tier, at) => tier > (tiers[at - 1] ?? -1) && tier < TIER_COUNT_MAX);
  if (!isAscending || tiers.length === 0) return `tiers ${tiers.join(", ")}`;
  if ([alpha, beta, table].some(({ length }) => length !== tiers.length)) return "lists of unequal length";
  const areCounts = [...alpha, ...beta].every((count) => count >= COUNT_LEAST && count <= COUNT_MOST);
  return areCounts && table.every(isShare) ? undefined : "counts or shares out of range";
}

function certificateFault({ regimes, alphaBps, deltaBps, prior }: CertificateEntry): string | undefined {
  if (regimes > REGIME_COUNT) return `${regimes} regimes`;
  if (alphaBps > BPS_MAX || deltaBps > BPS_MAX) return `alphaBps ${alphaBps}, deltaBps ${deltaBps}`;
  return prior === undefined || isDigest(prior) ? undefined : "no digest of the prior";
}

function outcomeFault({ signals = SIGNALS, digest, regime = 0, tier }: OutcomeEntry): string | undefined {
  if (regime > WARM_UP_REGIME || tier >= TIER_COUNT_MAX) return `regime ${regime}, tier ${tier}`;
  const isOrdered = SIGNALS.filter((signal) => signals.includes(signal)).join() === signals.join();
  if (!isOrdered || signals.length === 0) return `signals ${signals.join(", ")}`;
  return isDigest(digest) ? undefined : "no digest of the outcome";
}

function isDigest(value: unknown): boolean {
  return typeof value === "string" && DIGEST.test(value);
}
