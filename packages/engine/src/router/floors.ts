/**
 * Floors: the lowest quality for a request without a floor of its own. It is the highest of these:
 *
 *     tracker      follows outcomes per use case and regime: a failure lifts it, a success lowers it
 *     quality      from 50 observations on: above every tier that has been shown to be too bad
 *     certified    regimes beyond those that may be served below the top tier
 *     anomaly      above the use case's own floor, for a request unlike its regime
 *
 * All start at the use case's floor, the warm start: expensive, but safe. A tracker with steps u and d settles where
 * failures are d/(u+d) of the outcomes; with the published 2:1 that is a third.
 * @module
 */
import {
  BPS_MAX,
  type ExactJson,
  type FloorSource,
  type Learning,
  type SnapshotMembers,
  TIER_COUNT_MAX,
  WARM_UP_REGIME,
} from "@calybris/kernel";
import { COUNT_ONE } from "./beliefs.ts";
import {
  FLOOR_MAX_BPS,
  FLOOR_MIN_BPS,
  QUALITY_OBSERVATIONS_MIN,
  TRACKER_DOWN_BPS,
  TRACKER_UP_BPS,
} from "./settings.ts";

const REGIMES: number = WARM_UP_REGIME + 1;
const MILLION = 1_000_000;
const FAILED_BELOW_BPS: number = BPS_MAX / 2;

/** Amount of evidence behind a success rate. */
export type Confidence = "none" | "low" | "medium" | "high";

/** The observed quality of one tier for one use case in one regime. */
export interface TierQuality {
  readonly successBps: number;
  readonly observations: number;
  readonly confidence: Confidence;
}

interface UseCaseFloors {
  readonly warmStartBps: number;
  readonly tracker: Int32Array;
  /** By regime and tier, in ten-thousandths of an observation. */
  readonly successes: Float64Array;
  readonly observations: Float64Array;
  /** By regime, the lowest tier that is not refuted. */
  readonly tierMin: Uint8Array;
  readonly touched: Uint8Array;
}

/** A floor and its source. The object is reused between calls. */
export interface FloorOut {
  floorBps: number;
  source: FloorSource;
}

export class Floors {
  readonly #useCases = new Map<string, UseCaseFloors>();
  /** Number of regimes that may be served below the top tier; `undefined` before the first certificate. */
  certifiedRegimes: number | undefined;

  /** The floor of a request. It does not change state or allocate. */
  effective(
    useCase: string,
    warmStartBps: number,
    regime: number,
    tierFloors: readonly number[],
    anomalyRaiseBps: number,
    out: FloorOut,
  ): void {
    const known = this.#useCases.get(useCase);
    const isKnown = known?.warmStartBps === warmStartBps;
    out.floorBps = isKnown ? (known.tracker[regime] as number) : warmStartBps;
    out.source = isKnown && known.touched[regime] === 1 ? "tracker" : "warm_start";
    const tierMin = isKnown ? (known.tierMin[regime] as number) : 0;
    if (tierMin > 0) lift(out, tierFloors[Math.min(tierMin, tierFloors.length - 1)] ?? 0, "quality");
    if (this.certifiedRegimes !== undefined && regime >= this.certifiedRegimes)
      lift(out, tierFloors[tierFloors.length - 1] ?? 0, "certified");
    if (anomalyRaiseBps > 0) lift(out, Math.min(warmStartBps + anomalyRaiseBps, FLOOR_MAX_BPS), "anomaly");
  }

  /** Records an outcome of a learner's decision. `contradicted`: a reported success contradicts the signals. */
  observe(
    useCase: string,
    warmStartBps: number,
    regime: number,
    tier: number,
    successBps: number,
    contradicted: boolean,
    learning: Learning,
  ): void {
    const known = this.#of(useCase, warmStartBps);
    const floor = known.tracker[regime] as number;
    if (successBps < FAILED_BELOW_BPS) known.tracker[regime] = raised(floor, upStep(learning.targetFailureBps));
    else if (!contradicted) known.tracker[regime] = lowered(floor, TRACKER_DOWN_BPS);
    known.touched[regime] = 1;
    for (let each = 0; each < TIER_COUNT_MAX; each++) {
      const at = regime * TIER_COUNT_MAX + each;
      known.successes[at] = Math.floor(((known.successes[at] as number) * learning.discountPpm) / MILLION);
      known.observations[at] = Math.floor(((known.observations[at] as number) * learning.discountPpm) / MILLION);
    }
    const at = regime * TIER_COUNT_MAX + tier;
    known.successes[at] = (known.successes[at] as number) + (contradicted ? 0 : successBps);
    known.observations[at] = (known.observations[at] as number) + COUNT_ONE;
    known.tierMin[regime] = this.#tierMin(known, regime);
  }

  quality(useCase: string, regime: number, tier: number): TierQuality {
    const known = this.#useCases.get(useCase);
    const at = regime * TIER_COUNT_MAX + tier;
    const observations = known === undefined ? 0 : Math.floor((known.observations[at] as number) / COUNT_ONE);
    const successBps =
      known === undefined || known.observations[at] === 0
        ? 0
        : Math.floor(((known.successes[at] as number) * BPS_MAX) / (known.observations[at] as number));
    return { successBps, observations, confidence: confidenceOf(observations) };
  }

  /** Every regime begins with the warm-up's trackers. */
  inheritWarmUp(): void {
    for (const { tracker, touched } of this.#useCases.values()) {
      for (let regime = 0; regime < WARM_UP_REGIME; regime++) {
        tracker[regime] = tracker[WARM_UP_REGIME] as number;
        touched[regime] = touched[WARM_UP_REGIME] as number;
      }
    }
  }

