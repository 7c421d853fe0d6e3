/**
 * The state learned from outcomes: beliefs and floors, by regime and use case, in ten-thousandths of an observation. Every
 * outcome discounts its regime's beliefs, and updates the tier that ran.
 * @module
 */
import {
  type FloorSource,
  type Learning,
  type OutcomeEntry,
  type Signal,
  type SnapshotMembers,
  WARM_UP_REGIME,
} from "@calybris/kernel";

const TIERS = 8;
const OBSERVATION = 10_000;
const COUNT_MOST = 2_000_000_000;
const FLOOR_LEAST = 2_000;
const FLOOR_MOST = 9_800;
const REGIMES = WARM_UP_REGIME + 1;

const LEFT_BPS: Readonly<Record<Signal, number>> = {
  slow: 7_000,
  error: 0,
  retried: 4_000,
  aborted: 2_000,
  truncated: 5_000,
};

/** The floor for a request that sets none. */
export interface FloorFound {
  readonly floorBps: number;
  readonly source: FloorSource;
}

interface UseCaseTrust {
  readonly warmStartBps: number;
  readonly tracker: number[];
  readonly isTouched: boolean[];
  readonly successes: number[];
  readonly observations: number[];
}

/** The success that remains after all signals, in basis points. */
export function successBySignals(signals: readonly Signal[]): number {
  return signals.reduce((left, signal) => Math.floor((left * LEFT_BPS[signal]) / 10_000), 10_000);
}

export class Trust {
  readonly alpha: number[] = Array.from({ length: REGIMES * TIERS }, () => OBSERVATION);
  readonly beta: number[] = Array.from({ length: REGIMES * TIERS }, () => OBSERVATION);
  /** Number of changes of each regime's beliefs, as a snapshot states it. */
  readonly changes: number[] = Array.from({ length: REGIMES }, () => 0);
  /** `undefined` before the first certificate. */
  certifiedRegimes: number | undefined;
  readonly #useCases = new Map<string, UseCaseTrust>();

  /** Takes an outcome that counts for learning. */
  take(outcome: OutcomeEntry, regime: number, learning: Learning): void {
    const { discountPpm, targetFailureBps } = learning;
    const own = regime * TIERS + outcome.tier;
    if (learning.method === undefined) this.#takeReward(outcome, regime, discountPpm);

    const trust = this.#of(outcome.useCase, outcome.warmStartBps);
    const isContradicted = outcome.succeeded === true && successBySignals(outcome.signals ?? []) < 5_000;
    const step = outcome.successBps < 5_000 ? upStep(targetFailureBps) : isContradicted ? 0 : -10;
    trust.tracker[regime] = stepped(trust.tracker[regime] ?? 0, step);
    trust.isTouched[regime] = true;
    for (let at = regime * TIERS; at < (regime + 1) * TIERS; at++) {
      for (const counts of [trust.successes, trust.observations])
        counts[at] = Math.floor(((counts[at] ?? 0) * discountPpm) / 1_000_000);
    }
    trust.successes[own] = (trust.successes[own] ?? 0) + (isContradicted ? 0 : outcome.successBps);
    trust.observations[own] = (trust.observations[own] ?? 0) + OBSERVATION;
  }

