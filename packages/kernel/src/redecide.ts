/**
 * Decides recorded requests under another policy, from the values that the client sent. Candidates, providers and use cases
 * of the two policies are matched by name, not by position.
 *
 *     budget, providers, floor   as the client sent them, within the other policy's bounds
 *     value, risk, output …      the other policy's defaults, where the client left them out
 *     learned floor              the floor of the tier that was drawn, what was learned, the use case's floor: the highest;
 *                                without the tier where nothing is above it
 *
 * A policy that does not learn decides by the floor of the use case. Source of the rules: docs/formats.md, "Shadow".
 * @module
 */
import { costShare } from "./offset-propensity.ts";
import type { Decision, Kernel } from "./decision.ts";
import type { DecisionEntry } from "./decision-entry.ts";
import type { Recommendation } from "./recommendation.ts";
import { ALL_PROVIDERS, NO_BUDGET_LIMIT, type Request } from "./request.ts";
import type { PolicySnapshot } from "./snapshot.ts";
import type { UseCase } from "./snapshot-fields.ts";
import { bounded, boundsOf, NO_BOUNDS } from "./spending.ts";
import { bps, type CandidateId, candidateId, type CostMicrocents, type Mask, mask } from "./units.ts";

/** Limits as the client sent them; the request of an entry may hold other values. */
export interface SentLimits {
  /** {@link NO_BUDGET_LIMIT} for none. */
  readonly budgetMicrocents: CostMicrocents;
  /** {@link ALL_PROVIDERS} for any. */
  readonly providers: Mask;
}

/** Budget and providers as the client sent them. */
export function sentLimits({ request, asked, bounds = NO_BOUNDS, headroomMicrocents }: DecisionEntry): SentLimits {
  const isBudgetBound =
    headroomMicrocents !== undefined || request.budgetLimitMicrocents === bounds.budgetLimitMicrocents;
  const areProvidersBound = request.providersAllowed === bounds.providersAllowed;
  return {
    budgetMicrocents: asked?.budgetMicrocents ?? (isBudgetBound ? NO_BUDGET_LIMIT : request.budgetLimitMicrocents),
    providers: asked?.providers ?? (areProvidersBound ? ALL_PROVIDERS : request.providersAllowed),
  };
}

/**
 * Decides recorded decisions again under another policy.
 *
 * Guarantee: under the policy that an entry was decided with, every decision equals that of the entry (tested on journals of
 * the engine), unless a tenant's headroom was below the cost of a tier that was only considered.
 */
export class Redecider {
  readonly #to: PolicySnapshot;
  readonly #kernel: Kernel;
  readonly #tierFloors: readonly number[];
  readonly #candidates: ReadonlyMap<number, CandidateId>;
  readonly #capabilities: BitMap;
  readonly #providers: BitMap;
  readonly #regions: BitMap;

  /**
   * @param from - the policy that the entries were decided with.
   * @param tierFloors - the lowest quality of the enabled candidates in each tier of the other policy.
   */
  constructor(from: PolicySnapshot, to: PolicySnapshot, kernel: Kernel, tierFloors: readonly number[]) {
    this.#to = to;
    this.#kernel = kernel;
    this.#tierFloors = tierFloors;
    this.#candidates = candidateIds(from, to);
    this.#capabilities = new BitMap(from.capabilities, to.capabilities);
    this.#providers = new BitMap(from.providers, to.providers);
    this.#regions = new BitMap(from.regions, to.regions);
  }

  /** The share of a request's value that a decision of the other policy costs, as the offsets router computes it. */
  costShareOf({ selectedIndex, costMicrocents }: Decision, { valueMicrocents }: Request): number {
    const { candidates, latencyPenaltyMicrocentsPerMs } = this.#to.policy;
    const latencyMs = BigInt(candidates[selectedIndex]?.latencyP95Ms ?? 0);
    return costShare(costMicrocents + latencyMs * latencyPenaltyMicrocentsPerMs, valueMicrocents);
  }

