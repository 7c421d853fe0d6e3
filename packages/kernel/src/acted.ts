/**
 * A decision as it was carried out. A decision that is only observed does not run the selected candidate: the requested one
 * ran, with certainty.
 * @module
 */
import { cost } from "./arithmetic.ts";
import type { DecisionEntry } from "./decision-entry.ts";
import { NO_INDEX } from "./decision.ts";
import type { Policy } from "./policy.ts";
import { PROPENSITY_ONE } from "./recommendation.ts";
import { costMicrocents } from "./units.ts";

/** The entry with the candidate that ran instead of the selected one, and the propensity of that candidate. */
export function asActed(entry: DecisionEntry, policy: Policy): DecisionEntry {
  const { acted, decision, learning, request } = entry;
  if (acted === undefined) return entry;
  const index = policy.candidates.findIndex(({ id }) => id === acted);
  const candidate = policy.candidates[index];
  const ran = {
    selectedId: acted,
    selectedIndex: candidate === undefined ? NO_INDEX : index,
    costMicrocents: candidate === undefined ? costMicrocents(0n) : cost(request, candidate),
  };
  return {
    ...entry,
    decision: { ...decision, ...ran },
    ...(learning === undefined ? {} : { learning: { ...learning, propensity: PROPENSITY_ONE, explored: false } }),
  };
}
