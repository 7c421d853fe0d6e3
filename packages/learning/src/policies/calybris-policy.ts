/**
 * The engine's router behind the port: its regimes, beliefs, tables, floors and anomalies, fed with the entries of a
 * journal. Two things differ from a running engine: draws come from a seeded generator instead of the keyed hash, and a
 * table is refreshed after a number of outcomes instead of a number of milliseconds.
 *
 * Floors do not restrict the choice (the target failure rate never lifts the tracker, and the warm start is 0), so that only
 * the value of a right answer traces the frontier. An anomalous request still gets the top tier.
 * @module
 */
import { type Advice, armAt, maskOf, Router } from "@calybris/engine/internal";
import type { BeliefEntry, Learning } from "@calybris/kernel";
import { type Chance, seededChance } from "../chance.ts";
import { type Choice, type OnlinePolicy, type PolicySetting, rewardBps } from "../online-policy.ts";
import type { StartPolicy } from "../stream.ts";
import type { Table } from "../table.ts";

export interface CalybrisOptions {
  readonly explorationBps: number;
  readonly discountPpm: number;
  /** The share of requests that may be lifted because they are anomalous in their regime. */
  readonly anomalyShareBps: number;
}

/**
 * Exploration is 1 %; the published default is 5 %. Half of the explored requests are downgraded at random, so 5 % would
 * keep the false-negative rate above 2.5 %.
 */
export const CALYBRIS_DEFAULTS: CalybrisOptions = Object.freeze({
  explorationBps: 100,
  discountPpm: 999_500,
  anomalyShareBps: 0,
});

const NEVER_FORGET_PPM = 1_000_000;
const USE_CASE = "default";
/** The floor of every tier except the top one is at the tracker's minimum. */
const [OPEN_BPS, TOP_BPS, LIFT_BPS] = [2_000, 9_700, 9_700];

type Entry = Parameters<Router["apply"]>[1];

export class CalybrisPolicy implements OnlinePolicy {
  readonly router: Router = new Router();
  readonly #table: Table;
  readonly #tiers: number;
  readonly #chance: Chance;
  readonly #features: number[];
  readonly #advice: Advice = { regime: 0, score: 0, floorBps: 0, source: "warm_start", anomalous: false, expected: [] };
  #scoreOf: (row: number) => number = () => 0;
  #row = 0;
  #sequence = 0;