  /**
   * Called when regimes change. The new regime of a past failure is unknown, so each begins with the highest tracker of all,
   * and with an even share of the observations.
   */
  redistribute(): void {
    for (const known of this.#useCases.values()) {
      const { tracker, touched, successes, observations } = known;
      tracker.fill(Math.max(...tracker.subarray(0, WARM_UP_REGIME)), 0, WARM_UP_REGIME);
      touched.fill(Math.max(...touched.subarray(0, WARM_UP_REGIME)), 0, WARM_UP_REGIME);
      for (const counts of [successes, observations]) shareEvenly(counts);
      for (let regime = 0; regime < WARM_UP_REGIME; regime++) known.tierMin[regime] = this.#tierMin(known, regime);
    }
  }

  /** Called when tiers change: observations are reset, because they belong to the old tiers. Trackers stay. */
  forgetTiers(): void {
    for (const { successes, observations, tierMin } of this.#useCases.values()) {
      successes.fill(0);
      observations.fill(0);
      tierMin.fill(0);
    }
  }

  /** The certificate applied to other regimes: until a new one, no regime is served below the top tier. */
  voidCertificate(): void {
    if (this.certifiedRegimes !== undefined) this.certifiedRegimes = 0;
  }

  /** For the state's digest. */
  toJson(): readonly (readonly [string, number, readonly number[], readonly number[], readonly number[]])[] {
    return [...this.#useCases].map(([name, known]) => [
      name,
      known.warmStartBps,
      [...known.tracker],
      [...known.successes],
      [...known.observations],
    ]);
  }

  /** For a state snapshot. */
  toSnapshot(): readonly ExactJson[] {
    return [...this.#useCases].map(([useCase, { warmStartBps, ...columns }]) => ({
      useCase,
      warmStartBps,
      ...Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, [...column]])),
    }));
  }

  /** Throws RangeError for invalid floors. */
  restore(useCases: readonly SnapshotMembers[]): void {
    for (const members of useCases) {
      const { warmStartBps, ...columns } = this.#of(members.text("useCase"), members.whole("warmStartBps"));
      for (const [key, column] of Object.entries(columns)) {
        const values = members.integers(key);
        if (values.length !== column.length) throw new RangeError(`${key} has ${values.length} values`);
        column.set(values);
      }
    }
  }

  #of(useCase: string, warmStartBps: number): UseCaseFloors {
    const known = this.#useCases.get(useCase);
    if (known?.warmStartBps === warmStartBps) return known;
    const floors: UseCaseFloors = {
      warmStartBps,
      tracker: new Int32Array(REGIMES).fill(warmStartBps),
      successes: new Float64Array(REGIMES * TIER_COUNT_MAX),
      observations: new Float64Array(REGIMES * TIER_COUNT_MAX),
      tierMin: new Uint8Array(REGIMES),
      touched: new Uint8Array(REGIMES),
    };
    this.#useCases.set(useCase, floors);
    return floors;
  }

  /** One above the highest tier that is refuted: shown to be worse than the use case's floor. */
  #tierMin(known: UseCaseFloors, regime: number): number {
    for (let tier = TIER_COUNT_MAX - 1; tier >= 0; tier--) {
      const at = regime * TIER_COUNT_MAX + tier;
      const observations = known.observations[at] as number;
      if (observations < QUALITY_OBSERVATIONS_MIN * COUNT_ONE) continue;
      if (isRefuted(known.successes[at] as number, observations, known.warmStartBps)) return tier + 1;
    }
    return 0;
  }
}

function shareEvenly(counts: Float64Array): void {
  for (let tier = 0; tier < TIER_COUNT_MAX; tier++) {
    let sum = 0;
    for (let regime = 0; regime < WARM_UP_REGIME; regime++) sum += counts[regime * TIER_COUNT_MAX + tier] as number;
    const share = Math.floor(sum / WARM_UP_REGIME);
    for (let regime = 0; regime < WARM_UP_REGIME; regime++) counts[regime * TIER_COUNT_MAX + tier] = share;
  }
}

/** Hoeffding's bound at 95 %: p̂ + √(ln 20 / 2n) < q, that is (q − p̂)² · n > 1.498 (W. Hoeffding, JASA 58, 1963). */
function isRefuted(successes: number, observations: number, requiredBps: number): boolean {
  const missing = requiredBps * observations - successes * BPS_MAX;
  if (missing <= 0) return false;
  const share = Math.floor(missing / observations);
  return share * share * Math.floor(observations / COUNT_ONE) * 1_000 > 1_498 * BPS_MAX * BPS_MAX;
}

function upStep(targetFailureBps: number | undefined): number {
  if (targetFailureBps === undefined || targetFailureBps === 0) return TRACKER_UP_BPS;
  return Math.floor((TRACKER_DOWN_BPS * (BPS_MAX - targetFailureBps)) / targetFailureBps);
}

/** Limited to the maximum, but never below the current value, because a use case's floor may be above the maximum. */
function raised(floor: number, step: number): number {
  return Math.max(floor, Math.min(floor + step, FLOOR_MAX_BPS));
}

function lowered(floor: number, step: number): number {
  return Math.min(floor, Math.max(floor - step, FLOOR_MIN_BPS));
}

function lift(out: FloorOut, floorBps: number, source: FloorSource): void {
  if (floorBps <= out.floorBps) return;
  out.floorBps = floorBps;
  out.source = source;
}

function confidenceOf(observations: number): Confidence {
  if (observations < QUALITY_OBSERVATIONS_MIN) return "none";
  if (observations < 200) return "low";
  return observations < 1_000 ? "medium" : "high";
}
