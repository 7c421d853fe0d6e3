/**
 * The router: recommends a floor and a tier for a request whose client gave no floor. Its state is a fold over the journal's
 * entries. A recommendation changes no state until its decision is ordered.
 *
 *     features ─▶ score ─▶ regime ─▶ floor ─▶ (tiers that may be drawn, from the kernel) ─▶ table ─▶ draw
 *        └──────▶ unlike its regime? ──▶ lifted
 * @module
 */
import {
  type BeliefEntry,
  type CertificateEntry,
  type EntryBody,
  type ExactJson,
  type FloorSource,
  type Learning,
  type OutcomeEntry,
  REGIME_COUNT,
  type Recommendation,
  type RegimesEntry,
  SnapshotMembers,
  WARM_UP_REGIME,
} from "@calybris/kernel";
import { Beliefs } from "./beliefs.ts";
import { BoundaryShare } from "./boundary-share.ts";
import { expectFromCatalog } from "./expected-success.ts";
import { isContradicted } from "./feedback.ts";
import { Floors, type TierQuality } from "./floors.ts";
import { Lifted } from "./lifted.ts";
import { Offsets } from "./offsets.ts";
import { freezeRegimes, regimeOf, type Standard, standardisedScore } from "./regimes.ts";
import { featuresOf, type RouterPolicy, type ScoringPrior, tiersOf } from "./router-policy.ts";
import { ANOMALY_WINDOW } from "./settings.ts";
import { Statistics } from "./statistics.ts";
import { type Table, Tables } from "./tables.ts";
import { onlyBest, samplingTable } from "./thompson.ts";

/** A recommendation before the kernel has determined which tiers are possible. The object is reused between calls. */
export interface Advice {
  regime: number;
  score: number;
  floorBps: number;
  source: FloorSource;
  anomalous: boolean;
  /** With offsets, the expected success of each tier, in bps; else empty. */
  readonly expected: number[];
}

const REGIMES: number = REGIME_COUNT + 1;
/** Before regimes are known, there are no usual values: every score is 0. */
const NO_STANDARD: Standard = { means: [], deviations: [] };

export type { RouterPolicy, ScoringPrior } from "./router-policy.ts";

export class Router {
  readonly beliefs: Beliefs = new Beliefs();
  readonly offsets: Offsets = new Offsets();
  readonly #boundary: BoundaryShare = new BoundaryShare();
  readonly floors: Floors = new Floors();
  readonly tables: Tables = new Tables();
  readonly #lifted: Lifted = new Lifted();
  #policy: RouterPolicy = { learning: undefined, featureCount: 0, tierFloors: [] };
  #statistics: Statistics = new Statistics(REGIMES, 0);
  #boundaries: readonly number[] | undefined;
  #standard: Standard = NO_STANDARD;
  #prior: ScoringPrior | undefined;
  /** Sequence of the entry that set the regimes, or ended them. */
  #regimesSince = 0;
  /** Sequence of the entry that set the tiers. */
  #tiersSince = 0;
  #tiers: string | undefined;
  /** The requests of the warm-up, until the regimes are frozen. */
  #seen: (readonly number[])[] = [];

  get learning(): Learning | undefined {
    return this.#policy.learning;
  }

  get tierFloors(): readonly number[] {
    return this.#policy.tierFloors;
  }

  get boundaries(): readonly number[] | undefined {
    return this.#boundaries;
  }

