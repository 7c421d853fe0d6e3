/**
 * A decision as the journal holds it: what was asked, as it was decided, and what was chosen. Members at their default
 * are left out, and so is what the kernel makes again of policy and request. Member names and their order:
 * `decision-fields.ts`.
 * @module
 */
import type { Actor } from "./actor.ts";
import type { Decision, Reason } from "./decision.ts";
import type { Recommendation } from "./recommendation.ts";
import { NO_BUDGET_LIMIT, type Request } from "./request.ts";
import type { BoundingPolicy, RequestBounds } from "./spending.ts";
import type { Bps, CandidateId, CostMicrocents, Mask, Microcents } from "./units.ts";

/** Which values the client left to the policy's use case; and `tenant`, which then is the default one. */
export type Defaulted = "value" | "risk" | "confidence" | "floor" | "output" | "tenant";
/** In the order in which an entry lists them. */
export const DEFAULTED: readonly Defaulted[] = Object.freeze([
  "value",
  "risk",
  "confidence",
  "floor",
  "output",
  "tenant",
] as const);

/** What the client sent where the request holds another value. */
export interface Asked {
  readonly budgetMicrocents?: CostMicrocents;
  readonly providers?: Mask;
  readonly qualityMinBps?: Bps;
}

/** What a tenant had, and what the client would have spent; in microcents. */
export interface Shortfall {
  readonly headroomMicrocents: Microcents;
  readonly askedMicrocents: CostMicrocents;
}

/** How the amount that is reserved was found. */
export type ReservationBasis = "bytes" | "estimate" | "window";
export const RESERVATION_BASES: readonly ReservationBasis[] = Object.freeze(["bytes", "estimate", "window"] as const);

/** What a staged policy would have decided. */
export interface Shadow {
  readonly action: Decision["action"];
  /** 0 for nothing. */
  readonly candidateId: CandidateId;
}

/** What an entry holds of a decision. The kernel makes the rest of policy and request. */
export type RecordedDecision = Pick<Decision, "action" | "reason" | "selectedId" | "selectedIndex" | "costMicrocents">;

/** One decision as the journal holds it. */
export interface DecisionEntry {
  readonly kind: "decision";
  /** The client's id for the request; absent when it gave none. */
  readonly requestId?: string;
  /** The policy decided under, when it is not the active one at the entry. */
  readonly policyId?: number;
  /** Who asked. */
  readonly actor?: Actor;
  /** On whose behalf, as the caller claims. */
  readonly onBehalfOf?: string;
  readonly useCase: string;
  readonly defaulted: readonly Defaulted[];
  /** Whose money it is; absent when no tenant has a limit and the client named none. */
  readonly tenant?: string;
  /** How long the reservation may stay open, when the client said; else the tenant's own. */
  readonly reservationSeconds?: number;
  /** The tenant's headroom, when it was less than the client would have spent. */
  readonly headroomMicrocents?: Microcents;
  /** What the client sent where the request holds another value. */
  readonly asked?: Asked;
  /** Short texts by which the caller counts its requests. */
  readonly tags?: Readonly<Record<string, string>>;
  /** The conversation that the request belongs to. */
  readonly session?: string;
  /** SHA-256 of the prompt, 43 characters of base64url. */
  readonly promptDigest?: string;
  /** As decided. */
  readonly request: Request;
  /**
   * What budget and providers of the request are left out at: what its policy makes of them where the client sent none. It is
   * not written, because it follows; left out for no limit and any provider.
   */
  readonly bounds?: RequestBounds;
  /** How the floor came about, when the client gave none and the policy learns. */
  readonly learning?: Recommendation;
  readonly decision: RecordedDecision;
  /** The candidate that runs whatever was selected, where the decision is only observed; 0 for nothing. */
  readonly acted?: CandidateId;
  /** What is reserved, when it is not the cost; always where {@link acted} runs and reserves. */
  readonly reservedMicrocents?: CostMicrocents;
  /** Of a call: how the reserved amount was found, or the amount that exceeded the headroom. */
  readonly basis?: ReservationBasis;
  readonly shadow?: Shadow;
  /** The identity digest (`calyidn1`) in hexadecimal; base64url in the journal. It binds policy, request and decision. */
  readonly identity: string;
}

/** A policy, as far as an entry is read under it. */
export type EntryPolicy = BoundingPolicy;

/**
 * The policy of an entry: by the id that it states, or without one the policy active at the entry. Throws when there is
 * none.
 */
export type EntryPolicyOf = (policyId: number | undefined) => EntryPolicy;

/** The shortage that an entry records; `undefined` when the tenant had what the client would have spent. */
export function shortfallOf({ headroomMicrocents, asked }: DecisionEntry): Shortfall | undefined {
  if (headroomMicrocents === undefined) return undefined;
  return { headroomMicrocents, askedMicrocents: asked?.budgetMicrocents ?? NO_BUDGET_LIMIT };
}

/** The candidate that runs; 0 for nothing. */
export function runningId({ acted, decision }: Pick<DecisionEntry, "acted" | "decision">): number {
  return acted ?? decision.selectedId;
}

/** What is reserved for what runs. A decision that is only observed says so itself. */
export function reservedFor({
  acted,
  reservedMicrocents,
  decision,
}: Pick<DecisionEntry, "acted" | "reservedMicrocents" | "decision">): bigint {
  return reservedMicrocents ?? (acted === undefined ? decision.costMicrocents : 0n);
}

/** What the action of a selection implies. */
export const SELECTION_REASONS: Readonly<Record<string, Reason>> = Object.freeze({
  execute: "requested_maximizes_utility",
  substitute: "alternative_maximizes_utility",
});
