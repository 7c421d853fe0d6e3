/**
 * The bounds that a policy puts on a request before the kernel decides it, so that no substitute costs more than the
 * requested candidate:
 *
 *     budget    = min(the client's, the cost of the requested candidate)      spendLimit "requested"
 *     providers = the client's, among those allowed and the requested one's   substituteWithin
 *     floor     = min(the policy's, the requested candidate's quality)        where the client gave none
 *
 * The requested candidate sets the bounds even if it is disabled. A request that names none is bounded only by the providers
 * that the policy lists. The kernel's gates enforce the bounds.
 * @module
 */
import { cost } from "./arithmetic.ts";
import type { Candidate } from "./policy.ts";
import { ALL_PROVIDERS, NO_BUDGET_LIMIT, type Request } from "./request.ts";
import type { PolicySnapshot } from "./snapshot.ts";
import { type Bps, bps, type CandidateId, type CostMicrocents, costMicrocents, type Mask, mask } from "./units.ts";

/** The parts of a policy that bound requests. */
export type BoundingPolicy = Pick<PolicySnapshot, "policy"> &
  Partial<Pick<PolicySnapshot, "spendLimit" | "substituteWithin" | "providers">>;

/** The budget and the providers of a request if the client sends neither. */
export type RequestBounds = Pick<Request, "budgetLimitMicrocents" | "providersAllowed">;

/** The bounds of a policy that bounds nothing. */
export const NO_BOUNDS: RequestBounds = Object.freeze({
  budgetLimitMicrocents: NO_BUDGET_LIMIT,
  providersAllowed: ALL_PROVIDERS,
});

/** The bounds of a request, by its requested candidate and its tokens. */
export function boundsOf(
  snapshot: BoundingPolicy,
  request: Pick<Request, "requestedId" | "inputTokens" | "outputTokens">,
): RequestBounds {
  const requested = requestedIn(snapshot, request.requestedId);
  const isLimited = requested !== undefined && snapshot.spendLimit !== "none";
  return {
    // The cost depends on these members only.
    budgetLimitMicrocents: isLimited ? cost(request as Request, requested) : NO_BUDGET_LIMIT,
    providersAllowed: allowedBy(snapshot, requested),
  };
}

/**
 * Restricts a request to its bounds.
 *
 * @param isFloorDefaulted - the floor is the policy's, not the client's.
 */
export function bounded(
  snapshot: BoundingPolicy,
  request: Request,
  bounds: RequestBounds,
  isFloorDefaulted: boolean,
): Request {
  const budget = smaller(request.budgetLimitMicrocents, bounds.budgetLimitMicrocents);
  const providers = narrowed(request.providersAllowed, bounds.providersAllowed);
  const floor = isFloorDefaulted
    ? floorWithin(snapshot, request.requestedId, request.qualityMinBps)
    : request.qualityMinBps;
  if (
    budget === request.budgetLimitMicrocents &&
    providers === request.providersAllowed &&
    floor === request.qualityMinBps
  )
    return request;
  return { ...request, budgetLimitMicrocents: budget, providersAllowed: providers, qualityMinBps: floor };
}

/** A floor that the client did not give: at most the quality of the requested candidate. */
export function floorWithin(snapshot: BoundingPolicy, requestedId: CandidateId, floorBps: number): Bps {
  const requested = snapshot.spendLimit === "none" ? undefined : requestedIn(snapshot, requestedId);
  return bps(requested === undefined ? floorBps : Math.min(floorBps, requested.qualityBps));
}

/** The providers that are in both masks. */
export function narrowed(providers: Mask, bound: Mask): Mask {
  return bound === ALL_PROVIDERS ? providers : mask(providers & bound);
}

function smaller(one: CostMicrocents, other: CostMicrocents): CostMicrocents {
  return costMicrocents(one < other ? one : other);
}

function allowedBy({ substituteWithin, providers = [] }: BoundingPolicy, requested: Candidate | undefined): Mask {
  if (substituteWithin === undefined) return ALL_PROVIDERS;
  const own = requested === undefined || requested.providerId > 63 ? 0n : 1n << BigInt(requested.providerId);
  if (substituteWithin === "requestedProvider") return requested === undefined ? ALL_PROVIDERS : mask(own);
  return mask(
    providers.reduce((so, name, bit) => (substituteWithin.includes(name) ? so | (1n << BigInt(bit)) : so), own),
  );
}

function requestedIn({ policy }: BoundingPolicy, id: CandidateId): Candidate | undefined {
  if (id === 0) return undefined;
  for (const candidate of policy.candidates) if (candidate.id === id) return candidate;
  return undefined;
}
