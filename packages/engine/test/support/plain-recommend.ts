/**
 * The part of the decide flow that learning adds, in objects, as the sentence it implements:
 *
 *     floor → tiers that the kernel can serve → table → draw → the kernel's choice in that tier
 *
 * A tier is tried with its own floor as the request's; the kernel then chooses whatever is best above it. So the arm is a
 * tier, the action a candidate, and two tiers that lead to the same candidate share its probability. Some decisions are
 * left alone: they are made by the floor of their use case, to compare with.
 * @module
 */
import {
  type Arm,
  type BeliefEntry,
  BPS_MAX,
  bps,
  costShare,
  type Decision,
  drawnShares,
  type ExplainedRecommendation,
  type Learning,
  type Policy,
  PROPENSITY_ONE,
  type Request,
  TIER_COUNT_MAX,
} from "@calybris/kernel";
import type { Draws } from "../../src/router/draws.ts";
import type { Advice, Router } from "../../src/router/router.ts";
import { maskOf, type Table } from "../../src/router/tables.ts";
import { armAt } from "../../src/router/thompson.ts";

/** What a recommendation is made with. */
export interface Learner {
  readonly router: Router;
  readonly draws: Draws;
  /** By position in the policy's candidates. */
  readonly candidateTiers: readonly number[];
  /** The sequence that a table gets which has to be ordered before the decision. */
  readonly tableSequence: number;
}

/** What was asked, as far as learning is concerned. */
export interface Asked {
  /** With the floor of its use case, as far as what was asked for allows. */
  readonly request: Request;
  readonly useCase: string;
  /** The floor of its use case. */
  readonly warmStartBps: number;
  /** The highest floor that leaves what was asked for; a certified floor may be higher. */
  readonly floorMostBps: number;
  readonly features: readonly number[];
  readonly textScore?: number | undefined;
}

/** What runs, under which request, and how that came about. */
export interface Recommended {
  readonly request: Request;
  readonly decision: Decision;
  readonly learning: ExplainedRecommendation;
  /** The table that was drawn from, where it is a new one: it is ordered before the decision. */
  readonly table: BeliefEntry | undefined;
  /** The most that any way of answering it may cost. */
  readonly costMostMicrocents: bigint;
}

/** A table to draw from: the active one, or the next. */
interface Drawable {
  readonly active: Pick<Table, "sequence" | "belief">;
  readonly toOrder: BeliefEntry | undefined;
}

/** What it makes of a request. */
interface Drawn {
  readonly tiers: readonly number[];
  readonly table: readonly number[];
  readonly isBoundary: boolean;
}

interface Option {
  readonly tier: number;
  readonly request: Request;
  readonly decision: Decision;
}

/** Recommends for a request whose client gave no floor. `prescribe` decides one request. */
export function recommend(
  learner: Learner,
  asked: Asked,
  policy: Policy,
  prescribe: (request: Request) => Decision,
): Recommended {
  const { router, draws } = learner;
  const { request, useCase, warmStartBps, floorMostBps, features, textScore } = asked;
  const learning = router.learning as Learning;
  const advice: Advice = { regime: 0, score: 0, floorBps: 0, source: "warm_start", anomalous: false, expected: [] };
  router.advise(useCase, warmStartBps, features, textScore, advice);
  if (advice.floorBps > floorMostBps && advice.source !== "certified") {
    advice.floorBps = floorMostBps;
    advice.source = "requested";
  }
  const { regime, floorBps } = advice;
  const base = prescribe(request);
  const options = optionsAbove(floorBps, router.tierFloors, request, prescribe);
  const number = Number(request.sequence);
  const draw = draws.tier(number);
  const drawable = options.length === 0 ? undefined : drawableOf(learner, regime, tiersOf(options));
  const table = drawable === undefined ? undefined : drawn(drawable, advice, options, request.valueMicrocents, policy);
  const isHoldout = draws.holdout(number) < (learning.holdoutBps * PROPENSITY_ONE) / BPS_MAX;
  const chosen = isHoldout
    ? { tier: tierOf(learner, base), request, decision: base }
    : chooseFrom(options, table, draw, request, floorBps, prescribe);
  const arms = armsOf(options, table);
  return {
    request: chosen.request,
    decision: chosen.decision,
    table: drawable?.toOrder,
    costMostMicrocents: costMost(base, options, chosen.decision),
    learning: {
      regime,
      score: advice.score,
      features,
      ...(textScore === undefined ? {} : { textScore }),
      ...(advice.expected.length === 0 ? {} : { expected: [...advice.expected] }),
      floorBps,
      source: advice.source,
      anomalous: advice.anomalous,
      holdout: isHoldout,
      belief: drawable?.active.sequence ?? 0,
      draw,
      tier: chosen.tier,
      propensity: isHoldout || arms.length === 0 ? PROPENSITY_ONE : propensityOf(arms, chosen.decision.selectedId),
      explored: !isHoldout && table !== undefined && chosen.tier !== likeliest(table),
      ...(table?.isBoundary === true ? { boundary: true as const } : {}),
      arms,
      baseId: base.selectedId,
    },
  };
}

