/**
 * Checks that a journal's learning follows from the entries before: each recommendation, table, regime and outcome is
 * computed again and compared. If the seed is given, it also checks that a draw follows from the seed. It always checks that
 * the draw leads to the chosen tier.
 * @module
 */
import {
  activates,
  asActed,
  type BeliefEntry,
  BPS_MAX,
  type DecisionEntry,
  type EntryBody,
  floorWithin,
  type Kernel,
  type Learning,
  type OutcomeEntry,
  type PolicySnapshot,
  PROPENSITY_ONE,
  type PriorEntry,
  type Recommendation,
  runningId,
  type Sha256,
} from "@calybris/kernel";
import type { MoneyFold } from "../money.ts";
import type { Report } from "../report.ts";
import { alternativesText, drawnOf } from "./alternatives.ts";
import { useCaseOf } from "../request-check.ts";
import type { AwaitedOutcome, ComparedOutcomes, OutcomeContext } from "./awaited.ts";
import type { KeptDecision } from "./awaiting-decisions.ts";
import { KeptDecisions } from "./kept-decisions.ts";
import { LearningFold } from "./learning-fold.ts";
import { LatestOptions } from "./options.ts";
import { priorDigest } from "./prior-digest.ts";
import { type PriorJson, readPrior } from "./prior-json.ts";
import { checkOutcome } from "./outcome-check.ts";
import { same } from "./same.ts";
import { drawOf } from "./seeded-draws.ts";
import { isTableOf } from "./table.ts";

/** The active policy, with a kernel of its own. */
export interface LearningPolicy {
  readonly snapshot: PolicySnapshot;
  readonly kernel: Kernel;
}

export class LearningCheck {
  readonly fold: LearningFold = new LearningFold();
  readonly options: LatestOptions = new LatestOptions();
  /** Whether a decision was drawn, or may have been a holdout. */
  hasDraws = false;
  /** Number of outcomes whose decisions lie too far back to be compared. */
  unbound = 0;
  readonly #sha256: Sha256;
  readonly #seed: Uint8Array | undefined;
  readonly #kept = new KeptDecisions();

  /** Outcomes of decisions up to {@link awaitUpTo}. */
  readonly awaited: AwaitedOutcome[] = [];
  #awaitedUpTo = 0;

  /** @param seed - the secret seed of the draws, if it is known. */
  constructor(sha256: Sha256, seed?: Uint8Array) {
    this.#sha256 = sha256;
    this.#seed = seed;
  }

  /** Decisions up to a sequence are unknown: a snapshot replaces them. */
  beginAfter(sequence: number): void {
    this.#kept.forgotten = sequence;
  }

  /** Collects outcomes of decisions up to a sequence for another audit, which knows those decisions. */
  awaitUpTo(sequence: number): void {
    this.#awaitedUpTo = sequence;
  }

  /** Number of decisions that ran and were read here. */
  get keptCount(): number {
    return this.#kept.count;
  }

