/**
 * One logged decision, the input of every estimator, and its validation.
 * @module
 */
import { estimateError } from "./estimate-errors.ts";

/**
 * One decision of a log. Arms are numbered from 0; every list has one number per arm.
 *
 * Rewards and predictions are from 0 to 1. Scale other rewards first, and scale the results back.
 */
export interface LoggedRow {
  /**
   * The probability with which the logging policy chose each arm; with a holdout, that of the mixture of both policies. If
   * the log has only the probability of the chosen arm, the others are `undefined`.
   */
  readonly logged: readonly (number | undefined)[];
  /** The probability with which the target policy chooses each arm. Sums to 1. */
  readonly target: readonly number[];
  /** The reward that a model predicts for each arm, fitted on earlier rows or another fold. 0 without a model. */
  readonly predicted: readonly number[];
  /** The arm that ran. */
  readonly chosen: number;
  /** `undefined` if the outcome is unknown. */
  readonly reward: number | undefined;
}

const FIELDS = ["logged", "target", "predicted"] as const;

/** Tolerance for the sum of probabilities: logs print them with three digits or more. */
const SUM_TOLERANCE = 2e-3;

/**
 * Throws unless estimators can use the row.
 *
 * @param number - the row's number in its log, from 1, for the error.
 * @throws CalybrisError `CAL_ESTIMATE_ROW_INVALID`, which names the row and the field.
 */
export function checkRow(row: LoggedRow, number: number): void {
  const arms = row.logged.length;
  const refuse = (field: string, problem: string): never => {
    throw estimateError("CAL_ESTIMATE_ROW_INVALID", { row: number, field, problem });
  };
  if (arms === 0) refuse("logged", "has no arm");
  if (row.target.length !== arms) refuse("target", `has ${row.target.length} arms, and logged has ${arms}`);
  if (row.predicted.length !== arms) refuse("predicted", `has ${row.predicted.length} arms, and logged has ${arms}`);
  if (!Number.isInteger(row.chosen) || row.chosen < 0 || row.chosen >= arms)
    refuse("chosen", `must be an arm from 0 to ${arms - 1}, but is ${row.chosen}`);
  for (const field of FIELDS) {
    const values = row[field];
    for (let arm = 0; arm < arms; arm += 1) {
      const value = values[arm];
      if (value === undefined ? field !== "logged" : !isShare(value))
        refuse(`${field}[${arm}]`, `must be a number from 0 to 1, but is ${value}`);
    }
  }
  const ofChosen = row.logged[row.chosen];
  if (ofChosen === undefined || ofChosen === 0)
    refuse(`logged[${row.chosen}]`, "must be above 0, since that arm was chosen");
  if (!row.logged.includes(undefined) && !isOne(row.logged as readonly number[])) refuse("logged", "must sum to 1");
  if (!isOne(row.target)) refuse("target", "must sum to 1");
  if (row.reward !== undefined && !isShare(row.reward))
    refuse("reward", `must be a number from 0 to 1, but is ${row.reward}`);
}

/** Whether the log has the probability of every arm. */
export function hasAllPropensities(row: LoggedRow): boolean {
  return !row.logged.includes(undefined);
}

/**
 * The importance weight of an arm: target over logged; 0 if the target never chooses it, infinite if only the target does.
 */
export function weightOf(row: LoggedRow, arm: number): number {
  const target = row.target[arm] ?? 0;
  return target === 0 ? 0 : target / (row.logged[arm] ?? 0);
}

function isShare(value: number): boolean {
  return value >= 0 && value <= 1;
}

function isOne(shares: readonly number[]): boolean {
  let sum = 0;
  for (const share of shares) sum += share;
  return Math.abs(sum - 1) <= SUM_TOLERANCE;
}
