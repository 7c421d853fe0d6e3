/**
 * The decide flow, as the sentence it implements:
 *
 *     request → governance → kernel → room → governance → proof → entry
 *
 * It is pure: policy, kernel, the number of the decision and the tenant's room come in, the entry to be made durable
 * comes out; it is a reservation too. What the router recommends is a fixed floor so far, the use case's.
 * @module
 */
import {
  breachOfDecision,
  breachOfRequest,
  costMicrocents,
  type Decision,
  type DecisionDigests,
  type DecisionEntry,
  decisionDigests,
  invariant,
  type Kernel,
  microcents,
  type Reason,
  type Request,
  rejection,
  toHex,
  type WhenShort,
} from "@calybris/kernel";
import type { ResolvedRequest } from "./intake/client-request.ts";
import { nodeSha256 } from "./journal/chain-hash.ts";
import type { PolicyInForce } from "./state.ts";

/** Whose money it is, and how much there is. */
export interface TenantRoom {
  readonly tenant: string;
  /** What may be reserved; `undefined` when nobody limits it. */
  readonly roomMicrocents: bigint | undefined;
  readonly whenShort: WhenShort;
}

/** What is decided with: the policy in force and a kernel built for it. */
export interface Deciding {
  readonly policy: PolicyInForce;
  readonly kernel: Kernel;
}

/** What the journal will hold, and the digests that its identity binds. */
export interface Proven {
  readonly entry: DecisionEntry;
  readonly digests: DecisionDigests;
}

/** Decides a resolved request. */
export function decide(
  deciding: Deciding,
  resolved: ResolvedRequest,
  contentDigest: string | undefined,
  room?: TenantRoom,
): Proven {
  const { policy } = deciding;
  const { useCase, defaulted, requestId, reservationSeconds } = resolved;
  const { request, decision, short } = withinRoom(deciding, resolved.request, room);
  const breach = breachOfDecision(request, decision);
  invariant(breach === undefined, `what runs respects governance, but ${breach}`);
  const digests = decisionDigests(policy.digest, request, decision, nodeSha256);
  const entry: DecisionEntry = {
    kind: "decision",
    ...(requestId === undefined || contentDigest === undefined ? {} : { requestId, contentDigest }),
    policyId: policy.id,
    useCase,
    defaulted,
    ...(room === undefined ? {} : { tenant: room.tenant }),
    ...(room === undefined || reservationSeconds === undefined ? {} : { reservationSeconds }),
    ...(short === undefined ? {} : { short }),
    request,
    decision,
    identity: toHex(digests.identity),
  };
  return { entry, digests };
}

/**
 * What the client asked for, when the tenant has room for it. Else the room is the request's budget, so that the kernel
 * finds the best that fits, or says why nothing does; of a tenant that wants no substitute, the budget is nothing.
 */
function withinRoom(
  deciding: Deciding,
  request: Request,
  room: TenantRoom | undefined,
): Pick<DecisionEntry, "request" | "decision" | "short"> {
  const decision = prescribe(deciding, request);
  const roomMicrocents = room?.roomMicrocents;
  if (room === undefined || roomMicrocents === undefined || decision.costMicrocents <= roomMicrocents)
    return { request, decision };
  const budget = room.whenShort === "substitute" ? roomMicrocents : 0n;
  const fitting = { ...request, budgetLimitMicrocents: costMicrocents(budget) };
  const short = { roomMicrocents: microcents(roomMicrocents), askedMicrocents: request.budgetLimitMicrocents };
  return { request: fitting, decision: prescribe(deciding, fitting), short };
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