  /**
   * Compares outcomes that another audit collected, in the order of their entries.
   *
   * @param more - number of decisions that ran between the last entry read here and the first entry of the other audit.
   */
  compareAwaited(awaited: readonly AwaitedOutcome[], more: number): ComparedOutcomes {
    let [isGood, unbound] = [true, 0];
    for (const { outcome, context, keptSince } of awaited) {
      const { of } = outcome;
      const kept = this.#kept.get(of);
      if (of <= this.#kept.forgottenAfter(more + keptSince)) unbound += 1;
      else if (kept === undefined) isGood = false;
      else
        this.#compare(outcome, kept, context, () => {
          isGood = false;
        });
    }
    return { isGood, unbound };
  }

  /**
   * Checks the next entry against the state before it, and then applies it.
   *
   * @param money - after the entries up to this one; `undefined` if unknown.
   */
  take(
    sequence: number,
    at: number,
    body: EntryBody,
    { policy, money }: { readonly policy: LearningPolicy | undefined; readonly money: MoneyFold | undefined },
    report: Report,
  ): void {
    switch (body.kind) {
      case "genesis":
      case "policy":
        if (policy !== undefined && activates(body)) this.fold.policy(sequence, policy.snapshot);
        break;
      case "decision":
        if (policy !== undefined) this.#decision(sequence, at, body, policy, report);
        break;
      case "belief":
        this.#belief(body, report);
        this.fold.tabled(sequence, body);
        break;
      case "regimes":
        same("regimes", this.fold.regimes() ?? "none: no warm-up is over", body, report);
        this.fold.frozen(sequence, body);
        break;
      case "prior":
        this.#prior(sequence, body, policy, report);
        break;
      case "certificate": {
        const expected = this.fold.certified(body);
        if (expected !== undefined)
          report("learning", `a certificate ${expected}`, `of prior ${body.prior ?? "none"}, ${body.regimes} regimes`);
        break;
      }
      case "outcome":
        this.#outcome(sequence, body, money, report);
        this.fold.observed(body);
        break;
      default:
        break;
    }
  }

  #belief(body: BeliefEntry, report: Report): void {
    const { fold } = this;
    const explorationBps = fold.learning?.explorationBps ?? 0;
    if ((body.method === "offsets") !== fold.isByOffsets) {
      report("learning", `a belief by ${fold.isByOffsets ? "offsets" : "regimes"}`, body.method ?? "regimes");
    } else if (body.method === "offsets") {
      const { kind: _kind, regime, tiers, method: _method, ...found } = body;
      same("belief", fold.offsets.belief(regime, tiers, explorationBps, fold.hasPrior), found, report);
    } else {
      const beliefs = fold.beliefs(body.regime, body.tiers);
      same("belief", { alpha: beliefs.alpha, beta: beliefs.beta }, { alpha: body.alpha, beta: body.beta }, report);
      if (!isTableOf(body, explorationBps))
        report("learning", "the table of its beliefs", `table ${body.table.join(", ")}`);
    }
  }

  #prior(sequence: number, entry: PriorEntry, policy: LearningPolicy | undefined, report: Report): void {
    let prior: PriorJson;
    try {
      prior = readPrior(entry.prior);
    } catch (error) {
      report("learning", (error as Error).message, "another");
      return;
    }
    const digest = priorDigest(prior, this.#sha256);
    for (const found of [entry.digest, prior.digest])
      if (digest !== found) report("learning", `a prior with the digest ${digest}`, found);
    const wanted = policy?.snapshot.learning?.features ?? [];
    same(
      "features",
      wanted,
      prior.features.map(({ name }) => name),
      report,
    );
    this.fold.prior(sequence, digest, prior, entry.prior);
  }

  #decision(sequence: number, at: number, entry: DecisionEntry, policy: LearningPolicy, report: Report): void {
    const { learning } = policy.snapshot;
    const isLeftToLearner = learning !== undefined && entry.defaulted.includes("floor");
    let alternatives: string | undefined;
    if ((entry.learning === undefined) === isLeftToLearner) {
      report("learning", isLeftToLearner ? "a recommendation" : "none: the client gave a floor", "the opposite");
    } else if (entry.learning !== undefined && learning !== undefined) {
      if (this.fold.areRegimesDue) report("learning", "the regimes that the warm-up leads to, before it", "none");
      alternatives = this.#recommendation(entry, entry.learning, policy, learning, report);
      this.#draw(entry.request.sequence, entry.learning, learning.holdoutBps, report);
      this.fold.recommended(entry.learning);
    }
    if (runningId(entry) === 0) return;
    this.#kept.keep(sequence, at, asActed(entry, policy.snapshot.policy), policy.snapshot, alternatives);
  }

  #draw(decision: bigint, found: Recommendation, holdoutBps: number, report: Report): void {
    this.hasDraws = true;
    const { draw, holdout } = found;
    // Without the seed, the holdouts are unknown, unless the share makes all decisions holdouts, or none.
    const isHoldout = (word: number): boolean => word < (holdoutBps * PROPENSITY_ONE) / BPS_MAX;
    if (this.#seed !== undefined) {
      const expected = drawOf(this.#seed, decision, this.#sha256);
      same("draw", { draw: expected.tier, holdout: isHoldout(expected.holdout) }, { draw, holdout }, report);
    } else if (holdout ? holdoutBps === 0 : holdoutBps === BPS_MAX)
      report("learning", `holdouts of ${holdoutBps} in 10,000`, holdout ? "a holdout" : "none");
  }

  /** Returns the alternatives of the decision, as its outcome repeats them. */
  #recommendation(
    entry: DecisionEntry,
    found: Recommendation,
    { snapshot, kernel }: LearningPolicy,
    learning: Learning,
    report: Report,
  ): string {
    const ownBps = useCaseOf(snapshot, entry.useCase)?.qualityMinBps ?? 0;
    const expected = this.#expected(entry, found, learning, ownBps, snapshot);
    const warmStartBps = floorWithin(snapshot, entry.request.requestedId, ownBps);
    const { score, regime, floorBps, source, anomalous } = found;
    const named = found.expected === undefined ? {} : { expected: found.expected };
    same("recommendation", expected, { score, regime, anomalous, ...named, floorBps, source }, report);

    const { tierFloors } = this.fold;
    const floors = { warmStartBps, floorBps, tierFloors, isHoldout: found.holdout };
    const { base, tiers: options, certain } = this.options.of(kernel, entry.request, floors);
    const tiers = options.map(({ tier }) => tier);
    const table = options.length === 0 ? undefined : this.fold.table(found.regime, tiers);
    const drawn = table === undefined ? undefined : drawnOf(table.entry, entry, snapshot, options);
    const arms = options.map(({ tier, decision }, arm) => ({
      tier,
      candidateId: decision.selectedId,
      propensity: drawn?.shares[arm] ?? 0,
    }));
    same(
      "table",
      { belief: table?.sequence ?? 0, boundary: drawn?.isBoundary ?? false },
      { belief: found.belief, boundary: found.boundary ?? false },
      report,
    );

    const arm = arms[armUnder(found.draw, arms)];
    const floorOf = options.find(({ tier }) => tier === arm?.tier)?.tierFloor ?? found.floorBps;
    const { decision } = entry;
    const tierOf = decision.action === "reject" ? -1 : (snapshot.candidateTiers[decision.selectedIndex] ?? -1);
    const most = arms.reduce((so, each) => Math.max(so, each.propensity), 0);
    const chosen = found.holdout
      ? { qualityMinBps: warmStartBps, tier: tierOf, propensity: PROPENSITY_ONE, explored: false }
      : {
          qualityMinBps: floorOf,
          tier: arm?.tier ?? -1,
          propensity:
            arm === undefined
              ? PROPENSITY_ONE
              : arms.reduce((sum, each) => (each.candidateId === decision.selectedId ? sum + each.propensity : sum), 0),
          explored: arm !== undefined && arm.tier !== arms.find(({ propensity }) => propensity === most)?.tier,
        };
    const { tier, propensity, explored } = found;
    same("choice", chosen, { qualityMinBps: entry.request.qualityMinBps, tier, propensity, explored }, report);
    return alternativesText(
      asActed(entry, snapshot.policy),
      snapshot,
      base,
      certain === undefined ? options : [certain],
      table?.entry,
      drawn?.shares,
    );
  }

  /**
   * The fold's expectation, but with a floor no higher than the requested candidate allows. A certified floor may be higher.
   */
  #expected(
    { useCase, request }: DecisionEntry,
    found: Recommendation,
    learning: Learning,
    ownBps: number,
    snapshot: PolicySnapshot,
  ): Pick<Recommendation, "score" | "regime" | "anomalous" | "expected" | "floorBps" | "source"> {
    const expected = this.fold.expected(learning, useCase, ownBps, found);
    const mostBps = floorWithin(snapshot, request.requestedId, BPS_MAX);
    if (expected.floorBps <= mostBps || expected.source === "certified") return expected;
    return { ...expected, floorBps: mostBps, source: "requested" };
  }

  #outcome(sequence: number, found: OutcomeEntry, money: MoneyFold | undefined, report: Report): void {
    const { of } = found;
    const kept = this.#kept.get(of);
    const closedCostMicrocents = money?.claims.closedCost(of);
    const context = { closedCostMicrocents, isMoneyKnown: money !== undefined, ...this.fold.standing };
    if (kept !== undefined) this.#compare(found, kept, context, report);
    else if (of > 0 && of <= this.#kept.forgotten) this.unbound += 1;
    else if (of > 0 && of <= this.#awaitedUpTo)
      this.awaited.push({ sequence, outcome: found, context, keptSince: this.#kept.count });
    else if (this.#kept.isReported(of)) report("learning", `one outcome of entry ${of}`, "another");
    else report("learning", "the outcome of a decision that ran", `of entry ${of}`);
  }

  #compare(found: OutcomeEntry, kept: KeptDecision, context: OutcomeContext, report: Report): void {
    this.#kept.report(found.of);
    checkOutcome(found, kept, context, this.#sha256, report);
  }
}

/** The arm that a draw selects; −1 without arms. */
function armUnder(draw: number, arms: readonly { readonly propensity: number }[]): number {
  let sum = 0;
  for (const [index, { propensity }] of arms.entries()) {
    sum += propensity;
    if (draw < sum) return index;
  }
  return arms.length - 1;
}
