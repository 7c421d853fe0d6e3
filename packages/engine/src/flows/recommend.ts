/**
 * The part of the decide flow that learning adds, as the sentence it implements:
 *
 *     floor → tiers that the kernel can serve → table → draw → the kernel's choice in that tier
 *
 * A tier is tried with its own floor as the request's; the kernel then chooses the best candidate above it. So the arm is a
 * tier, the action a candidate, and two tiers that lead to the same candidate share its probability. A holdout of decisions
 * is made by the floor of the use case alone, for comparison.
 *
 * One recommendation is made at a time, in the kernel's records, so that it allocates nothing.
 * @module
 */
import {
  type BeliefEntry,
  BPS_MAX,
  drawnShares,
  FLOOR_SOURCES,
  type Learning,
  PROPENSITY_ONE,
  TIER_COUNT_MAX,
} from "@calybris/kernel";
import { ARM_BYTES, AT, HAS, type Pages } from "../journal/decision-record.ts";
import { BASE, DECISION_WORDS, FIRST_TIER, FREE, type PreparedPolicy, TWO_32 } from "../prescribe/prepared-policy.ts";
import type { Draws } from "../router/draws.ts";
import type { Advice, Router } from "../router/router.ts";
import type { Table } from "../router/tables.ts";
import { armAt } from "../router/thompson.ts";

/** The inputs of a recommendation besides the request. */
export interface Learner {
  readonly router: Router;
  readonly draws: Draws;
  /** By position in the policy's candidates. */
  readonly candidateTiers: readonly number[];
  /** The sequence of a table that must be ordered before the decision. */
  readonly tableSequence: number;
}

/** The parts of a request that learning uses. */
export interface LearnedFrom {
  readonly useCase: string;
  /** The floor of its use case. */
  readonly warmStartBps: number;
  /** Upper bound of the floor, within which the requested candidate stays admissible; a certified floor may be higher. */
  readonly floorMostBps: number;
  readonly features: readonly number[];
  readonly textScore: number | undefined;
}

/** Whether the decision in a slot is a rejection. */
export function isRejection(decisions: Uint32Array, slot: number): boolean {
  return ((decisions[slot * DECISION_WORDS + 2] as number) & 0xff) === REJECT;
}

/** Whether the decision in one slot costs more than that in another. */
export function costsMore(decisions: Uint32Array, one: number, other: number): boolean {
  const [a, b] = [one * DECISION_WORDS + 6, other * DECISION_WORDS + 6];
  const [high, otherHigh] = [decisions[a + 1] as number, decisions[b + 1] as number];
  return high > otherHigh || (high === otherHigh && (decisions[a] as number) > (decisions[b] as number));
}

const REJECT = 3;

