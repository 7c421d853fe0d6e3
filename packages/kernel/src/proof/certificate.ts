/**
 * Level 2 shows that a decision follows from its policy: six rules, each with the measured number and the limit.
 * Level 3 shows that it was the best choice: the finding for every candidate, with its utility.
 *
 * Both are computed from policy and request with the gates and terms that decide; only the choice is taken from the
 * decision.
 * @module
 */
import { cost, type UtilityTerms, utility } from "../arithmetic.ts";
import { equalBytes } from "../bytes.ts";
import { type Decision, NO_INDEX } from "../decision.ts";
import { decisionBytes } from "../digest.ts";
import { GATES, type GateName } from "../gates.ts";
import type { Candidate, Policy } from "../policy.ts";
import { byPreference, firstRefusal, prescribe, type Scored } from "../prescribe.ts";
import type { Request } from "../request.ts";

export type RuleName =
  | "risk_limit"
  | "confidence_floor"
  | "quality_floor"
  | "budget"
  | "positive_utility"
  | "optimality";

/** One rule applied to one decision: `measured relation limit`, and whether it holds. */
export interface RuleCheck {
  readonly rule: RuleName;
  readonly unit: "bps" | "microcents";
  readonly measured: bigint;
  readonly relation: "below" | "at_least" | "at_most" | "above";
  readonly limit: bigint;
  /** If the utility equals the limit, `optimality` holds if the order of preference favors the choice. */
  readonly holds: boolean;
}

export interface Certificate {
  /**
   * For a selection, all six in order. For a rejection, the rules on the request alone, up to the first that fails; the
   * findings for the candidates explain the rest.
   */
  readonly checks: readonly RuleCheck[];
  /** Every field of the decision equals that of the reference kernel. */
  readonly isReplayed: boolean;
  /** Replayed, and for a selection every rule holds. */
  readonly isEstablished: boolean;
}

/** The finding for one candidate. */
export interface CandidateFinding {
  readonly index: number;
  readonly candidate: Candidate;
  /** The first gate that refuses it; left out for an eligible one. */
  readonly refusedBy?: GateName;
  /** The value that this gate measured. */
  readonly measured?: string;
  readonly limit?: string;
  /** Also present for a candidate that a gate refuses. */
  readonly terms: UtilityTerms;
}

/**
 * Certifies a decision.
 *
 * @example
 * ```ts
 * import { certify, prescribe, samplePolicy, sampleRequest } from "@calybris/kernel";
 * const { decision } = prescribe(samplePolicy(), sampleRequest());
 * const { checks, isEstablished } = certify(samplePolicy(), sampleRequest(), decision);
 * isEstablished; // true
 * checks[5]; // { rule: "optimality", unit: "microcents", measured: 77098n, relation: "at_least", limit: 63818n, holds: true }
 * ```
 */
export function certify(policy: Policy, request: Request, decision: Decision): Certificate {
  const checks = [...checksOf(policy, request, decision.selectedIndex)];
  const isReplayed = equalBytes(decisionBytes(decision), decisionBytes(prescribe(policy, request).decision));
  const isRejected = decision.selectedIndex === NO_INDEX;
  return { checks, isReplayed, isEstablished: isReplayed && (isRejected || checks.every(({ holds }) => holds)) };
}

function* checksOf(policy: Policy, request: Request, selectedIndex: number): Generator<RuleCheck> {
  const risk = check("risk_limit", "bps", request.riskBps, "below", policy.riskHardLimitBps);
  yield risk;
  if (selectedIndex === NO_INDEX && !risk.holds) return;
  yield check("confidence_floor", "bps", request.confidenceBps, "at_least", policy.confidenceMinBps);
  const candidate = policy.candidates[selectedIndex];
  if (candidate === undefined) return;
  yield check("quality_floor", "bps", candidate.qualityBps, "at_least", request.qualityMinBps);
  yield check("budget", "microcents", cost(request, candidate), "at_most", request.budgetLimitMicrocents);
  const chosen = { candidate, index: selectedIndex, ...utility(policy, request, candidate) };
  yield check("positive_utility", "microcents", chosen.utilityMicrocents, "above", 0n);
  const other = bestOther(policy, request, selectedIndex);
  const isEligible = firstRefusal(policy, request, candidate) === undefined;
  yield {
    ...check("optimality", "microcents", chosen.utilityMicrocents, "at_least", other?.utilityMicrocents ?? 0n),
    holds: isEligible && (other === undefined || isPreferred(chosen, other)),
  };
}

function check(
  rule: RuleName,
  unit: RuleCheck["unit"],
  measuredNumber: number | bigint,
  relation: RuleCheck["relation"],
  limitNumber: number | bigint,
): RuleCheck {
  const [measured, limit] = [BigInt(measuredNumber), BigInt(limitNumber)];
  const claims = {
    below: measured < limit,
    at_least: measured >= limit,
    at_most: measured <= limit,
    above: measured > limit,
  };
  return { rule, unit, measured, relation, limit, holds: claims[relation] };
}

/** The best eligible candidate other than the given one; `undefined` if there is none. */
export function bestOther(policy: Policy, request: Request, exceptIndex: number): Scored | undefined {
  let best: Scored | undefined;
  for (const [index, candidate] of policy.candidates.entries()) {
    if (index === exceptIndex || firstRefusal(policy, request, candidate) !== undefined) continue;
    const scored = { candidate, index, ...utility(policy, request, candidate) };
    if (best === undefined || isPreferred(scored, best)) best = scored;
  }
  return best;
}

/** Whether the kernel would select the first of two eligible candidates. */
export function isPreferred(one: Scored, other: Scored): boolean {
  const order = byPreference(one, other);
  return order === 0 ? one.index < other.index : order < 0;
}

/** The finding for every candidate, in catalog order; also after a hard limit, which evaluates none. */
export function candidateFindings(policy: Policy, request: Request): CandidateFinding[] {
  return policy.candidates.map((candidate, index) => {
    const terms = utility(policy, request, candidate);
    const gate = GATES.find(({ admits }) => !admits(policy, request, candidate));
    if (gate === undefined) return { index, candidate, terms };
    const [measured, limit] = gate.evidence(policy, request, candidate);
    return { index, candidate, refusedBy: gate.name, measured, limit, terms };
  });
}
