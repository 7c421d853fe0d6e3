/**
 * Explains a decision: one row per candidate, with the gate that refused it and the measured value and limit, or the utility
 * terms of an eligible candidate. The reference computes it from the same gates and terms that decide, so an explanation
 * cannot differ from the decision.
 * @module
 */
import { type UtilityTerms, utility } from "./arithmetic.ts";
import type { Decision } from "./decision.ts";
import { GATES, type GateName } from "./gates.ts";
import type { Candidate, Policy } from "./policy.ts";
import { firstRefusal, prescribe } from "./prescribe.ts";
import type { Request } from "./request.ts";

export type ExplanationRow =
  | { readonly candidate: Candidate; readonly refusedBy: GateName; readonly measured: string; readonly limit: string }
  | { readonly candidate: Candidate; readonly refusedBy: undefined; readonly terms: UtilityTerms };

export interface Explanation {
  readonly decision: Decision;
  /** In catalog order; empty after a hard limit, which evaluates no candidate. */
  readonly rows: readonly ExplanationRow[];
}

/**
 * @example
 * ```ts
 * import { explain, samplePolicy, sampleRequest } from "@calybris/kernel";
 * const { rows } = explain(samplePolicy(), { ...sampleRequest(), qualityMinBps: 8000 });
 * rows.map((row) => row.refusedBy); // [undefined, "quality"]
 * ```
 */
export function explain(policy: Policy, request: Request): Explanation {
  const { decision } = prescribe(policy, request);
  const walked = decision.evaluatedCount === 0 ? [] : policy.candidates;
  return { decision, rows: walked.map((candidate) => explainCandidate(policy, request, candidate)) };
}

/** The row of one candidate, also if a hard limit skipped it. */
export function explainCandidate(policy: Policy, request: Request, candidate: Candidate): ExplanationRow {
  const refusedBy = firstRefusal(policy, request, candidate);
  const gate = GATES.find(({ name }) => name === refusedBy);
  if (gate === undefined) return { candidate, refusedBy: undefined, terms: utility(policy, request, candidate) };
  const [measured, limit] = gate.evidence(policy, request, candidate);
  return { candidate, refusedBy: gate.name, measured, limit };
}