  /** With the regimes method, a belief is about net reward. */
  #takeReward(outcome: OutcomeEntry, regime: number, discountPpm: number): void {
    const own = regime * TIERS + outcome.tier;
    for (let at = regime * TIERS; at < (regime + 1) * TIERS; at++) {
      for (const counts of [this.alpha, this.beta])
        counts[at] = OBSERVATION + Math.floor((((counts[at] ?? 0) - OBSERVATION) * discountPpm) / 1_000_000);
    }
    this.alpha[own] = Math.min((this.alpha[own] ?? 0) + outcome.rewardBps, COUNT_MOST);
    this.beta[own] = Math.min((this.beta[own] ?? 0) + OBSERVATION - outcome.rewardBps, COUNT_MOST);
    this.#changed(regime, regime + 1);
  }

  #changed(from: number, to: number): void {
    for (let regime = from; regime < to; regime++) this.changes[regime] = (this.changes[regime] ?? 0) + 1;
  }

  /** Every regime begins with the state of the warm-up. */
  inherit(): void {
    this.#changed(0, WARM_UP_REGIME);
    for (let at = 0; at < WARM_UP_REGIME * TIERS; at++) {
      this.alpha[at] = this.alpha[WARM_UP_REGIME * TIERS + (at % TIERS)] ?? OBSERVATION;
      this.beta[at] = this.beta[WARM_UP_REGIME * TIERS + (at % TIERS)] ?? OBSERVATION;
    }
    for (const trust of this.#useCases.values()) {
      trust.tracker.fill(trust.tracker[WARM_UP_REGIME] ?? 0, 0, WARM_UP_REGIME);
      trust.isTouched.fill(trust.isTouched[WARM_UP_REGIME] ?? false, 0, WARM_UP_REGIME);
    }
  }

  /**
   * Called when regimes change: beliefs and observations are redistributed evenly, and every regime gets the highest
   * tracker.
   */
  redistribute(): void {
    this.#changed(0, WARM_UP_REGIME);
    for (const counts of [this.alpha, this.beta]) evenOut(counts);
    for (const { tracker, isTouched, successes, observations } of this.#useCases.values()) {
      for (const counts of [successes, observations]) evenOut(counts);
      const highest = tracker.slice(0, WARM_UP_REGIME).reduce((so, floor) => Math.max(so, floor), 0);
      tracker.fill(highest, 0, WARM_UP_REGIME);
      isTouched.fill(isTouched.slice(0, WARM_UP_REGIME).includes(true), 0, WARM_UP_REGIME);
    }
  }

  /**
   * Called when tiers change: beliefs and observations are reset, because they belong to the old tiers. Trackers are about
   * quality, and stay.
   */
  forgetTiers(): void {
    this.#changed(0, REGIMES);
    for (const counts of [this.alpha, this.beta]) counts.fill(OBSERVATION);
    for (const { successes, observations } of this.#useCases.values())
      for (const counts of [successes, observations]) counts.fill(0);
  }

  floor(
    useCase: string,
    warmStartBps: number,
    regime: number,
    tierFloors: readonly number[],
    raiseBps: number,
  ): FloorFound {
    const known = this.#useCases.get(useCase);
    const trust = known?.warmStartBps === warmStartBps ? known : newTrust(warmStartBps);
    const top = tierFloors[tierFloors.length - 1] ?? 0;
    const above = 1 + highestRefuted(trust, regime);
    const isCertified = this.certifiedRegimes === undefined || regime < this.certifiedRegimes;
    const found: FloorFound[] = [
      { floorBps: trust.tracker[regime] ?? 0, source: trust.isTouched[regime] === true ? "tracker" : "warm_start" },
      { floorBps: above === 0 ? 0 : (tierFloors[Math.min(above, tierFloors.length - 1)] ?? 0), source: "quality" },
      { floorBps: isCertified ? 0 : top, source: "certified" },
      { floorBps: raiseBps === 0 ? 0 : Math.min(warmStartBps + raiseBps, FLOOR_MOST), source: "anomaly" },
    ];
    return found.reduce((highest, each) => (each.floorBps > highest.floorBps ? each : highest));
  }

  /** Everything that later floors depend on. */
  get carried(): readonly unknown[] {
    return [this.alpha, this.beta, this.certifiedRegimes, [...this.#useCases]];
  }

  /** For the state's digest. */
  floorsJson(): readonly unknown[] {
    return [...this.#useCases].map(([name, { warmStartBps, tracker, successes, observations }]) => [
      name,
      warmStartBps,
      [...tracker],
      [...successes],
      [...observations],
    ]);
  }

  /** As a snapshot holds beliefs and floors. */
  toSnapshot(): { readonly beliefs: object; readonly floors: readonly object[] } {
    const { alpha, beta, changes } = this;
    const floors = [...this.#useCases].map(([useCase, trust]) => {
      const { warmStartBps, tracker, successes, observations } = trust;
      const tierMin = tracker.map((_, regime) => 1 + highestRefuted(trust, regime));
      const touched = trust.isTouched.map(Number);
      return { useCase, warmStartBps, tracker, successes, observations, tierMin, touched };
    });
    return { beliefs: { alpha, beta, changes }, floors };
  }

  /** Restores the content of a snapshot. */
  restore(beliefs: SnapshotMembers, floors: readonly SnapshotMembers[], certified: number | undefined): void {
    this.certifiedRegimes = certified;
    for (const [key, counts] of [["alpha", this.alpha] as const, ["beta", this.beta] as const])
      for (const [at, count] of beliefs.integers(key).entries()) counts[at] = count;
    for (const [regime, count] of beliefs.integers("changes").entries()) this.changes[regime] = count;
    for (const floor of floors) {
      const trust = newTrust(floor.whole("warmStartBps"));
      for (const key of ["tracker", "successes", "observations"] as const)
        for (const [at, value] of floor.integers(key).entries()) trust[key][at] = value;
      for (const [at, touched] of floor.integers("touched").entries()) trust.isTouched[at] = touched === 1;
      this.#useCases.set(floor.text("useCase"), trust);
    }
  }

  #of(useCase: string, warmStartBps: number): UseCaseTrust {
    const known = this.#useCases.get(useCase);
    if (known?.warmStartBps === warmStartBps) return known;
    const trust = newTrust(warmStartBps);
    this.#useCases.set(useCase, trust);
    return trust;
  }
}

