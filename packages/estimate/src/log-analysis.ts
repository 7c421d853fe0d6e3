/**
 * Everything that a log says about a target policy, in one pass: estimates, the interval over time, and refusals.
 * @module
 */
import { ArmMeans } from "./arm-means.ts";
import { type Estimates, EstimatorFold, type EstimatorSettings, type PointEstimate } from "./estimators.ts";
import { hasAllPropensities, type LoggedRow, weightOf } from "./logged-row.ts";
import { type Refusal, refusalsOf } from "./refusals.ts";
import { RunningMean } from "./running-mean.ts";
import { type Interval, kOfLargestWeight, ValueInterval } from "./value-interval.ts";

export interface AnalysisSettings extends EstimatorSettings {
  readonly arms: number;
  /** Rows to come: the interval is kept at up to 200 of them. */
  readonly rowCount: number;
  readonly alpha?: number;
  /** Fixed beforehand. Left out, the first tenth of the rows fixes it, and the interval covers the rest. */
  readonly k?: number;
}

/** A row whose predictions may be left to the model of arm means. */
export type AnalysedRow = Omit<LoggedRow, "predicted"> & { readonly predicted: readonly number[] | undefined };

export interface ArmShare {
  readonly rows: number;
  readonly meanReward: number;
  /** The mean probability of the target policy. */
  readonly targetShare: number;
}

export interface IntervalAt extends Interval {
  /** Rows that the interval covers. */
  readonly rows: number;
}

export interface Analysis {
  readonly estimates: Estimates;
  /** The mean reward of what ran. */
  readonly loggedValue: PointEstimate;
  readonly arms: readonly ArmShare[];
  /** `undefined` while k is not fixed yet. */
  readonly interval: (IntervalAt & { readonly k: number; readonly alpha: number }) | undefined;
  readonly overTime: readonly IntervalAt[];
  readonly refusals: readonly Refusal[];
}

const POINTS = 200;
const PILOT_SHARE = 0.1;
const PILOT_ROWS_MIN = 20;
const K_MIN = 1;

/** A fold; memory is constant in the number of rows. */
export class LogAnalysis {
  readonly #settings: AnalysisSettings;
  readonly #alpha: number;
  readonly #fold: EstimatorFold;
  readonly #means: ArmMeans;
  readonly #logged = new RunningMean();
  readonly #targets: readonly RunningMean[];
  readonly #pilotRows: number;
  readonly #overTime: IntervalAt[] = [];
  #interval: ValueInterval | undefined;
  #k: number | undefined;
  #maxWeight = 0;
  #rows = 0;
  #intervalRows = 0;

  /** @throws CalybrisError `CAL_ESTIMATE_SETTING_INVALID`. */
  constructor(settings: AnalysisSettings) {
    this.#settings = settings;
    this.#alpha = settings.alpha ?? 0.05;
    this.#fold = new EstimatorFold(settings);
    this.#means = new ArmMeans(settings.arms);
    this.#targets = Array.from({ length: settings.arms }, () => new RunningMean());
    this.#pilotRows = Math.max(Math.floor(settings.rowCount * PILOT_SHARE), PILOT_ROWS_MIN);
    if (settings.k !== undefined) this.#begin(settings.k);
  }

  /** @throws CalybrisError `CAL_ESTIMATE_ROW_INVALID`; the row is not counted. */
  add(given: AnalysedRow): void {
    const row: LoggedRow = { ...given, predicted: given.predicted ?? this.#means.predictions() };
    this.#fold.add(row);
    this.#rows += 1;
    row.target.forEach((share, arm) => {
      this.#targets[arm]?.add(share);
    });
    this.#addToInterval(row);
    if (row.reward === undefined) return;
    this.#logged.add(row.reward);
    this.#means.add(row.chosen, row.reward);
  }

  #addToInterval(row: LoggedRow): void {
    const isPartial = !hasAllPropensities(row);
    if (this.#interval === undefined && isPartial) this.#begin(0);
    if (this.#interval === undefined) {
      for (const [arm] of row.target.entries()) {
        const weight = weightOf(row, arm);
        if (Number.isFinite(weight)) this.#maxWeight = Math.max(this.#maxWeight, weight);
      }
      if (this.#rows >= this.#pilotRows) this.#begin(Math.max(kOfLargestWeight(this.#maxWeight), K_MIN));
      return;
    }
    this.#interval.add(row);
    this.#intervalRows += 1;
    const every = Math.max(1, Math.ceil(this.#settings.rowCount / POINTS));
    if (this.#intervalRows % every === 0) this.#overTime.push({ rows: this.#intervalRows, ...this.#interval.now() });
  }

  #begin(k: number): void {
    this.#k = k;
    this.#interval = new ValueInterval({ k, alpha: this.#alpha });
  }

  analysis(): Analysis {
    const estimates = this.#fold.estimates();
    const now = this.#intervalRows === 0 ? undefined : this.#interval?.now();
    return {
      estimates,
      loggedValue: {
        value: this.#logged.count === 0 ? Number.NaN : this.#logged.mean,
        standardError: this.#logged.standardError,
      },
      arms: this.#targets.map((target, arm) => ({
        rows: this.#means.countOf(arm),
        meanReward: this.#means.meanOf(arm),
        targetShare: target.mean,
      })),
      interval:
        now === undefined || this.#k === undefined
          ? undefined
          : { ...now, rows: this.#intervalRows, k: this.#k, alpha: this.#alpha },
      overTime: this.#overTime,
      refusals: refusalsOf(estimates.support, now),
    };
  }
}