export class Recommender {
  /** The slots of the decision that runs, and of the most expensive decision considered. */
  chosen: number = BASE;
  most: number = BASE;
  /** The floor of the decision that runs. */
  floorBps = 0;
  /** The table of the draw, if it is new: it is ordered before the decision. */
  toOrder: BeliefEntry | undefined;
  readonly #advice: Advice = {
    regime: 0,
    score: 0,
    floorBps: 0,
    source: "warm_start",
    anomalous: false,
    expected: [],
  };
  readonly #tiers: Uint8Array = new Uint8Array(TIER_COUNT_MAX);
  #tierCount = 0;
  #belief: Pick<Table, "sequence" | "belief"> | undefined;
  /** By position in the tiers that may be drawn: probability over 2^32, and the share of the value that each spends. */
  readonly #shares: Float64Array = new Float64Array(TIER_COUNT_MAX);
  readonly #costShares: Float64Array = new Float64Array(TIER_COUNT_MAX);
  #isBoundary = false;
  #tier = -1;
  #draw = 0;
  #isHoldout = false;

  /**
   * Recommends for a request whose client gave no floor. The request's record holds the floor of its use case, as far as the
   * requested candidate allows, before and after. `prescribe` decides the request into a slot.
   */
  recommend(learner: Learner, asked: LearnedFrom, prepared: PreparedPolicy, prescribe: (slot: number) => void): void {
    const { router, draws } = learner;
    const { request } = prepared;
    const baseFloor = request[11] as number;
    this.#advise(router, asked);
    this.chosen = BASE;
    this.most = BASE;
    this.floorBps = baseFloor;
    prescribe(BASE);
    this.#tryTiers(router.tierFloors, prepared, prescribe);
    request[11] = baseFloor;
    const number = (request[1] as number) * TWO_32 + (request[0] as number);
    this.#draw = draws.tier(number);
    this.#belief = this.#tierCount === 0 ? undefined : this.#beliefOf(learner);
    if (this.#tierCount === 0) this.toOrder = undefined;
    this.#fillShares(prepared);
    const { holdoutBps } = router.learning as Learning;
    this.#isHoldout = draws.holdout(number) < (holdoutBps * PROPENSITY_ONE) / BPS_MAX;
    if (this.#isHoldout) this.#tier = tierOfBase(learner, prepared.decisions);
    else this.#choose(router.tierFloors, prepared, prescribe);
    request[11] = baseFloor;
  }

  /** The slots of all decisions considered. */
  get slots(): readonly number[] {
    const tiers = Array.from({ length: this.#tierCount }, (_, arm) => FIRST_TIER + arm);
    return this.chosen === FREE ? [BASE, FREE] : [BASE, ...tiers];
  }

  /** Writes the recommendation into a decision's record. Returns the bits of its optional members. */
  layInto({ u8, i8, u32, i32, f64 }: Pages, at: number, decisions: Uint32Array, textScore: number | undefined): number {
    const { regime, score, floorBps, source, anomalous } = this.#advice;
    const chosenId = decisions[this.chosen * DECISION_WORDS + 3] as number;
    let propensity = 0;
    let likeliest = 0;
    const shares = this.#shares;
    for (let arm = 0; arm < this.#tierCount; arm++) {
      const from = at + AT.arms + arm * ARM_BYTES;
      const share = shares[arm] as number;
      const id = decisions[(FIRST_TIER + arm) * DECISION_WORDS + 3] as number;
      f64[from >>> 3] = share;
      u32[(from + 8) >>> 2] = id;
      u32[(from + 12) >>> 2] = this.#tiers[arm] as number;
      if (id === chosenId) propensity += share;
      // The first of equally likely ones.
      if (share > (shares[likeliest] as number)) likeliest = arm;
    }
    u8[at + AT.armCount] = this.#tierCount;
    u8[at + AT.regime] = regime;
    i8[at + AT.tier] = this.#tier;
    u8[at + AT.source] = FLOOR_SOURCES.indexOf(source);
    u32[(at + AT.baseId) >>> 2] = decisions[BASE * DECISION_WORDS + 3] as number;
    u32[(at + AT.floorBps) >>> 2] = floorBps;
    u32[(at + AT.draw) >>> 2] = this.#draw;
    f64[(at + AT.textScore) >>> 3] = textScore ?? 0;
    f64[(at + AT.score) >>> 3] = score;
    f64[(at + AT.belief) >>> 3] = this.#belief?.sequence ?? 0;
    f64[(at + AT.propensity) >>> 3] = this.#isHoldout || this.#tierCount === 0 ? PROPENSITY_ONE : propensity;
    const { expected } = this.#advice;
    u8[at + AT.expectedCount] = expected.length;
    for (let tier = 0; tier < expected.length; tier++)
      i32[((at + AT.expected) >>> 2) + tier] = expected[tier] as number;
    const explored = !this.#isHoldout && this.#belief !== undefined && this.#tier !== this.#tiers[likeliest];
    return (
      HAS.learning |
      (textScore === undefined ? 0 : HAS.textScore) |
      (anomalous ? HAS.anomalous : 0) |
      (this.#isHoldout ? HAS.holdout : 0) |
      (explored ? HAS.explored : 0) |
      (this.#isBoundary ? HAS.boundary : 0)
    );
  }

  #advise(router: Router, { useCase, warmStartBps, floorMostBps, features, textScore }: LearnedFrom): void {
    const advice = this.#advice;
    router.advise(useCase, warmStartBps, features, textScore, advice);
    if (advice.floorBps <= floorMostBps || advice.source === "certified") return;
    advice.floorBps = floorMostBps;
    advice.source = "requested";
  }

  /** The tiers whose floor is at least the advised one, and for which the kernel selects a candidate. */
  #tryTiers(
    tierFloors: readonly number[],
    { request, decisions }: PreparedPolicy,
    prescribe: (slot: number) => void,
  ): void {
    this.#tierCount = 0;
    for (let tier = 0; tier < tierFloors.length; tier++) {
      const floor = tierFloors[tier] as number;
      if (floor < this.#advice.floorBps) continue;
      request[11] = floor;
      const slot = FIRST_TIER + this.#tierCount;
      prescribe(slot);
      if (isRejection(decisions, slot)) continue;
      this.#tiers[this.#tierCount++] = tier;
      if (costsMore(decisions, slot, this.most)) this.most = slot;
    }
  }

  #beliefOf({ router, tableSequence }: Learner): Pick<Table, "sequence" | "belief"> {
    const { regime } = this.#advice;
    let mask = 0;
    for (let arm = 0; arm < this.#tierCount; arm++) mask |= 1 << (this.#tiers[arm] as number);
    const drawn = router.table(regime, mask);
    this.toOrder = undefined;
    if (drawn !== undefined) return drawn;
    this.toOrder = router.beliefEntry(regime, [...this.#tiers.subarray(0, this.#tierCount)]);
    return { sequence: tableSequence, belief: this.toOrder };
  }

  /**
   * Computes the distribution of the draw: by regimes the table itself, by offsets from this request's expectations and
   * costs.
   */
  #fillShares(prepared: PreparedPolicy): void {
    this.#isBoundary = false;
    if (this.#belief === undefined) return;
    const { belief } = this.#belief;
    if (belief.method !== undefined)
      for (let arm = 0; arm < this.#tierCount; arm++) this.#costShares[arm] = prepared.costShareOf(FIRST_TIER + arm);
    this.#isBoundary = drawnShares(belief, this.#advice.expected, this.#costShares, this.#shares);
  }

  /** Chooses the drawn tier; without any tier, the kernel's decision above the floor. */
  #choose(
    tierFloors: readonly number[],
    { request, decisions }: PreparedPolicy,
    prescribe: (slot: number) => void,
  ): void {
    if (this.#belief !== undefined) {
      const arm = armAt(this.#shares, this.#draw, this.#tierCount);
      this.#tier = this.#tiers[arm] as number;
      this.chosen = FIRST_TIER + arm;
      this.floorBps = tierFloors[this.#tier] as number;
      return;
    }
    this.#tier = -1;
    this.chosen = FREE;
    this.floorBps = this.#advice.floorBps;
    request[11] = this.floorBps;
    prescribe(FREE);
    if (costsMore(decisions, FREE, this.most)) this.most = FREE;
  }
}

function tierOfBase({ candidateTiers }: Learner, decisions: Uint32Array): number {
  if (isRejection(decisions, BASE)) return -1;
  return candidateTiers[(decisions[BASE * DECISION_WORDS + 4] as number) & 0xffff] ?? -1;
}
