/**
 * When a log cannot answer: reasons instead of a number to act on.
 * @module
 */
import type { Support } from "./support.ts";
import type { Interval } from "./value-interval.ts";

/** Below so many effective rows a mean says nothing about the next rows. */
const EFFECTIVE_ROWS_MIN = 10;
/** Above this share, arms that were never logged could move the value by more than a point. */
const UNLOGGED_SHARE_MAX = 0.01;
/** Weights average 1 where propensities are right; so many standard errors away is no chance. */
const WEIGHT_ERRORS_MAX = 6;

export interface Refusal {
  readonly reason: "no_rows" | "no_outcomes" | "no_overlap" | "few_effective_rows" | "contradiction";
  /** A full sentence with the numbers. */
  readonly explanation: string;
}

/**
 * The reasons not to act on an estimate; none means that it may be used with its interval.
 *
 * @param interval - where one was computed.
 */
export function refusalsOf(support: Support, interval?: Interval): Refusal[] {
  const { rows, missing, effectiveRows, meanWeight, meanWeightError, maxWeight, targetMassUnlogged } = support;
  if (rows === 0) return [{ reason: "no_rows", explanation: "The log has no usable row." }];
  const refusals: Refusal[] = [];
  const known = rows - missing;
  if (known === 0) refusals.push({ reason: "no_outcomes", explanation: `None of the ${rows} rows has an outcome.` });
  if (targetMassUnlogged > UNLOGGED_SHARE_MAX)
    refusals.push({
      reason: "no_overlap",
      explanation: `${percent(targetMassUnlogged)} of the target's choices are arms that the log never chooses. Nothing in it says what they earn.`,
    });
  if (known > 0 && effectiveRows < EFFECTIVE_ROWS_MIN)
    refusals.push({
      reason: "few_effective_rows",
      explanation: `The weights leave ${effectiveRows.toFixed(1)} effective rows of ${known}; the largest weight is ${maxWeight.toPrecision(4)}.`,
    });
  const expected = 1 - targetMassUnlogged;
  const isOff = Math.abs(meanWeight - expected) > WEIGHT_ERRORS_MAX * meanWeightError;
  if (interval?.isEmpty === true || (known > 1 && support.chosenOnly === 0 && isOff && meanWeightError > 0))
    refusals.push({
      reason: "contradiction",
      explanation: `The log contradicts its own propensities: weights average ${meanWeight.toPrecision(4)} where ${expected.toPrecision(4)} is expected.`,
    });
  return refusals;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
