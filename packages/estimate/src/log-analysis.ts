/**
 * Analyses a log for a target policy in one pass: estimates, the interval over time, and refusals.
 * @module
 */
import { ArmMeans } from "./arm-means.ts";
import type { Estimates, EstimatorSettings } from "./estimators.ts";
import type { LoggedRow } from "./logged-row.ts";
import { type Refusal, refusalsOf } from "./refusals.ts";
import { type PointEstimate, RunningMean } from "./running-mean.ts";
import { type WatchedInterval, type WatchedSettings, WatchedValue } from "./watched-value.ts";

export interface AnalysisSettings extends EstimatorSettings, Pick<WatchedSettings, "method"> {
  readonly arms: number;
  /** Number of rows to come. The interval is recorded at up to 200 of them. */
  readonly rowCount: number;
  readonly alpha?: number;
  /** Fixed in advance. By default, the first tenth of the rows determines it, and the interval covers the rest. */
  readonly k?: number;
}

/** A row whose predictions may be omitted; they are then taken from the running means of the arms. */
export type AnalysedRow = Omit<LoggedRow, "predicted"> & { readonly predicted: readonly number[] | undefined };

export interface ArmShare {
  readonly rows: number;
  readonly meanReward: number;
  /** The mean probability with which the target policy chooses the arm. */
  readonly targetShare: number;
}

export interface Analysis {
  readonly estimates: Estimates;
  /** The mean logged reward. */
  readonly loggedValue: PointEstimate;
  readonly arms: readonly ArmShare[];
  /** `undefined` until k is fixed. */
  readonly interval: WatchedInterval | undefined;
  readonly overTime: readonly WatchedInterval[];
  readonly refusals: readonly Refusal[];
}

const POINTS = 200;
const PILOT_SHARE = 0.1;
const PILOT_ROWS_MIN = 20;

/** A fold; memory does not grow with the number of rows. */
export class LogAnalysis {
  readonly #every: number;
  readonly #value: WatchedValue;
  readonly #means: ArmMeans;
  readonly #logged = new RunningMean();
  readonly #targets: readonly RunningMean[];
  readonly #overTime: WatchedInterval[] = [];
  #rows = 0;

  /** @throws CalybrisError `CAL_ESTIMATE_SETTING_INVALID`. */
  constructor({ arms, rowCount, ...settings }: AnalysisSettings) {
    const pilotRows = Math.max(Math.floor(rowCount * PILOT_SHARE), PILOT_ROWS_MIN);
    this.#every = Math.max(1, Math.ceil(rowCount / POINTS));
    this.#value = new WatchedValue({ ...settings, pilotRows });
    this.#means = new ArmMeans(arms);
    this.#targets = Array.from({ length: arms }, () => new RunningMean());
  }

  /** @throws CalybrisError `CAL_ESTIMATE_ROW_INVALID`; the row is not counted. */
  add(given: AnalysedRow): void {
    const row: LoggedRow = { ...given, predicted: given.predicted ?? this.#means.predictions() };
    this.#value.add(row);
    this.#rows += 1;
    row.target.forEach((share, arm) => {
      this.#targets[arm]?.add(share);
    });
    const interval = this.#rows % this.#every === 0 ? this.#value.interval : undefined;
    if (interval !== undefined) this.#overTime.push(interval);
    if (row.reward === undefined) return;
    this.#logged.add(row.reward);
    this.#means.add(row.chosen, row.reward);
  }

  analysis(): Analysis {
    const { estimates, interval } = this.#value.watched();
    const arms = this.#targets.map((target, arm) => ({
      rows: this.#means.countOf(arm),
      meanReward: this.#means.meanOf(arm),
      targetShare: target.mean,
    }));
    const untriedMass = arms.reduce((sum, { rows, targetShare }) => (rows === 0 ? sum + targetShare : sum), 0);
    return {
      estimates,
      interval,
      loggedValue: {
        value: this.#logged.count === 0 ? Number.NaN : this.#logged.mean,
        standardError: this.#logged.standardError,
      },
      arms,
      overTime: this.#overTime,
      refusals: refusalsOf(estimates.support, interval, untriedMass),
    };
  }
}
