/**
 * The contracts of the operations that roll out a policy in stages.
 * @module
 */
import type { RouteContract } from "../http/route-contract.ts";
import { json, policy } from "./body-rules.ts";
import { canaryCall, policyNamedCall, policySetCall } from "./call-shapes.ts";
import { rolloutChangeShape, rolloutShape } from "./rollout-shapes.ts";

export type RolloutOperation = "stagePolicy" | "rollout" | "promotePolicy" | "canaryPolicy" | "rollBackPolicy";

export const ROLLOUT_CONTRACTS: { readonly [Name in RolloutOperation]: Omit<RouteContract, "name"> } = {
  stagePolicy: {
    method: "POST",
    path: "/v1/rollout/stage",
    summary: "Stage a policy, which decides in shadow from the next decision on",
    description:
      "Responses do not change. The entry of each decision records the staged policy's choice. Staging replaces a policy that was staged before.",
    scopes: ["operate"],
    body: policy(policySetCall),
    answer: rolloutChangeShape,
  },
  rollout: {
    method: "GET",
    path: "/v1/rollout",
    summary: "Compare the staged policy with the active one",
    description:
      "Covers every entry since the policy was staged. `missing` lists the requirements that a promotion does not meet yet.",
    scopes: ["operate", "audit"],
    answer: rolloutShape,
  },
  promotePolicy: {
    method: "POST",
    path: "/v1/rollout/promote",
    summary: "Activate the staged policy if it passes a gate",
    description:
      "A gate needs at least 1,000 decisions in shadow. Gate a: at most 5 % of actions differ, and the reward is shown to be no worse. Gate b: the reward is shown to be better. `POST /v1/policies` activates a policy without gates.",
    scopes: ["operate"],
    body: json(policyNamedCall),
    answer: rolloutChangeShape,
  },
  canaryPolicy: {
    method: "POST",
    path: "/v1/rollout/canary",
    summary: "Let the staged policy decide for a share of the tenants",
    description:
      "A keyed hash selects the tenants; a larger share includes the tenants of a smaller one. Raising the share requires a passed gate, like a promotion. 0 ends the canary; the policy stays staged.",
    scopes: ["operate"],
    body: json(canaryCall),
    answer: rolloutChangeShape,
  },
  rollBackPolicy: {
    method: "POST",
    path: "/v1/rollout/back",
    summary: "Activate an earlier policy, from the next decision on",
    description: "Also ends staging. Rolling back to the active policy only ends staging.",
    scopes: ["operate"],
    body: json(policyNamedCall),
    answer: rolloutChangeShape,
  },
};