function newTrust(warmStartBps: number): UseCaseTrust {
  return {
    warmStartBps,
    tracker: Array.from({ length: REGIMES }, () => warmStartBps),
    isTouched: Array.from({ length: REGIMES }, () => false),
    successes: Array.from({ length: REGIMES * TIERS }, () => 0),
    observations: Array.from({ length: REGIMES * TIERS }, () => 0),
  };
}

/** The step up after a failure; 20 unless a target is set. */
function upStep(targetFailureBps: number | undefined): number {
  return targetFailureBps === undefined ? 20 : Math.floor((10 * (10_000 - targetFailureBps)) / targetFailureBps);
}

/** One step, limited to 2,000 on the way down and 9,800 on the way up. A floor already beyond the limit does not move. */
function stepped(floor: number, step: number): number {
  if (step > 0) return floor >= FLOOR_MOST ? floor : Math.min(floor + step, FLOOR_MOST);
  return floor <= FLOOR_LEAST ? floor : Math.max(floor + step, FLOOR_LEAST);
}

/** Sets each tier's count to its mean over the eight regimes, rounded down. */
function evenOut(counts: number[]): void {
  for (let tier = 0; tier < TIERS; tier++) {
    const places = Array.from({ length: WARM_UP_REGIME }, (_, regime) => regime * TIERS + tier);
    const mean = Math.floor(places.reduce((sum, at) => sum + (counts[at] ?? 0), 0) / WARM_UP_REGIME);
    for (const at of places) counts[at] = mean;
  }
}

/** The highest refuted tier, or −1. A tier is refuted by Hoeffding's bound at 95 %, from 50 observations on. */
function highestRefuted(trust: UseCaseTrust, regime: number): number {
  for (let tier = TIERS - 1; tier >= 0; tier--) {
    const observations = trust.observations[regime * TIERS + tier] ?? 0;
    if (observations < 50 * OBSERVATION) continue;
    const missing = trust.warmStartBps * observations - (trust.successes[regime * TIERS + tier] ?? 0) * 10_000;
    const share = missing <= 0 ? 0 : Math.floor(missing / observations);
    if (share * share * Math.floor(observations / OBSERVATION) * 1_000 > 1_498 * 10_000 * 10_000) return tier;
  }
  return -1;
}
