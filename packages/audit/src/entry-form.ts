/**
 * Whether an entry has the form of its kind: the members that it must have and no others, each in its range. What a member
 * should be under the entries before it is asked elsewhere.
 * @module
 */
import {
  BPS_MAX,
  type BeliefEntry,
  type CertificateEntry,
  type EntryBody,
  JOURNAL_FORMAT,
  type OutcomeEntry,
  REGIME_COUNT,
  SIGNALS,
  TIER_COUNT_MAX,
  WARM_UP_REGIME,
} from "@calybris/kernel";

const MEMBERS: Readonly<Partial<Record<EntryBody["kind"], readonly string[]>>> = {
  genesis: ["kind", "format", "policyId", "snapshot", "policyDigest", "seedDigest"],
  policy: ["kind", "change", "policyId", "by", "snapshot", "policyDigest", "seedDigest"],
  seal: ["kind", "cause"],
  checkpoint: ["kind", "stateDigest"],
};

/** Left out but for the first policy that learns. */
const OPTIONAL = "seedDigest";
const ACTIONS: readonly string[] = ["execute", "substitute", "reject"];
const CAUSES: readonly string[] = ["idle", "rotation", "close"];
const DIGEST = /^[0-9a-f]{64}$/;

/** What a body has that its kind does not, or lacks; `undefined` when it is as it should be. */
export function unlikeItsKind(body: EntryBody): string | undefined {
  const keys = Object.keys(body);
  const members = MEMBERS[body.kind]?.filter((member) => member !== OPTIONAL || keys.includes(OPTIONAL));
  if (members !== undefined && keys.join() !== members.join()) return keys.join(", ");
  switch (body.kind) {
    case "genesis":
      return body.format === JOURNAL_FORMAT ? seedFault(body.seedDigest) : `format ${String(body.format)}`;
    case "policy":
      if (body.change !== "promoted") return `change ${String(body.change)}`;
      return typeof body.by === "string" && body.by !== "" ? seedFault(body.seedDigest) : "nobody who did it";
    case "decision":
      if (typeof body.useCase !== "string" || typeof body.identity !== "string") return "no use case or identity";
      return ACTIONS.includes(body.decision.action) ? undefined : `action ${body.decision.action}`;
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

function seedFault(seedDigest: string | undefined): string | undefined {
  return seedDigest === undefined || isDigest(seedDigest) ? undefined : "no digest of the seed";
}

function beliefFault({ regime, tiers, alpha, beta, table }: BeliefEntry): string | undefined {
  if (regime > WARM_UP_REGIME) return `regime ${regime}`;
  const isAscending = tiers.every((tier, at) => tier > (tiers[at - 1] ?? -1) && tier < TIER_COUNT_MAX);
  if (!isAscending || tiers.length === 0) return `tiers ${tiers.join(", ")}`;
  return [alpha, beta, table].every(({ length }) => length === tiers.length) ? undefined : "lists of unequal length";
}

function certificateFault({ regimes, alphaBps, deltaBps, prior }: CertificateEntry): string | undefined {
  if (regimes > REGIME_COUNT) return `${regimes} regimes`;
  if (alphaBps > BPS_MAX || deltaBps > BPS_MAX) return `alphaBps ${alphaBps}, deltaBps ${deltaBps}`;
  return prior === undefined || isDigest(prior) ? undefined : "no digest of the prior";
}

function outcomeFault({ signals = SIGNALS, digest }: OutcomeEntry): string | undefined {
  const isOrdered = SIGNALS.filter((signal) => signals.includes(signal)).join() === signals.join();
  if (!isOrdered || signals.length === 0) return `signals ${signals.join(", ")}`;
  return isDigest(digest) ? undefined : "no digest of the outcome";
}

function isDigest(value: unknown): boolean {
  return typeof value === "string" && DIGEST.test(value);
}
