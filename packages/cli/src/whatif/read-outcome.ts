/**
 * Reads the members of an outcome's entry that estimates need directly from its text, for speed: there are as many outcomes
 * as decisions, and entries are not verified here.
 * @module
 */
import { type EstimatedOutcome, malformed } from "@calybris/engine/internal";
import type { Treated } from "@calybris/kernel";
import type { ReadEntry } from "../journal/entries.ts";

/** An outcome in the format of the entry's text. */
type OutcomeText = Omit<EstimatedOutcome, "treated"> & {
  readonly treated?: readonly (readonly [number, number, number])[];
};

/** @throws CalybrisError `CAL_JOURNAL_ENTRY_MALFORMED` for an entry without a required member. */
export function outcomeIn({ data, sequence }: ReadEntry): EstimatedOutcome {
  const { of, candidate, base, treated, successBps, rewardBps, propensity, holdout } = JSON.parse(data) as OutcomeText;
  for (const value of [of, candidate, successBps, rewardBps])
    if (!Number.isSafeInteger(value)) throw malformed(sequence, "a member of the outcome is not a whole number");
  return {
    of,
    candidate,
    successBps,
    rewardBps,
    ...(base === undefined ? {} : { base }),
    ...(propensity === undefined ? {} : { propensity }),
    ...(holdout === undefined ? {} : { holdout }),
    ...(treated === undefined ? {} : { treated: treated.map(treatedIn) }),
  };
}

function treatedIn([candidateId, propensity, predictedBps]: readonly [number, number, number]): Treated {
  return { candidateId, propensity, predictedBps };
}
