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
    summary: "Stage a policy: it decides in shadow, from the next decision on",
    description:
      "No answer changes. Each decision's entry holds what the staged policy would have decided. It replaces the policy that was staged before.",
    scopes: ["operate"],
    body: policy(policySetCall),
    answer: rolloutChangeShape,
  },
  rollout: {
    method: "GET",
    path: "/v1/rollout",
    summary: "Compare the staged policy with the active one",
    description: "Reads every entry since the staging. `missing` says what a promotion still needs.",
    scopes: ["operate", "audit"],
    answer: rolloutShape,
  },
  promotePolicy: {
    method: "POST",
    path: "/v1/rollout/promote",
    summary: "Activate the staged policy, once it passes a gate",
    description:
      "At least 1,000 decisions in shadow, and either at most 5 % of actions differ and its reward is shown to be no worse, or its reward is shown to be better. `POST /v1/policies` activates a policy without gates.",
    scopes: ["operate"],
    body: json(policyNamedCall),
    answer: rolloutChangeShape,
  },
  canaryPolicy: {
    method: "POST",
    path: "/v1/rollout/canary",
    summary: "Let the staged policy decide for a share of the tenants",
    description:
      "A keyed hash names the tenants; a larger share keeps those of a smaller one. A share that grows needs a gate, as a promotion does. 0 ends the canary; the policy stays staged.",
    scopes: ["operate"],
    body: json(canaryCall),
    answer: rolloutChangeShape,
  },
  rollBackPolicy: {
    method: "POST",
    path: "/v1/rollout/back",
    summary: "Activate an earlier policy, from the next decision on",
    description: "Ends the staging. Rolling back to the active policy ends the staging alone.",
    scopes: ["operate"],
    body: json(policyNamedCall),
    answer: rolloutChangeShape,
  },
};