function drawableOf({ router, tableSequence }: Learner, regime: number, tiers: readonly number[]): Drawable {
  const active = router.table(regime, maskOf(tiers));
  if (active !== undefined) return { active, toOrder: undefined };
  const toOrder = router.beliefEntry(regime, tiers);
  return { active: { sequence: tableSequence, belief: toOrder }, toOrder };
}

/** What a belief makes of this request. */
function drawn(
  { active: { belief } }: Drawable,
  { expected }: Advice,
  options: readonly Option[],
  valueMicrocents: bigint,
  policy: Policy,
): Drawn {
  const costs = options.map(({ decision: { selectedIndex, costMicrocents } }) => {
    const latencyMs = BigInt(policy.candidates[selectedIndex]?.latencyP95Ms ?? 0);
    return costShare(costMicrocents + latencyMs * policy.latencyPenaltyMicrocentsPerMs, valueMicrocents);
  });
  const shares = new Float64Array(TIER_COUNT_MAX);
  const isBoundary = drawnShares(belief, expected, costs, shares);
  return { tiers: belief.tiers, table: [...shares.subarray(0, options.length)], isBoundary };
}

/** The tiers whose floor is at least the request's, for which the kernel selects something. */
function optionsAbove(
  floorBps: number,
  tierFloors: readonly number[],
  request: Request,
  prescribe: (request: Request) => Decision,
): readonly Option[] {
  const options: Option[] = [];
  for (let tier = 0; tier < tierFloors.length; tier++) {
    const tierFloor = tierFloors[tier] as number;
    if (tierFloor < floorBps) continue;
    const raised = { ...request, qualityMinBps: bps(tierFloor) };
    const decision = prescribe(raised);
    if (decision.action !== "reject") options.push({ tier, request: raised, decision });
  }
  return options;
}

/** The tier that the draw falls on; without any, whatever the kernel finds above the floor. */
function chooseFrom(
  options: readonly Option[],
  table: Drawn | undefined,
  draw: number,
  request: Request,
  floorBps: number,
  prescribe: (request: Request) => Decision,
): Option {
  const drawn = table === undefined ? undefined : options[armAt(table.table, draw)];
  if (drawn !== undefined) return drawn;
  const raised = { ...request, qualityMinBps: bps(floorBps) };
  return { tier: -1, request: raised, decision: prescribe(raised) };
}

function tiersOf(options: readonly Option[]): readonly number[] {
  return options.map(({ tier }) => tier);
}

function tierOf(learner: Learner, decision: Decision): number {
  return decision.action === "reject" ? -1 : (learner.candidateTiers[decision.selectedIndex] ?? -1);
}

function armsOf(options: readonly Option[], table: Drawn | undefined): readonly Arm[] {
  return options.map(({ tier, decision }, arm) => ({
    tier,
    candidateId: decision.selectedId,
    propensity: table?.table[arm] ?? 0,
  }));
}

function propensityOf(arms: readonly Arm[], candidateId: number): number {
  let sum = 0;
  for (const arm of arms) if (arm.candidateId === candidateId) sum += arm.propensity;
  return sum;
}

/** Of equally likely ones the first. */
function likeliest({ tiers, table }: Drawn): number {
  let first = 0;
  for (let arm = 1; arm < table.length; arm++) if ((table[arm] as number) > (table[first] as number)) first = arm;
  return tiers[first] as number;
}

function costMost(base: Decision, options: readonly Option[], chosen: Decision): bigint {
  let most: bigint = base.costMicrocents > chosen.costMicrocents ? base.costMicrocents : chosen.costMicrocents;
  for (const { decision } of options) if (decision.costMicrocents > most) most = decision.costMicrocents;
  return most;
}
