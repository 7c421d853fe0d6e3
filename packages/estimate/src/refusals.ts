/**
 * Refusals: the reasons that a log cannot answer a question, in place of a number to act on.
 * @module
 */
import type { Support } from "./support.ts";
import type { Interval } from "./value-interval.ts";

/** With fewer effective rows, a mean does not predict the next rows. */
const EFFECTIVE_ROWS_MIN = 10;
/** Above this share, arms that were never logged could change the value by more than a point. */
const UNLOGGED_SHARE_MAX = 0.01;
/** Weights average 1 if propensities are right; a distance of this many standard errors is not due to chance. */
const WEIGHT_ERRORS_MAX = 6;

export type RefusalReason =
  | "no_rows"
  | "no_outcomes"
  | "no_overlap"
  | "few_effective_rows"
  | "contradiction"
  | "rows_unusable"
  | "reward_out_of_range";

export interface Refusal {
  readonly reason: RefusalReason;
  /** A full sentence with the numbers. */
  readonly explanation: string;
}

/**
 * The reasons not to act on an estimate. If there are none, it may be used with its interval.
 *
 * @param interval - if one was computed.
 * @param untriedMass - the mean share of the target's choices on arms that no row with an outcome ran; 0 if it is not
 *   counted.
 */
export function refusalsOf(support: Support, interval?: Interval, untriedMass = 0): Refusal[] {
  const { rows, missing, effectiveRows, meanWeight, maxWeight, targetMassUnlogged } = support;
  if (rows === 0) return [{ reason: "no_rows", explanation: "The log has no usable row." }];
  const known = rows - missing;
  if (known === 0) return [{ reason: "no_outcomes", explanation: `None of the ${rows} rows has an outcome.` }];
  const refusals: Refusal[] = [];
  const expected = 1 - targetMassUnlogged;
  if (targetMassUnlogged > UNLOGGED_SHARE_MAX)
    refusals.push({
      reason: "no_overlap",
      explanation: `${percent(targetMassUnlogged)} of the target's choices are arms that the log never chooses. Nothing in it says what they earn.`,
    });
  else if (isUncovered(untriedMass, expected - meanWeight))
    refusals.push({
      reason: "no_overlap",
      explanation: `${percent(untriedMass)} of the target's choices are arms that no row with an outcome ran. Nothing in the log says what they earn.`,
    });
  if (effectiveRows < EFFECTIVE_ROWS_MIN)
    refusals.push({
      reason: "few_effective_rows",
      explanation: `The weights leave ${effectiveRows.toFixed(1)} effective rows of ${known}, and ${EFFECTIVE_ROWS_MIN} are needed; the largest weight is ${maxWeight.toPrecision(4)}.`,
    });
  const isExplained = refusals.some(({ reason }) => reason === "no_overlap");
  if (interval?.isEmpty === true || (!isExplained && known > 1 && isOff(support, expected, known)))
    refusals.push({ reason: "contradiction", explanation: contradictionText(support, expected) });
  return refusals;
}

/** Untried arms matter only if their share is missing in the weights: a log of the target's own policy misses none. */
function isUncovered(untriedMass: number, missingWeight: number): boolean {
  return untriedMass > UNLOGGED_SHARE_MAX && missingWeight > untriedMass / 2;
}

/**
 * Whether the mean weight is further from its expectation than chance explains, even if the given rows vary less than the
 * possible ones. Source: Bernstein's inequality, with 6²/2 for the logarithm of the level.
 */
function isOff({ meanWeight, meanWeightError, maxPossibleWeight }: Support, expected: number, known: number): boolean {
  const unseen = ((WEIGHT_ERRORS_MAX ** 2 / 2) * Math.max(maxPossibleWeight, 1)) / known;
  return Math.abs(meanWeight - expected) > WEIGHT_ERRORS_MAX * meanWeightError + unseen;
}

function contradictionText({ meanWeight, chosenOnly }: Support, expected: number): string {
  const found = `weights average ${meanWeight.toPrecision(4)} where ${expected.toPrecision(4)} is expected`;
  if (chosenOnly > 0 && meanWeight < expected)
    return `The log does not cover the target, or its propensities are wrong: ${found}.`;
  return `The log contradicts its own propensities: ${found}.`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
