/**
 * A recorded decision under another policy: what the client sent, as another policy would have decided it. Names, not positions,
 * carry over: a candidate, a provider or a use case is the same one under both policies where its name is.
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

/** What the client sent, where the request of an entry holds another value. */
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
 * Guarantee: under the policy that an entry was decided with, every decision comes out as it is in the entry (a test holds it on
 * journals of the engine), unless a tenant's headroom was below a tier that was only considered.
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
   * @param tierFloors - of the other policy: the least quality of the enabled candidates of each tier.
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

  /** The share of a request's value that a decision of the other policy spends, as the offsets router counts it. */
  costShareOf({ selectedIndex, costMicrocents }: Decision, { valueMicrocents }: Request): number {
    const { candidates, latencyPenaltyMicrocentsPerMs } = this.#to.policy;
    const latencyMs = BigInt(candidates[selectedIndex]?.latencyP95Ms ?? 0);
    return costShare(costMicrocents + latencyMs * latencyPenaltyMicrocentsPerMs, valueMicrocents);
  }

  /** The request with the floor of its use case, or the client's; `undefined` where the policy would refuse it as invalid. */
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
   * The decision by what was drawn; `undefined` where the policy would refuse the request as invalid.
   *
   * @param tier - another tier than the one that was drawn: of a table, each in turn.
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

  /** By the floor of the use case alone, as a holdout is decided. */
  decideBase(entry: DecisionEntry, request: Request): Decision {
    return this.#withinRoom(entry, request);
  }

  /** 0 where no tier was drawn. A tier beyond the policy's is its last. */
  #tierFloor(tier: number | undefined): number {
    if (tier === undefined || tier < 0) return 0;
    return this.#tierFloors[Math.min(tier, this.#tierFloors.length - 1)] ?? 0;
  }

  #withFloor(entry: DecisionEntry, request: Request, floorBps: number): Decision {
    return this.#withinRoom(entry, { ...request, qualityMinBps: bps(floorBps) });
  }

  /** A headroom that was too little for what the recorded policy chose bounds the other policy's choice, too. */
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

/** What was learned, as far as it is no floor of the recorded policy itself. */
function learnedFloor({ source, floorBps }: Recommendation): number {
  return source === "warm_start" || source === "requested" ? 0 : floorBps;
}

/** Of each candidate of one policy, the one of the other with its name. */
export function candidateIds(from: PolicySnapshot, to: PolicySnapshot): ReadonlyMap<number, CandidateId> {
  const ids = new Map(to.candidateNames.map((name, index) => [name, to.policy.candidates[index]?.id]));
  const mapped = new Map<number, CandidateId>();
  for (const [index, { id }] of from.policy.candidates.entries()) {
    const other = ids.get(from.candidateNames[index] ?? "");
    if (other !== undefined) mapped.set(id, other);
  }
  return mapped;
}

/** Bits of one list of names as those of another. */
class BitMap {
  readonly #bits: readonly bigint[];
  readonly #isSame: boolean;

  constructor(from: readonly string[], to: readonly string[]) {
    this.#bits = from.map((name) => BigInt(to.indexOf(name)));
    this.#isSame = this.#bits.every((to, bit) => to === BigInt(bit));
  }

  /** `undefined` where a name is unknown to the other list. */
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
