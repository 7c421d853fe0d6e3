/**
 * A decision as the journal holds it: the request as it was decided, and the choice. Members at their default are left out,
 * and so is everything that the kernel derives from policy and request. Member names and their order:
 * `decision-fields.ts`.
 * @module
 */
import type { Actor } from "./actor.ts";
import type { Decision, Reason } from "./decision.ts";
import type { Recommendation } from "./recommendation.ts";
import { NO_BUDGET_LIMIT, type Request } from "./request.ts";
import type { BoundingPolicy, RequestBounds } from "./spending.ts";
import type { Bps, CandidateId, CostMicrocents, Mask, Microcents } from "./units.ts";

/** A value that the client left to the policy's use case; or `tenant`, if the client named none and the default applies. */
export type Defaulted = "value" | "risk" | "confidence" | "floor" | "output" | "tenant";
/** In the order of their bits in the mask of an entry. */
export const DEFAULTED: readonly Defaulted[] = Object.freeze([
  "value",
  "risk",
  "confidence",
  "floor",
  "output",
  "tenant",
] as const);

/** Values that the client sent and the decision replaced; `request` holds the replacements. */
export interface Asked {
  readonly budgetMicrocents?: CostMicrocents;
  readonly providers?: Mask;
  readonly qualityMinBps?: Bps;
}

/** The headroom of a tenant, and the larger amount that the client would have spent. */
export interface Shortfall {
  readonly headroomMicrocents: Microcents;
  readonly askedMicrocents: CostMicrocents;
}

/** How the reserved amount was determined. */
export type ReservationBasis = "bytes" | "estimate" | "window";
export const RESERVATION_BASES: readonly ReservationBasis[] = Object.freeze(["bytes", "estimate", "window"] as const);

/** The decision that a staged policy would have made. */
export interface Shadow {
  readonly action: Decision["action"];
  /** 0 for a rejection. */
  readonly candidateId: CandidateId;
}

/** The part of a decision that an entry holds. The kernel derives the rest from policy and request. */
export type RecordedDecision = Pick<Decision, "action" | "reason" | "selectedId" | "selectedIndex" | "costMicrocents">;

/** One decision as the journal holds it. */
export interface DecisionEntry {
  readonly kind: "decision";
  /** The client's id for the request; absent when it gave none. */
  readonly requestId?: string;
  /** The policy decided under, when it is not the active one at the entry. */
  readonly policyId?: number;
  /** The caller. */
  readonly actor?: Actor;
  /** On whose behalf, as the caller claims. */
  readonly onBehalfOf?: string;
  readonly useCase: string;
  readonly defaulted: readonly Defaulted[];
  /** The tenant that pays; absent if the client named none and `default` has no limit. */
  readonly tenant?: string;
  /** How long the reservation may stay open, if the client set it; otherwise the tenant's limit applies. */
  readonly reservationSeconds?: number;
  /** The tenant's headroom, if it was less than the client would have spent. */
  readonly headroomMicrocents?: Microcents;
  /** Values that the client sent and the decision replaced. */
  readonly asked?: Asked;
  /** Short texts by which the caller groups its requests. */
  readonly tags?: Readonly<Record<string, string>>;
  /** The conversation that the request belongs to. */
  readonly session?: string;
  /** SHA-256 of the prompt, 43 characters of base64url. */
  readonly promptDigest?: string;
  /** As decided. */
  readonly request: Request;
  /**
   * The budget and providers at which those members of the request are left out: the policy's, if the client sends neither.
   * Not written, because they follow from policy and request. Absent for no limit and any provider.
   */
  readonly bounds?: RequestBounds;
  /** The origin of the floor, if the client gave none and the policy learns. */
  readonly learning?: Recommendation;
  readonly decision: RecordedDecision;
  /** The candidate that runs, if the decision is only observed: not the selected one. 0 for none. */
  readonly acted?: CandidateId;
  /** The reserved amount, if it is not the decision's cost; always present if {@link acted} runs and reserves. */
  readonly reservedMicrocents?: CostMicrocents;
  /** Of a call: how the reserved amount was determined, or the amount that exceeded the headroom. */
  readonly basis?: ReservationBasis;
  readonly shadow?: Shadow;
  /** The identity digest (`calyidn1`) in hexadecimal; base64url in the journal. It binds policy, request and decision. */
  readonly identity: string;
}

/** The part of a policy that reading an entry needs. */
export type EntryPolicy = BoundingPolicy;

/**
 * The policy of an entry: the one with the stated id or, without an id, the policy active at the entry. Throws if there is
 * no such policy.
 */
export type EntryPolicyOf = (policyId: number | undefined) => EntryPolicy;

/** The shortfall that an entry records; `undefined` if the tenant's headroom was enough. */
export function shortfallOf({ headroomMicrocents, asked }: DecisionEntry): Shortfall | undefined {
  if (headroomMicrocents === undefined) return undefined;
  return { headroomMicrocents, askedMicrocents: asked?.budgetMicrocents ?? NO_BUDGET_LIMIT };
}

/** The candidate that runs; 0 for none. */
export function runningId({ acted, decision }: Pick<DecisionEntry, "acted" | "decision">): number {
  return acted ?? decision.selectedId;
}

/** The amount reserved for the candidate that runs. A decision that is only observed reserves nothing unless it says so. */
export function reservedFor({
  acted,
  reservedMicrocents,
  decision,
}: Pick<DecisionEntry, "acted" | "reservedMicrocents" | "decision">): bigint {
  return reservedMicrocents ?? (acted === undefined ? decision.costMicrocents : 0n);
}

/** The reason that the action of a selection implies. */
export const SELECTION_REASONS: Readonly<Record<string, Reason>> = Object.freeze({
  execute: "requested_maximizes_utility",
  substitute: "alternative_maximizes_utility",
});
