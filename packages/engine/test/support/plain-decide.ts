/**
 * The decide flow in objects: the plain statement of what `src/flows/decide.ts` does in the kernel's records.
 *
 *     request → router → governance → kernel → headroom → governance → entry
 *
 * It is pure: policy, kernel, the number of the decision, the tenant's headroom and the learner come in; the entry to be made
 * durable comes out, and the table that must be ordered before it. The entry is a reservation too. The router is asked only
 * where the client gave no floor.
 * @module
 */
import {
  ALL_PROVIDERS,
  type Asked,
  type BeliefEntry,
  BPS_MAX,
  bounded,
  boundsOf,
  breachOfDecision,
  breachOfRequest,
  costMicrocents,
  type Decision,
  type DecisionEntry,
  type ExplainedRecommendation,
  floorWithin,
  invariant,
  type Kernel,
  type Microcents,
  microcents,
  NO_BUDGET_LIMIT,
  type Reason,
  type Request,
  type RequestBounds,
  rejection,
  type OnShortfall,
} from "@calybris/kernel";
import type { Writable } from "../../src/flows/writable.ts";
import type { ResolvedRequest } from "../../src/intake/client-request.ts";
import { UNPROVEN } from "../../src/ledger/reservations.ts";
import { requireConsistent } from "../../src/prescribe/consistent-decision.ts";
import type { PolicyVersion } from "../../src/state/state.ts";
import { type Learner, recommend } from "./plain-recommend.ts";

/** Whose money it is, and how much there is. */
export interface TenantHeadroom {
  readonly tenant: string;
  /** What may be reserved; `undefined` when nobody limits it. */
  readonly headroomMicrocents: bigint | undefined;
  readonly onShortfall: OnShortfall;
}

/** The active policy and a kernel built for it. */
export interface Deciding {
  readonly policy: PolicyVersion;
  readonly kernel: Kernel;
  /** Of a policy that learns. */
  readonly learner?: Learner | undefined;
}

/** What the journal will hold, but for the identity: its writer makes that, and what it binds. */
export interface Planned {
  readonly entry: DecisionEntry;
  readonly policyId: number;
  readonly policyDigest: Uint8Array;
  /** The whole decision; the entry holds what cannot be made again. */
  readonly decision: Decision;
  readonly learning?: ExplainedRecommendation | undefined;
  /** The sampling table that the decision was drawn from, where it is a new one; it comes first. */
  readonly table?: BeliefEntry | undefined;
}

/** Decides a resolved request. */
export function decide(deciding: Deciding, resolved: ResolvedRequest, headroom?: TenantHeadroom): Planned {
  const { policy } = deciding;
  const { useCase, defaulted, requestId, reservationSeconds, tenant } = resolved;
  const { actor, onBehalfOf, tags, session, promptDigest } = resolved;
  const bounds = boundsOf(policy.snapshot, resolved.request);
  const { request, decision, headroomMicrocents, learning, table } = withinRoom(deciding, resolved, bounds, headroom);
  const breach = breachOfDecision(request, decision);
  invariant(breach === undefined, `what runs respects governance, but ${breach}`);
  requireConsistent(policy.snapshot.policy, request, decision);
  const entry: Writable<DecisionEntry> = {
    kind: "decision",
    useCase,
    defaulted,
    request,
    decision,
    identity: UNPROVEN,
  };
  if (requestId !== undefined) entry.requestId = requestId;
  if (actor !== undefined) entry.actor = actor;
  if (onBehalfOf !== undefined) entry.onBehalfOf = onBehalfOf;
  if (tags !== undefined) entry.tags = tags;
  if (session !== undefined) entry.session = session;
  if (promptDigest !== undefined) entry.promptDigest = promptDigest;
  if (tenant !== undefined) entry.tenant = tenant;
  else if (headroom !== undefined) {
    entry.tenant = headroom.tenant;
    entry.defaulted = [...defaulted, "tenant"];
  }
  if (headroom !== undefined && reservationSeconds !== undefined) entry.reservationSeconds = reservationSeconds;
  if (headroomMicrocents !== undefined) entry.headroomMicrocents = headroomMicrocents;
  if (isBounding(bounds)) entry.bounds = bounds;
  const asked = askedBy(resolved.request, request, bounds);
  if (asked !== undefined) entry.asked = asked;
  if (learning !== undefined) entry.learning = learning;
  return { entry, policyId: policy.id, policyDigest: policy.digest, decision, learning, table };
}