  /**
   * Whether an outcome of a decision counts for learning: the policy learns, and neither the tiers nor the regimes changed
   * since the decision. For the warm-up regime, only the tiers matter.
   */
  canTeach(sequence: number, regime: number): boolean {
    if (this.#policy.learning === undefined) return false;
    return sequence > this.#tiersSince && (regime === WARM_UP_REGIME || sequence > this.#regimesSince);
  }

  /** Number of regimes that the certificate allows below the top tier; `undefined` before the first certificate. */
  get certifiedRegimes(): number | undefined {
    return this.floors.certifiedRegimes;
  }

  /**
   * Activates another policy. If its features differ, the regimes and the prior end, and a new warm-up begins. If its tiers
   * differ, all observations are reset except the trackers, which are about quality. If its exploration differs, the
   * existing tables are dropped.
   *
   * @returns whether the features differ.
   */
  configure(policy: RouterPolicy, sequence = 0): boolean {
    const before = this.#policy;
    const tiers = tiersOf(policy);
    this.#policy = policy;
    if (this.#tiers !== undefined && tiers !== this.#tiers) this.#forgetTiers(sequence);
    this.#tiers = tiers;
    if (policy.learning?.explorationBps !== before.learning?.explorationBps) this.tables.clear();
    if (policy.learning?.method !== before.learning?.method) this.#changeMethod();
    if (featuresOf(policy) === featuresOf(before)) return false;
    this.#endRegimes(sequence);
    return true;
  }

  /**
   * Activates a prior: its predictions become the scores, and its quantiles the regimes. Activating the active prior again
   * changes nothing.
   */
  setPrior(prior: ScoringPrior, sequence = 0): void {
    if (prior.digest !== undefined && prior.digest === this.#prior?.digest) return;
    this.#prior = prior;
    this.#freeze(prior.boundaries, sequence);
    this.offsets.forget();
  }

  /** Recommends a floor. Does not allocate. */
  advise(
    useCase: string,
    warmStartBps: number,
    features: readonly number[],
    textScore: number | undefined,
    out: Advice,
  ): void {
    const learning = this.#policy.learning as Learning;
    out.score =
      this.#prior === undefined
        ? standardisedScore(this.#standard, features)
        : this.#prior.predict(features, useCase, textScore ?? 0);
    out.regime = regimeOf(this.#boundaries, out.score);
    out.anomalous = this.#mayLift(learning) && this.#statistics.isAnomalous(out.regime, features);
    const raiseBps = out.anomalous ? learning.anomalyRaiseBps : 0;
    this.floors.effective(useCase, warmStartBps, out.regime, this.#policy.tierFloors, raiseBps, out);
    if (learning.method === undefined) out.expected.length = 0;
    else this.#expect(useCase, features, out);
  }

  /** The table for a draw over these tiers; `undefined` if it has not been made yet. */
  table(regime: number, tiersMask: number): Table | undefined {
    return this.tables.get(regime, tiersMask);
  }

  /** The entry that activates a table from the current beliefs. */
  beliefEntry(regime: number, tiers: readonly number[]): BeliefEntry {
    const explorationBps = this.#policy.learning?.explorationBps ?? 0;
    if (this.#isByOffsets) {
      const withinBps = this.#boundary.explorationBps(explorationBps);
      return this.offsets.belief(regime, tiers, withinBps, this.#prior !== undefined);
    }
    const alpha = tiers.map((tier) => this.beliefs.alpha(regime, tier));
    const beta = tiers.map((tier) => this.beliefs.beta(regime, tier));
    const table = explorationBps === 0 ? onlyBest(alpha, beta) : samplingTable(alpha, beta, explorationBps);
    return { kind: "belief", regime, tiers, alpha, beta, table };
  }

  /** Tables whose beliefs have changed since they were made. */
  staleTables(): readonly { readonly regime: number; readonly tiers: readonly number[] }[] {
    return this.tables.stale((regime) => this.#changes(regime));
  }

  /** The entry that freezes the regimes, once the warm-up is over. */
  regimesDue(): RegimesEntry | undefined {
    const { learning, featureCount } = this.#policy;
    if (learning === undefined || this.#boundaries !== undefined || this.#seen.length < learning.warmUpRequests)
      return undefined;
    return freezeRegimes(this.#statistics, this.#seen, featureCount);
  }

  quality(useCase: string, regime: number, tier: number): TierQuality {
    return this.floors.quality(useCase, regime, tier);
  }

  /** The share of the last 1,000 recommendations that were lifted, in basis points. */
  get anomalyRaisedShareBps(): number {
    return Math.floor((this.#lifted.count * 10_000) / ANOMALY_WINDOW);
  }

  /** Applies the next entry; entries without learning content change nothing. */
  apply(sequence: number, body: EntryBody): void {
    switch (body.kind) {
      case "decision":
        if (body.learning !== undefined) this.#recommended(body.learning);
        break;
      case "outcome":
        this.#observed(body);
        break;
      case "belief":
        this.tables.set(sequence, body, this.#changes(body.regime));
        break;
      case "regimes":
        this.#standard = { means: body.means, deviations: body.deviations };
        this.#freeze(body.boundaries, sequence);
        break;
      case "certificate":
        this.#certified(body);
        break;
      default:
        break;
    }
  }

  /** Everything that a recommendation depends on. */
  toJson(): ExactJson {
    const all = Array.from({ length: REGIMES }, (_, regime) => regime);
    return {
      boundaries: this.#boundaries ?? [],
      since: this.#regimesSince,
      tiersSince: this.#tiersSince,
      prior: this.#prior?.digest ?? "",
      seen: this.#seen.length,
      statistics: all.map((regime) => [
        this.#statistics.count(regime),
        ...Array.from({ length: this.#policy.featureCount }, (_, feature) => this.#statistics.mean(regime, feature)),
        ...Array.from({ length: this.#policy.featureCount }, (_, feature) =>
          this.#statistics.deviation(regime, feature),
        ),
      ]),
      beliefs: all.map((regime) =>
        this.#policy.tierFloors.flatMap((_, tier) => [
          this.beliefs.alpha(regime, tier),
          this.beliefs.beta(regime, tier),
        ]),
      ),
      floors: this.floors.toJson() as unknown as ExactJson,
      certified: this.floors.certifiedRegimes ?? -1,
      tables: this.tables.sequences(),
      lifted: this.#lifted.count,
      ...(this.#isByOffsets
        ? {
            offsets: this.offsets.toJson(this.#policy.tierFloors.length),
            shifts: this.offsets.shifts.toJson(this.#policy.tierFloors.length),
            boundary: this.#boundary.ppm,
          }
        : {}),
    };
  }

  /** The whole state, for a state snapshot, including values that the digest omits because they follow from the journal. */
  toSnapshot(): ExactJson {
    return {
      boundaries: this.#boundaries,
      standard: { means: this.#standard.means, deviations: this.#standard.deviations },
      since: this.#regimesSince,
      tiersSince: this.#tiersSince,
      certified: this.floors.certifiedRegimes,
      seen: this.#seen,
      lifted: this.#lifted.toSnapshot(),
      statistics: this.#statistics.toSnapshot(),
      beliefs: this.beliefs.toSnapshot(),
      floors: this.floors.toSnapshot(),
      tables: this.tables.toSnapshot(),
      ...(this.#isByOffsets ? { offsets: this.offsets.toSnapshot(), boundary: this.#boundary.ppm } : {}),
    } as ExactJson;
  }

  /**
   * Restores a state snapshot; may be called once. Throws RangeError for an invalid one.
   *
   * @param policy - the active policy.
   * @param prior - the active prior.
   */
  restore(members: SnapshotMembers, policy: RouterPolicy, prior: ScoringPrior | undefined): void {
    const standard = new SnapshotMembers(members.json("standard"));
    this.#policy = policy;
    this.#tiers = tiersOf(policy);
    this.#prior = prior;
    this.#boundaries = members.has("boundaries") ? members.integers("boundaries") : undefined;
    this.#standard = { means: standard.integers("means"), deviations: standard.integers("deviations") };
    this.#regimesSince = members.whole("since");
    this.#tiersSince = members.whole("tiersSince");
    this.floors.certifiedRegimes = members.has("certified") ? members.whole("certified") : undefined;
    this.#seen = members.integerLists("seen");
    this.#lifted.restore(new SnapshotMembers(members.json("lifted")));
    this.#statistics = new Statistics(REGIMES, policy.featureCount);
    this.#statistics.restore(new SnapshotMembers(members.json("statistics")));
    this.beliefs.restore(new SnapshotMembers(members.json("beliefs")));
    this.floors.restore(members.objects("floors"));
    this.tables.restore(members.objects("tables"));
    if (!this.#isByOffsets) return;
    this.offsets.restore(new SnapshotMembers(members.json("offsets")));
    this.#boundary.ppm = members.whole("boundary");
  }

  #recommended(recommendation: Recommendation): void {
    const { regime, features, anomalous } = recommendation;
    this.#statistics.add(regime, features);
    this.#lifted.add(anomalous);
    if (this.#isByOffsets && recommendation.belief !== 0) this.#boundary.add(recommendation.boundary === true);
    if (regime === WARM_UP_REGIME) this.#seen.push(features);
  }

  #observed(outcome: OutcomeEntry): void {
    const { learning } = this.#policy;
    const { regime, tier, useCase, successBps, rewardBps } = outcome;
    if (learning === undefined || !outcome.learned || regime === undefined) return;
    if (!this.#isByOffsets) this.beliefs.observe(regime, tier, rewardBps, learning.discountPpm);
    else if (outcome.expected !== undefined)
      this.offsets.observe(regime, tier, successBps, outcome.expected, learning.discountPpm);
    const contradicted = isContradicted(outcome.succeeded, outcome.signals ?? []);
    this.floors.observe(useCase, outcome.warmStartBps, regime, tier, successBps, contradicted, learning);
  }

  /** A certificate of other regimes does not apply, so no regime may go below the top tier. */
  #certified({ prior, regimes }: CertificateEntry): void {
    this.floors.certifiedRegimes = prior === this.#prior?.digest ? regimes : 0;
  }

  /**
   * Sets the regimes. The first regimes begin with the state of the warm-up. Later regimes differ in meaning under the same
   * numbers: beliefs and observations are redistributed among them, usual values are measured from scratch, and a
   * certificate becomes void.
   */
  #freeze(boundaries: readonly number[], sequence: number): void {
    if (this.#boundaries === undefined) {
      this.beliefs.inheritWarmUp();
      this.offsets.inheritWarmUp();
      this.floors.inheritWarmUp();
    } else {
      this.beliefs.redistribute();
      this.offsets.redistribute();
      this.floors.redistribute();
      this.#statistics = new Statistics(REGIMES, this.#policy.featureCount);
    }
    this.#boundaries = boundaries;
    this.#regimesSince = sequence;
    this.#seen = [];
    this.tables.clear();
    this.floors.voidCertificate();
  }

  /**
   * Ends the regimes, because their scores were based on other features. Their state is redistributed, because the next
   * regimes differ in meaning under the same numbers. Outcomes of earlier decisions in a regime no longer count for
   * learning.
   */
  #endRegimes(sequence: number): void {
    this.offsets.forget();
    if (this.#boundaries !== undefined) {
      this.beliefs.redistribute();
      this.floors.redistribute();
      this.#regimesSince = sequence;
    }
    this.#boundaries = undefined;
    this.#standard = NO_STANDARD;
    this.#prior = undefined;
    this.#seen = [];
    this.#statistics = new Statistics(REGIMES, this.#policy.featureCount);
    this.tables.clear();
    this.floors.voidCertificate();
  }

  #forgetTiers(sequence: number): void {
    this.#tiersSince = sequence;
    this.beliefs.forget();
    this.offsets.forget();
    this.floors.forgetTiers();
    this.tables.clear();
    this.floors.voidCertificate();
  }

  /** The beliefs of the other method are about something else, or were not kept up to date. */
  #changeMethod(): void {
    this.offsets.begin();
    this.#boundary.forget();
    this.tables.clear();
  }

  get #isByOffsets(): boolean {
    return this.#policy.learning?.method === "offsets";
  }

  #changes(regime: number): number {
    return this.#isByOffsets ? this.offsets.changes(regime) : this.beliefs.changes(regime);
  }

  #expect(useCase: string, features: readonly number[], { score, expected }: Advice): void {
    const prior = this.#prior;
    if (prior?.expect === undefined)
      expectFromCatalog(this.#policy.tierFloors, prior === undefined ? undefined : score, expected);
    else prior.expect(features, useCase, score, this.#policy.tierFloors.length, expected);
  }

  #mayLift(learning: Learning): boolean {
    return this.#lifted.count * 10_000 < learning.anomalyShareBps * ANOMALY_WINDOW;
  }
}