  /** The request with the floor of its use case, or the client's; `undefined` if the policy would refuse it as invalid. */
  request(entry: DecisionEntry): Request | undefined {
    const { request, defaulted } = entry;
    const useCase = this.#useCaseOf(entry.useCase);
    const requestedId = request.requestedId === 0 ? candidateId(0) : this.#candidates.get(request.requestedId);
    const { budgetMicrocents, providers } = sentLimits(entry);
    const allowed = providers === ALL_PROVIDERS ? providers : this.#providers.map(providers);
    const capabilities = this.#capabilities.map(request.capabilitiesRequired);
    const regions = this.#regions.map(request.regionsRequired);
    if (useCase === undefined || requestedId === undefined) return undefined;
    if (allowed === undefined || capabilities === undefined || regions === undefined) return undefined;
    const isFloorDefaulted = defaulted.includes("floor");
    const sent: Request = {
      ...request,
      requestedId,
      valueMicrocents: defaulted.includes("value") ? useCase.valueMicrocents : request.valueMicrocents,
      riskBps: defaulted.includes("risk") ? useCase.riskBps : request.riskBps,
      confidenceBps: defaulted.includes("confidence") ? useCase.confidenceBps : request.confidenceBps,
      outputTokens: defaulted.includes("output") ? useCase.outputTokens : request.outputTokens,
      qualityMinBps: isFloorDefaulted ? useCase.qualityMinBps : (entry.asked?.qualityMinBps ?? request.qualityMinBps),
      budgetLimitMicrocents: budgetMicrocents,
      capabilitiesRequired: capabilities,
      providersAllowed: allowed,
      regionsRequired: regions,
    };
    return bounded(this.#to, sent, boundsOf(this.#to, sent), isFloorDefaulted);
  }

  /**
   * The decision with the drawn tier; `undefined` if the policy would refuse the request as invalid.
   *
   * @param tier - a tier to use instead of the drawn one, to evaluate each tier of a table.
   */
  decide(entry: DecisionEntry, tier: number | undefined = entry.learning?.tier): Decision | undefined {
    const request = this.request(entry);
    return request === undefined ? undefined : this.decideRequest(entry, request, tier);
  }

  /** The same for a request that {@link Redecider.request} made. */
  decideRequest(entry: DecisionEntry, request: Request, tier: number | undefined): Decision {
    const { learning } = entry;
    if (learning === undefined || learning.holdout || this.#to.learning === undefined)
      return this.#withinRoom(entry, request);
    const learnedBps = Math.max(request.qualityMinBps, learnedFloor(learning));
    const tierBps = this.#tierFloor(tier);
    const decision = this.#withFloor(entry, request, Math.max(learnedBps, tierBps));
    return decision.action === "reject" && tierBps > learnedBps
      ? this.#withFloor(entry, request, learnedBps)
      : decision;
  }

  /** The decision by the floor of the use case alone, as for a holdout. */
  decideBase(entry: DecisionEntry, request: Request): Decision {
    return this.#withinRoom(entry, request);
  }

  /** 0 if no tier was drawn. A tier beyond the policy's last means the last. */
  #tierFloor(tier: number | undefined): number {
    if (tier === undefined || tier < 0) return 0;
    return this.#tierFloors[Math.min(tier, this.#tierFloors.length - 1)] ?? 0;
  }

  #withFloor(entry: DecisionEntry, request: Request, floorBps: number): Decision {
    return this.#withinRoom(entry, { ...request, qualityMinBps: bps(floorBps) });
  }

  /** A headroom that was too small for the recorded policy's choice also limits the other policy's choice. */
  #withinRoom({ headroomMicrocents, request: recorded }: DecisionEntry, request: Request): Decision {
    const decision = this.#kernel.prescribe(request);
    if (headroomMicrocents === undefined || decision.costMicrocents <= headroomMicrocents) return decision;
    return this.#kernel.prescribe({ ...request, budgetLimitMicrocents: recorded.budgetLimitMicrocents });
  }

  #useCaseOf(name: string): UseCase | undefined {
    const { useCases } = this.#to;
    return Object.hasOwn(useCases, name) ? useCases[name] : undefined;
  }
}

/** The learned floor; 0 if the floor came from the recorded policy itself. */
function learnedFloor({ source, floorBps }: Recommendation): number {
  return source === "warm_start" || source === "requested" ? 0 : floorBps;
}

/** Maps each candidate of one policy to the candidate of the other that has the same name. */
export function candidateIds(from: PolicySnapshot, to: PolicySnapshot): ReadonlyMap<number, CandidateId> {
  const ids = new Map(to.candidateNames.map((name, index) => [name, to.policy.candidates[index]?.id]));
  const mapped = new Map<number, CandidateId>();
  for (const [index, { id }] of from.policy.candidates.entries()) {
    const other = ids.get(from.candidateNames[index] ?? "");
    if (other !== undefined) mapped.set(id, other);
  }
  return mapped;
}

/** Translates a mask over one list of names to a mask over another. */
class BitMap {
  readonly #bits: readonly bigint[];
  readonly #isSame: boolean;

  constructor(from: readonly string[], to: readonly string[]) {
    this.#bits = from.map((name) => BigInt(to.indexOf(name)));
    this.#isSame = this.#bits.every((to, bit) => to === BigInt(bit));
  }

  /** `undefined` if the other list lacks a name. */
  map(bits: Mask): Mask | undefined {
    if (this.#isSame) return bits;
    let mapped = 0n;
    for (const [bit, to] of this.#bits.entries()) {
      if ((bits & (1n << BigInt(bit))) === 0n) continue;
      if (to < 0n) return undefined;
      mapped |= 1n << to;
    }
    return mask(mapped);
  }
}