/** What the client sent where the request holds another value, or leaves the same one out. */
function askedBy(sent: Request, request: Request, bounds: RequestBounds): Asked | undefined {
  const { budgetLimitMicrocents: budget, providersAllowed: providers } = sent;
  const isBudget =
    budget !== NO_BUDGET_LIMIT && (budget !== request.budgetLimitMicrocents || budget === bounds.budgetLimitMicrocents);
  const isProviders =
    providers !== ALL_PROVIDERS && (providers !== request.providersAllowed || providers === bounds.providersAllowed);
  if (!isBudget && !isProviders) return undefined;
  return { ...(isBudget ? { budgetMicrocents: budget } : {}), ...(isProviders ? { providers } : {}) };
}

function isBounding({ budgetLimitMicrocents, providersAllowed }: RequestBounds): boolean {
  return budgetLimitMicrocents !== NO_BUDGET_LIMIT || providersAllowed !== ALL_PROVIDERS;
}

interface Answer {
  readonly request: Request;
  readonly decision: Decision;
  readonly learning?: ExplainedRecommendation;
  /** The tenant's headroom, when it was too little. */
  readonly headroomMicrocents?: Microcents;
  readonly table?: BeliefEntry | undefined;
  /** The most that any way of answering it may cost. */
  readonly costMostMicrocents: bigint;
}

/**
 * What the client asked for, when the headroom covers it. Else the headroom is the request's budget, so that the kernel
 * finds the best that fits, or says why nothing does; of a tenant that wants no substitute, the budget is nothing.
 */
function withinRoom(
  deciding: Deciding,
  resolved: ResolvedRequest,
  bounds: RequestBounds,
  headroom: TenantHeadroom | undefined,
): Answer {
  const request = bounded(deciding.policy.snapshot, resolved.request, bounds, resolved.defaulted.includes("floor"));
  const asked = answerTo(deciding, resolved, request);
  const headroomMicrocents = headroom?.headroomMicrocents;
  if (headroom === undefined || headroomMicrocents === undefined || asked.costMostMicrocents <= headroomMicrocents)
    return asked;
  const budget = headroom.onShortfall === "substitute" ? headroomMicrocents : 0n;
  const fitting = answerTo(deciding, resolved, { ...request, budgetLimitMicrocents: costMicrocents(budget) });
  return { ...fitting, headroomMicrocents: microcents(headroomMicrocents) };
}

/** By the learner, where there is one and the client left the floor to it; else by the kernel alone. */
function answerTo(deciding: Deciding, resolved: ResolvedRequest, request: Request): Answer {
  const { learner } = deciding;
  const { features, useCase, textScore } = resolved;
  if (learner === undefined || features === undefined || !resolved.defaulted.includes("floor")) {
    const decision = prescribe(deciding, request);
    return { request, decision, costMostMicrocents: decision.costMicrocents };
  }
  const { snapshot } = deciding.policy;
  const asked = {
    request,
    useCase,
    warmStartBps: resolved.request.qualityMinBps,
    floorMostBps: floorWithin(snapshot, request.requestedId, BPS_MAX),
    features,
    ...(textScore === undefined ? {} : { textScore }),
  };
  return recommend(learner, asked, deciding.policy.snapshot.policy, (each) => prescribe(deciding, each));
}

function prescribe(deciding: Deciding, request: Request): Decision {
  return govern(deciding, request) ?? deciding.kernel.prescribe(request);
}

/** The rejection that governance demands whatever the kernel would say. A policy is never looser, so the kernel would say the same. */
function govern(deciding: Deciding, request: Request): Decision | undefined {
  const breach = breachOfRequest(request);
  if (breach === undefined) return undefined;
  invariant(
    breach === "risk_hard_limit" || breach === "confidence_hard_limit",
    "ranges are checked where requests are read",
  );
  const { policy } = deciding.policy.snapshot;
  const reason: Reason = request.riskBps >= policy.riskHardLimitBps ? "risk_hard_limit" : breach;
  return rejection(policy, request, reason, 0);
}
