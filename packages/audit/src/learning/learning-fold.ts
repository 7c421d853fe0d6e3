/**
 * The learning state of a journal, from its entries alone: regimes, usual values by regime, trust, tables, and the lifted
 * requests. It recomputes every recommendation; `learning-check.ts` compares.
 * @module
 */
import {
  type BeliefEntry,
  type BetaBelief,
  type CertificateEntry,
  type ExactJson,
  type FloorSource,
  type Learning,
  type OutcomeEntry,
  type PolicySnapshot,
  type Recommendation,
  type RegimesEntry,
  SnapshotMembers,
  WARM_UP_REGIME,
} from "@calybris/kernel";
import { statisticsOf, type TableFound, tableIn, tableRow } from "./learning-rows.ts";
import { type PriorJson, readPrior } from "./prior-json.ts";
import {
  aroundMiddle,
  type Expect,
  priorExpectation,
  priorScore,
  regimeIn,
  type Score,
  standardScore,
} from "./score.ts";
import type { OutcomeContext } from "./awaited.ts";
import { OffsetTrust } from "./offset-trust.ts";
import { Trust } from "./trust.ts";
import { Usual } from "./usual.ts";

type Standard = Pick<RegimesEntry, "means" | "deviations">;
/** A standard by which every request scores 0. */
const NO_STANDARD: Standard = Object.freeze({ means: [], deviations: [] });

const REGIMES = WARM_UP_REGIME + 1;
const WINDOW = 1_000;
const TOKEN_FEATURES = 2;

/** The expected recommendation. */
export interface Expected {
  readonly score: number;
  readonly regime: number;
  readonly floorBps: number;
  readonly source: FloorSource;
  readonly anomalous: boolean;
  /** Expected success by tier, with offsets. */
  readonly expected?: readonly number[];
}

export class LearningFold {
  learning: Learning | undefined;
  tierFloors: readonly number[] = [];
  readonly trust: Trust = new Trust();
  readonly offsets: OffsetTrust = new OffsetTrust();
  readonly #tables = new Map<string, TableFound>();
  #featureCount = 0;
  #usual: readonly Usual[] = usualOf(0);
  #boundaries: readonly number[] | undefined;
  /** The basis of scores: usual values, or the active prior. */
  #scoredBy: Standard | PriorJson = NO_STANDARD;
  #score: Score = standardScore(NO_STANDARD);
  /** Usual values of the last warm-up. A snapshot holds them even if there is a prior. */
  #standard: Standard = NO_STANDARD;
  #seen: (readonly number[])[] = [];
  #featureNames: readonly string[] | undefined;
  /** The success that the active prior expects of each tier, if it has success heads. */
  #expect: Expect | undefined;
  /** Digest of the active prior; `undefined` without one. */
  #prior: string | undefined;
  /** The active prior as its entry has it. */
  priorJson: ExactJson | undefined;
  /** Sequence of the entry that set the regimes, or ended them. */
  #since = 0;
  #tierNames: readonly string[] | undefined;
  /** Sequence of the entry that introduced the active tiers. */
  #tiersSince = 0;
  /** The last 1,000 recommendations, each at its number modulo 1,000: 1 if it was lifted. */
  readonly #lifted = new Uint8Array(WINDOW);
  #liftedAt = 0;
  #liftedCount = 0;

