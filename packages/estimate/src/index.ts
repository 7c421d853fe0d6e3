/**
 * Off-policy estimation: the reward that another policy would have earned, from logged decisions. Estimators, diagnostics,
 * and anytime-valid intervals. Pure mathematics: no disk, no network, no clock.
 * @module
 */
export { ArmMeans } from "./arm-means.ts";
export { BernsteinBound, DriftingBound } from "./bernstein-bound.ts";
export { BettingBound, exactBettingBound } from "./betting-bound.ts";
export { type CalibrationCell, CalibrationFold, type CalibrationSettings } from "./calibration.ts";
export { type Difference, DifferenceInterval, type DifferenceIntervalSettings } from "./difference-interval.ts";
export { type ComparedRow, type DifferenceSettings, DifferenceTest } from "./difference-test.ts";
export { ESTIMATE_ERRORS, type EstimateErrorCode, type EstimateErrorDetails } from "./estimate-errors.ts";
export { EstimatorFold, type EstimatorSettings, type Estimates } from "./estimators.ts";
export { type Carried, carryOptional, carryWhole, type FoldNumbers } from "./fold-numbers.ts";
export { checkRow, hasAllPropensities, type LoggedRow, weightOf } from "./logged-row.ts";
export {
  type Analysis,
  type AnalysedRow,
  type AnalysisSettings,
  type ArmShare,
  LogAnalysis,
} from "./log-analysis.ts";
export { alwaysRow, type CandidateShares, outcomeRow, type OutcomeRow, targetRow } from "./outcome-rows.ts";
export { pseudoReward } from "./pseudo-reward.ts";
export { type Refusal, type RefusalReason, refusalsOf } from "./refusals.ts";
export { type PolicyValue, type Regret, RegretFold, type RegretSettings } from "./regret.ts";
export { type PointEstimate, RunningMean } from "./running-mean.ts";
export { slope } from "./slope.ts";
export type { TunedEstimate } from "./slope-fold.ts";
export type { Support } from "./support.ts";
export { type Interval, type IntervalSettings, kOfLargestWeight, ValueInterval } from "./value-interval.ts";
export { type Watched, type WatchedInterval, type WatchedSettings, WatchedValue } from "./watched-value.ts";
