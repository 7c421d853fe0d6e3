/**
 * The router's view of a policy, and whether two policies can share one router.
 * @module
 */
import { writeExact } from "@calybris/kernel";
import type { RouterPolicy } from "../router/router.ts";
import type { PolicyVersion } from "./policy-version.ts";

/** Input and output tokens are the features if the policy names none. */
const TOKEN_FEATURES = 2;

export function routerPolicyOf({ snapshot, tierFloors }: PolicyVersion): RouterPolicy {
  const { learning } = snapshot;
  return {
    learning,
    featureCount: learning === undefined ? 0 : (learning.features?.length ?? TOKEN_FEATURES),
    featureNames: learning?.features,
    tierNames: snapshot.tiers,
    tierFloors,
  };
}

/**
 * The reason that a policy cannot use the learner of the active one; `undefined` if it can. A policy that does not learn
 * needs no learner. Any other must give the router the same view as the active policy: then the learned state, and every
 * recommendation, is the same whichever of the two decides.
 */
export function learnerDifference(active: PolicyVersion, staged: PolicyVersion): string | undefined {
  if (staged.snapshot.learning === undefined) return undefined;
  const [one, other] = [routerPolicyOf(active), routerPolicyOf(staged)];
  if (!isSame(one.learning, other.learning)) return "`learning`";
  if (!isSame(one.tierNames, other.tierNames)) return "`tiers`";
  return isSame(one.tierFloors, other.tierFloors) ? undefined : "the lowest quality of a tier";
}

function isSame(one: unknown, other: unknown): boolean {
  return writeExact(one ?? null) === writeExact(other ?? null);
}
