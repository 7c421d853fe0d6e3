/**
 * What the router is given of a policy, and whether two policies can share one router.
 * @module
 */
import { writeExact } from "@calybris/kernel";
import type { RouterPolicy } from "../router/router.ts";
import type { PolicyVersion } from "./policy-version.ts";

/** Input and output tokens stand in where the policy names no features. */
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
 * What keeps a policy from learning by the learner of the active one; `undefined` where nothing does. One that does not learn needs
 * no learner. Any other has to give the router exactly what the active policy gives it: what is learned, and every recommendation, is
 * then the same whichever of the two decides.
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
