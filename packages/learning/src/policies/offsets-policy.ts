/**
 * The engine's router by offsets behind the port: its expectations, offsets, beliefs and propensities, fed with the entries
 * of a journal. Draws come from a seeded generator instead of the keyed hash, and a belief is refreshed after a number of
 * outcomes instead of a number of milliseconds. Floors do not restrict the choice, so that only the value of a right answer
 * decides.
 *
 * It starts like a new engine: with its prior and without observations.
 * @module
 */
import { type Advice, armAt, maskOf, Router } from "@calybris/engine/internal";
import { drawnShares, type Learning, TIER_COUNT_MAX } from "@calybris/kernel";
import { type Chance, seededChance } from "../chance.ts";
import type { Choice, OnlinePolicy } from "../online-policy.ts";
import type { Table } from "../table.ts";

export interface OffsetsSetting {
  readonly table: Table;
  readonly valueMicrocents: number;
  readonly seed: number;
  readonly explorationBps: number;
  readonly discountPpm?: number;
  /** Mean success of each tier, as stated by a catalog. */
  readonly qualitiesBps: readonly number[];
  /** The prior's predictions; omitted without a prior. */
  readonly prior?: {
    readonly scoresBps: Int32Array;
    readonly boundariesBps: readonly number[];
    /** Success of each tier; omitted if the prior predicts only the gain. */
    readonly expect?: (row: number, gainBps: number, out: number[]) => void;
  };
}

const USE_CASE = "default";
const DISCOUNT_PPM = 998_000;
/** A belief is refreshed after this many outcomes in its regime, and after each of the first outcomes. */
const PATIENCE = 8;
const FIRST_OUTCOMES = 64;
/** In sixteenths of a basis point; at most four times the value. */
const [COST_SHARE_ONE, COST_SHARE_MAX] = [160_000, 640_000];

type Entry = Parameters<Router["apply"]>[1];

export class OffsetsPolicy implements OnlinePolicy {
  readonly router: Router = new Router();
  readonly #table: Table;
  readonly #tiers: readonly number[];
  readonly #mask: number;
  readonly #value: number;
  readonly #chance: Chance;
  readonly #features: number[];
  readonly #costShares: Float64Array = new Float64Array(TIER_COUNT_MAX);
  readonly #shares: Float64Array = new Float64Array(TIER_COUNT_MAX);
  readonly #advice: Advice = {
    regime: 0,
    score: 0,
    floorBps: 0,
    source: "warm_start",
    anomalous: false,
    expected: [],
  };
  #row = 0;
  #sequence = 0;
  #belief = 0;
  #isBoundary = false;

  constructor({ table, valueMicrocents, seed, explorationBps, discountPpm, qualitiesBps, prior }: OffsetsSetting) {
    this.#table = table;
    this.#tiers = table.tierNames.map((_, tier) => tier);
    this.#mask = maskOf(this.#tiers);
    this.#value = valueMicrocents;
    this.#chance = seededChance(seed, 48);
    this.#features = new Array<number>(table.featureNames.length).fill(0);
    const learning: Learning = {
      method: "offsets",
      explorationBps,
      holdoutBps: 0,
      targetFailureBps: 9_999,
      discountPpm: discountPpm ?? DISCOUNT_PPM,
      warmUpRequests: 1_000,
      anomalyRaiseBps: 0,
      anomalyShareBps: 0,
      attributionSeconds: 1,
    };
    this.router.configure({ learning, featureCount: table.featureNames.length, tierFloors: qualitiesBps });
    if (prior === undefined) return;
    const { scoresBps, boundariesBps, expect } = prior;
    this.router.setPrior({
      boundaries: boundariesBps,
      predict: () => scoresBps[this.#row] ?? 0,
      ...(expect === undefined
        ? {}
        : {
            expect: (_features: readonly number[], _useCase: string, gainBps: number, _count: number, out: number[]) =>
              expect(this.#row, gainBps, out),
          }),
    });
  }

  recommend(row: number, out: Choice): void {
    this.#row = row;
    const [count, tiers] = [this.#features.length, this.#tiers.length];
    for (let at = 0; at < count; at += 1) this.#features[at] = this.#table.features[row * count + at] as number;
    const advice = this.#advice;
    this.router.advise(USE_CASE, 0, this.#features, 0, advice);
    for (let tier = 0; tier < tiers; tier += 1) {
      const cost = this.#table.costsMicrocents[row * tiers + tier] as number;
      this.#costShares[tier] = Math.min(COST_SHARE_MAX, Math.floor((cost * COST_SHARE_ONE) / this.#value));
    }
    const { belief, sequence } = this.#believed(advice.regime);
    this.#belief = sequence;
    this.#isBoundary = drawnShares(belief, advice.expected, this.#costShares, this.#shares);
    const tier = armAt(this.#shares, this.#chance.bits(), tiers);
    out.tier = tier;
    out.propensity = (this.#shares[tier] as number) / 2 ** 32;
  }

  /** The propensity of each tier in the last recommendation, over 2^32. */
  get shares(): Float64Array {
    return this.#shares;
  }

  observe(_row: number, tier: number, successBps: number, earnedBps: number): void {
    const { regime, anomalous, expected } = this.#advice;
    const features = this.router.boundaries === undefined ? [...this.#features] : this.#features;
    const boundary = this.#isBoundary ? { boundary: true } : {};
    this.#apply({ kind: "decision", learning: { regime, features, anomalous, belief: this.#belief, ...boundary } });
    this.#apply({
      kind: "outcome",
      regime,
      tier,
      useCase: USE_CASE,
      successBps,
      rewardBps: earnedBps,
      warmStartBps: 0,
      expected,
      learned: true,
    });
    const due = this.router.boundaries === undefined ? this.router.regimesDue() : undefined;
    if (due !== undefined) this.router.apply(this.#next(), due);
  }

  #believed(regime: number): NonNullable<ReturnType<Router["table"]>> {
    const known = this.router.table(regime, this.#mask);
    const changes = this.router.offsets.changes(regime);
    if (known !== undefined && changes - known.changes < (changes < FIRST_OUTCOMES ? 1 : PATIENCE)) return known;
    this.router.apply(this.#next(), this.router.beliefEntry(regime, this.#tiers));
    return this.router.table(regime, this.#mask) as NonNullable<ReturnType<Router["table"]>>;
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  /** The entry needs only the members that the router's fold reads. */
  #apply(entry: Readonly<Record<string, unknown>>): void {
    this.router.apply(this.#next(), entry as unknown as Entry);
  }
}