  /** Activates a policy. */
  policy(sequence: number, snapshot: PolicySnapshot): void {
    if (snapshot.learning?.explorationBps !== this.learning?.explorationBps) this.#tables.clear();
    const isOtherMethod = snapshot.learning?.method !== this.learning?.method;
    this.learning = snapshot.learning;
    if (this.#tierNames !== undefined && snapshot.tiers.join("\0") !== this.#tierNames.join("\0")) {
      this.#tiersSince = sequence;
      this.trust.forgetTiers();
      this.offsets.forget();
      this.#tables.clear();
      this.#voidCertificate();
    }
    if (isOtherMethod) {
      this.offsets.begin();
      this.#tables.clear();
    }
    this.#tierNames = snapshot.tiers;
    this.tierFloors = tierFloorsOf(snapshot);
    const featureCount = snapshot.learning === undefined ? 0 : (snapshot.learning.features?.length ?? TOKEN_FEATURES);
    const names = snapshot.learning?.features;
    if (featureCount === this.#featureCount && names?.join("\0") === this.#featureNames?.join("\0")) return;
    this.#featureCount = featureCount;
    this.#featureNames = names;
    this.#endRegimes(sequence);
  }

  /** Restores a snapshot, after its policies and its prior. */
  restore(members: SnapshotMembers): void {
    const standard = new SnapshotMembers(members.json("standard"));
    this.#standard = { means: standard.integers("means"), deviations: standard.integers("deviations") };
    if (this.#prior === undefined) this.#scoreBy(this.#standard);
    this.#boundaries = members.has("boundaries") ? members.integers("boundaries") : undefined;
    this.#since = members.whole("since");
    this.#tiersSince = members.whole("tiersSince");
    this.#seen = members.integerLists("seen");
    const lifted = new SnapshotMembers(members.json("lifted"));
    const window = lifted.text("window");
    this.#liftedAt = lifted.whole("at");
    for (let at = 0; at < WINDOW; at++) this.#lifted[at] = window[at] === "1" ? 1 : 0;
    this.#liftedCount = this.#lifted.reduce((count, each) => count + each, 0);
    this.#restoreUsual(new SnapshotMembers(members.json("statistics")));
    const certified = members.has("certified") ? members.whole("certified") : undefined;
    this.trust.restore(new SnapshotMembers(members.json("beliefs")), members.objects("floors"), certified);
    for (const table of members.objects("tables")) {
      const found = tableIn(table);
      this.#tables.set(`${found.entry.regime} ${found.entry.tiers.join()}`, found);
    }
    if (!this.isByOffsets) return;
    this.offsets.restore(new SnapshotMembers(members.json("offsets")));
    this.offsets.boundaryPpm = members.whole("boundary");
  }

  restorePrior(json: ExactJson): void {
    const prior = readPrior(json);
    this.priorJson = json;
    this.#prior = prior.digest;
    this.#scoreByPrior(prior);
  }

  #restoreUsual(members: SnapshotMembers): void {
    const column = (key: string): Float64Array => new Float64Array(members.bytes(key, 8).buffer);
    const [requests, weights, sums, squares] = ["requests", "weights", "sums", "squares"].map(column);
    for (const [regime, usual] of this.#usual.entries()) {
      const of = (values: Float64Array | undefined): Float64Array =>
        (values ?? new Float64Array()).subarray(regime * this.#featureCount, (regime + 1) * this.#featureCount);
      usual.restore(requests?.[regime] ?? 0, of(weights), of(sums), of(squares));
    }
  }

  /** The expected recommendation, given the features that it names. */
  expected(learning: Learning, useCase: string, warmStartBps: number, found: Recommendation): Expected {
    const score = this.#score(found.features, useCase, found.textScore ?? 0);
    const regime = regimeIn(this.#boundaries, score);
    const mayLift = this.#liftedCount * 10_000 < learning.anomalyShareBps * WINDOW;
    const anomalous = mayLift && (this.#usual[regime] as Usual).isUnlike(found.features);
    const raiseBps = anomalous ? learning.anomalyRaiseBps : 0;
    return {
      ...{ score, regime, anomalous },
      ...(this.isByOffsets ? { expected: this.#expected(found.features, useCase, score) } : {}),
      ...this.trust.floor(useCase, warmStartBps, regime, this.tierFloors, raiseBps),
    };
  }

  /** The success of each tier: predicted by the prior, or else derived from the catalog's qualities. */
  #expected(features: readonly number[], useCase: string, score: number): readonly number[] {
    const { tierFloors } = this;
    const top = tierFloors.length - 1;
    if (this.#prior === undefined) return tierFloors;
    if (this.#expect !== undefined) return this.#expect(features, useCase, score, tierFloors.length);
    if (top < 1) return tierFloors;
    return aroundMiddle(Math.floor(((tierFloors[0] ?? 0) + (tierFloors[top] ?? 0)) / 2), score, tierFloors.length);
  }

  table(regime: number, tiers: readonly number[]): TableFound | undefined {
    return this.#tables.get(`${regime} ${tiers.join()}`);
  }

  /** The beliefs that a table must be made from. */
  beliefs(regime: number, tiers: readonly number[]): Pick<BetaBelief, "alpha" | "beta"> {
    const of = (counts: readonly number[]): readonly number[] => tiers.map((tier) => counts[regime * 8 + tier] ?? 0);
    return { alpha: of(this.trust.alpha), beta: of(this.trust.beta) };
  }

  get hasPrior(): boolean {
    return this.#prior !== undefined;
  }

  get isByOffsets(): boolean {
    return this.learning?.method === "offsets";
  }

  /** Whether the warm-up is over and its regimes are not yet written. */
  get areRegimesDue(): boolean {
    if (this.learning === undefined || this.#boundaries !== undefined) return false;
    return this.#seen.length >= this.learning.warmUpRequests;
  }

  /** The regimes that the warm-up leads to; `undefined` unless they are due. */
  regimes(): RegimesEntry | undefined {
    if (!this.areRegimesDue) return undefined;
    const { means, deviations } = this.#usual[WARM_UP_REGIME] as Usual;
    const score = standardScore({ means, deviations });
    const scores = this.#seen.map((features) => score(features, "", 0)).sort((a, b) => a - b);
    const boundaries = [1, 2, 3, 4, 5, 6, 7].map((eighth) => scores[Math.floor((eighth * scores.length) / 8)] ?? 0);
    return { kind: "regimes", boundaries, means, deviations };
  }

  recommended(found: Recommendation): void {
    this.#usual[found.regime]?.take(found.features);
    if (this.isByOffsets && found.belief !== 0) this.offsets.drawn(found.boundary === true);
    const lifted = found.anomalous ? 1 : 0;
    this.#liftedCount += lifted - (this.#lifted[this.#liftedAt] as number);
    this.#lifted[this.#liftedAt] = lifted;
    this.#liftedAt = (this.#liftedAt + 1) % WINDOW;
    if (found.regime === WARM_UP_REGIME) this.#seen.push(found.features);
  }

  observed(outcome: OutcomeEntry): void {
    if (this.learning === undefined || !outcome.learned || outcome.regime === undefined) return;
    this.trust.take(outcome, outcome.regime, this.learning);
    if (this.isByOffsets) this.offsets.take(outcome, outcome.regime, this.learning.discountPpm);
  }

  tabled(sequence: number, entry: BeliefEntry): void {
    const changes = (this.isByOffsets ? this.offsets : this.trust).changes[entry.regime] ?? 0;
    this.#tables.set(`${entry.regime} ${entry.tiers.join()}`, { sequence, entry, changes });
  }

  frozen(sequence: number, entry: RegimesEntry): void {
    this.#standard = entry;
    this.#scoreBy(entry);
    this.#freeze(sequence, entry.boundaries);
  }

  /** Activates a prior. The active prior again changes nothing. */
  prior(sequence: number, digest: string, prior: PriorJson, json: ExactJson): void {
    this.priorJson = json;
    if (digest === this.#prior) return;
    this.#scoreByPrior(prior);
    this.#prior = digest;
    this.#freeze(sequence, prior.boundariesBps);
    this.offsets.forget();
  }

  /**
   * Activates a certificate as far as possible. Returns the reason that it does not apply to the active regimes; `undefined`
   * if it does.
   */
  certified(entry: CertificateEntry): string | undefined {
    const isOfThisPrior = entry.prior === this.#prior;
    this.trust.certifiedRegimes = isOfThisPrior ? entry.regimes : 0;
    if (!isOfThisPrior) return `of prior ${this.#prior ?? "none"}`;
    return entry.regimes > 0 && this.#boundaries === undefined ? "of 0 regimes: none are known yet" : undefined;
  }

  /** The values that decide whether an outcome still counts for learning. */
  get standing(): Pick<OutcomeContext, "learns" | "tiersSince" | "regimesSince"> {
    return { learns: this.learning !== undefined, tiersSince: this.#tiersSince, regimesSince: this.#since };
  }

  /** The learning part of the state's digest. */
  toJson(): ExactJson {
    const tiers = this.tierFloors.map((_, tier) => tier);
    const regimes = Array.from({ length: REGIMES }, (_, regime) => regime);
    return {
      boundaries: this.#boundaries ?? [],
      since: this.#since,
      tiersSince: this.#tiersSince,
      prior: this.#prior ?? "",
      seen: this.#seen.length,
      statistics: this.#usual.map(({ requests, means, deviations }) => [requests, ...means, ...deviations]),
      beliefs: regimes.map((regime) =>
        tiers.flatMap((tier) => [this.trust.alpha[regime * 8 + tier] ?? 0, this.trust.beta[regime * 8 + tier] ?? 0]),
      ),
      floors: this.trust.floorsJson() as unknown as ExactJson,
      certified: this.trust.certifiedRegimes ?? -1,
      tables: [...this.#tables.values()].map(({ sequence }) => sequence).sort((a, b) => a - b),
      lifted: this.#liftedCount,
      ...(this.isByOffsets ? this.#offsetsJson(tiers.length) : {}),
    };
  }

  #offsetsJson(tierCount: number): { readonly [name: string]: ExactJson } {
    const { offsets } = this;
    return {
      offsets: offsets.toJson(tierCount),
      shifts: offsets.shift.toJson(tierCount),
      boundary: offsets.boundaryPpm,
    };
  }

  /** Everything that later recommendations depend on. */
  get carried(): readonly unknown[] {
    const lifted = [this.#lifted.join(""), this.#liftedAt];
    const tables = [...this.#tables].sort(([, one], [, other]) => one.sequence - other.sequence);
    return [
      ...[this.learning, this.tierFloors, this.#tierNames, this.#featureCount, this.#featureNames],
      ...[this.trust.carried, this.isByOffsets ? this.offsets.carried : undefined, tables],
      ...[this.#usual.map(({ carried }) => carried), this.#boundaries, this.#prior, this.#scoredBy],
      ...[this.#since, this.#tiersSince, this.#seen, lifted],
    ];
  }

  #scoreBy({ means, deviations }: Standard): void {
    this.#scoredBy = { means, deviations };
    this.#score = standardScore(this.#scoredBy);
  }

  #scoreByPrior(prior: PriorJson): void {
    this.#scoredBy = prior;
    this.#score = priorScore(prior);
    this.#expect = priorExpectation(prior);
  }

  /** The member `router` of a snapshot: everything that recommendations depend on. */
  toSnapshot(): object {
    const { means, deviations } = this.#standard;
    const { beliefs, floors } = this.trust.toSnapshot();
    return {
      boundaries: this.#boundaries,
      standard: { means, deviations },
      since: this.#since,
      tiersSince: this.#tiersSince,
      certified: this.trust.certifiedRegimes,
      seen: this.#seen,
      lifted: { window: this.#lifted.join(""), at: this.#liftedAt },
      statistics: statisticsOf(this.#usual),
      beliefs,
      floors,
      tables: [...this.#tables.values()].map(tableRow),
      ...(this.isByOffsets ? { offsets: this.offsets.toSnapshot(), boundary: this.offsets.boundaryPpm } : {}),
    };
  }

  #freeze(sequence: number, boundaries: readonly number[]): void {
    if (this.#boundaries === undefined) {
      this.trust.inherit();
      this.offsets.inherit();
    } else {
      this.trust.redistribute();
      this.offsets.redistribute();
      this.#usual = usualOf(this.#featureCount);
    }
    this.#boundaries = boundaries;
    this.#since = sequence;
    this.#seen = [];
    this.#tables.clear();
    this.#voidCertificate();
  }

  /** Until the next regimes are known, every request is in the warm-up regime and scores 0. */
  #endRegimes(sequence: number): void {
    this.offsets.forget();
    if (this.#boundaries !== undefined) {
      this.trust.redistribute();
      this.#since = sequence;
    }
    this.#boundaries = undefined;
    this.#scoreBy(NO_STANDARD);
    this.#standard = NO_STANDARD;
    this.#prior = undefined;
    this.priorJson = undefined;
    this.#usual = usualOf(this.#featureCount);
    this.#seen = [];
    this.#tables.clear();
    this.#voidCertificate();
  }

  /** A certificate applies only to the regimes that it was made for. */
  #voidCertificate(): void {
    if (this.trust.certifiedRegimes !== undefined) this.trust.certifiedRegimes = 0;
  }
}

function usualOf(featureCount: number): readonly Usual[] {
  return Array.from({ length: REGIMES }, () => new Usual(featureCount));
}

/**
 * The lowest quality of the enabled candidates of each tier. An empty tier has that of the nearest tier above, or else
 * below.
 */
export function tierFloorsOf({ tiers, policy, candidateTiers }: PolicySnapshot): readonly number[] {
  const least = tiers.map((_, tier) =>
    policy.candidates.reduce<number | undefined>(
      (so, { enabled, qualityBps }, index) =>
        enabled === 1 && candidateTiers[index] === tier && (so === undefined || qualityBps < so) ? qualityBps : so,
      undefined,
    ),
  );
  const nearest = (tier: number, step: number): number | undefined =>
    tier < 0 || tier >= least.length ? undefined : (least[tier] ?? nearest(tier + step, step));
  return least.map((_, tier) => nearest(tier, 1) ?? nearest(tier, -1) ?? 0);
}
