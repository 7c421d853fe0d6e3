/**
 * The decide flow, as the sentence it implements:
 *
 *     request → governance → kernel → governance → proof → (reserve) → entry
 *
 * It is pure: policy, kernel and the number of the decision come in, the entry to be made durable comes out. What the
 * router recommends is a fixed floor so far, the use case's; there is no budget yet, so nothing is reserved.
 * @module
 */
import {
  breachOfDecision,
  breachOfRequest,
  type Decision,
  type DecisionEntry,
  decisionDigests,
  invariant,
  type Kernel,
  type Reason,
  type Request,
  rejection,
  toHex,
} from "@calybris/kernel";
import type { ResolvedRequest } from "./intake/client-request.ts";
import { nodeSha256 } from "./journal/chain-hash.ts";
import type { PolicyInForce } from "./state.ts";

/** What is decided with: the policy in force and a kernel built for it. */
export interface Deciding {
  readonly policy: PolicyInForce;
  readonly kernel: Kernel;
}

/** Decides a resolved request; the result is what the journal will hold. */
export function decide(
  deciding: Deciding,
  resolved: ResolvedRequest,
  contentDigest: string | undefined,
): DecisionEntry {
  const { policy, kernel } = deciding;
  const { request, useCase, defaulted, requestId } = resolved;
  const decision = govern(deciding, request) ?? kernel.prescribe(request);
  const breach = breachOfDecision(request, decision);
  invariant(breach === undefined, `what runs respects governance, but ${breach}`);
  const { identity } = decisionDigests(policy.digest, request, decision, nodeSha256);
  return {
    kind: "decision",
    ...(requestId === undefined || contentDigest === undefined ? {} : { requestId, contentDigest }),
    policyId: policy.id,
    useCase,
    defaulted,
    request,
    decision,
    identity: toHex(identity),
  };
}

/** The rejection that governance demands whatever the kernel would say. A policy is never looser, so the kernel would say the same. */
function govern(deciding: Deciding, request: Request): Decision | undefined {
  const breach = breachOfRequest(request);
  if (breach === undefined) return undefined;
  invariant(
    breach === "risk_hard_limit" || breach === "confidence_hard_limit",
    "ranges are checked where requests are read",
  );
  const { policy } = deciding.policy.snapshot;
  const reason: Reason = request.riskBps >= policy.riskHardLimitBps ? "risk_hard_limit" : breach;
  return rejection(policy, request, reason, 0);
}