  constructor({ table, seed, scoresBps, boundariesBps }: PolicySetting, options: CalybrisOptions) {
    this.#table = table;
    this.#tiers = table.tierNames.length;
    this.#chance = seededChance(seed, 48);
    this.#features = new Array<number>(table.featureNames.length).fill(0);
    const learning: Learning = {
      explorationBps: options.explorationBps,
      holdoutBps: 0,
      targetFailureBps: 10_000,
      discountPpm: options.discountPpm,
      warmUpRequests: 1_000,
      anomalyRaiseBps: LIFT_BPS,
      anomalyShareBps: options.anomalyShareBps,
      attributionSeconds: 1,
    };
    const tierFloors = table.tierNames.map((_, tier) => (tier === this.#tiers - 1 ? TOP_BPS : OPEN_BPS));
    this.router.configure({ learning, featureCount: table.featureNames.length, tierFloors });
    this.setPrior(scoresBps, boundariesBps);
  }

  /** Activates another prior: its predictions for each row, and its regime boundaries. */
  setPrior(scoresBps: Int32Array | undefined, boundaries: readonly number[] | undefined): void {
    if (scoresBps === undefined || boundaries === undefined) return;
    this.setScore((row) => scoresBps[row] ?? 0, boundaries);
  }

  /** Like {@link setPrior}, but a row is scored when it arrives. */
  setScore(scoreOf: (row: number) => number, boundaries: readonly number[]): void {
    this.#scoreOf = scoreOf;
    this.router.setPrior({ boundaries, predict: () => scoreOf(this.#row) });
  }

  recommend(row: number, out: Choice): void {
    this.#row = row;
    const count = this.#features.length;
    for (let at = 0; at < count; at += 1) this.#features[at] = this.#table.features[row * count + at] as number;
    const advice = this.#advice;
    this.router.advise(USE_CASE, 0, this.#features, 0, advice);
    let from = 0;
    while (from < this.#tiers - 1 && (this.router.tierFloors[from] as number) < advice.floorBps) from += 1;
    const table = this.#tableOf(advice.regime, from);
    const arm = armAt(table, this.#chance.bits());
    out.tier = from + arm;
    out.propensity = (table[arm] as number) / 2 ** 32;
  }

  observe(_row: number, tier: number, successBps: number, earnedBps: number): void {
    const { regime, anomalous } = this.#advice;
    // The router keeps the features of its warm-up, so they are copied until the regimes are frozen.
    const features = this.router.boundaries === undefined ? [...this.#features] : this.#features;
    this.#apply({ kind: "decision", learning: { regime, features, anomalous } });
    this.#apply({
      kind: "outcome",
      regime,
      tier,
      useCase: USE_CASE,
      successBps,
      rewardBps: earnedBps,
      warmStartBps: 0,
      learned: true,
    });
    const due = this.router.boundaries === undefined ? this.router.regimesDue() : undefined;
    if (due !== undefined) this.router.apply(this.#next(), due);
  }

  /**
   * Reports the outcomes of every tier for labelled past rows before the stream begins, so that the rows that the prior was
   * fitted on also set the beliefs of each regime.
   */
  warm(rows: Int32Array, valueMicrocents: number): void {
    const { outcomesBps, costsMicrocents } = this.#table;
    for (const row of rows) {
      const regime = this.#regimeOf(row);
      for (let tier = 0; tier < this.#tiers; tier += 1) {
        const at = row * this.#tiers + tier;
        const successBps = outcomesBps[at] as number;
        const reward = rewardBps(valueMicrocents, successBps, costsMicrocents[at] as number);
        this.router.beliefs.observe(regime, tier, reward, NEVER_FORGET_PPM);
      }
    }
  }

  /** Replays a logged decision: only the outcome of the tier that ran is known. */
  warmLogged(row: number, tier: number, earnedBps: number): void {
    this.router.beliefs.observe(this.#regimeOf(row), tier, earnedBps, NEVER_FORGET_PPM);
  }

  #regimeOf(row: number): number {
    const { boundaries } = this.router;
    const score = this.#scoreOf(row);
    let regime = 0;
    while (boundaries !== undefined && regime < boundaries.length && score >= (boundaries[regime] as number))
      regime += 1;
    return regime;
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  #tableOf(regime: number, from: number): readonly number[] {
    const tiers = tiersFrom(from, this.#tiers);
    const known = this.router.table(regime, maskOf(tiers));
    const changes = this.router.beliefs.changes(regime);
    if (known !== undefined && changes - known.changes < patience(changes)) return tableIn(known.belief);
    const entry = this.router.beliefEntry(regime, tiers);
    this.router.apply(this.#next(), entry);
    return tableIn(entry);
  }

  /** The entry needs only the members that the router's fold reads. */
  #apply(entry: Readonly<Record<string, unknown>>): void {
    this.router.apply(this.#next(), entry as unknown as Entry);
  }
}

function tableIn(belief: BeliefEntry): readonly number[] {
  return belief.method === undefined ? belief.table : [];
}

/** Number of outcomes until a table is refreshed: an eighth of those so far, from 1 to 100. */
function patience(changes: number): number {
  return Math.max(1, Math.min(100, Math.floor(changes / 8)));
}

const lists: (readonly number[])[] = [];

function tiersFrom(from: number, count: number): readonly number[] {
  const key = from * 16 + count;
  lists[key] ??= Array.from({ length: count - from }, (_, at) => from + at);
  return lists[key] ?? [];
}

/** A new prior defines new regimes. So every stage starts anew, with the labelled past reported in its own regimes. */
export function startCalybris(
  table: Table,
  valueMicrocents: number,
  seed: number,
  options: CalybrisOptions = CALYBRIS_DEFAULTS,
): StartPolicy {
  return ({ scoresBps, boundariesBps, labelledRows }) => {
    const policy = new CalybrisPolicy({ table, valueMicrocents, seed, scoresBps, boundariesBps }, options);
    policy.warm(labelledRows, valueMicrocents);
    return policy;
  };
}
