/**
 * The gates: hard constraints on one candidate. A candidate that fails one is never selected, whatever its price. Gates are
 * data, so the order, the reason, the explanation and the count of refusals have one source.
 *
 * The order never changes which candidate wins, only which refusal is counted: the first.
 * @module
 */
import { cost, utility } from "./arithmetic.ts";
import type { Reason } from "./decision.ts";
import { type Candidate, type Policy, PROVIDER_ID_MAX } from "./policy.ts";
import { ALL_PROVIDERS, type Request } from "./request.ts";

export type GateName =
  | "disabled"
  | "quality"
  | "latency"
  | "capability"
  | "provider"
  | "region"
  | "risk_ceiling"
  | "budget"
  | "utility";

export interface Gate {
  readonly name: GateName;
  readonly admits: (policy: Policy, request: Request, candidate: Candidate) => boolean;
  /** The measured value and its limit, for an explanation. Masks are in hexadecimal. */
  readonly evidence: (
    policy: Policy,
    request: Request,
    candidate: Candidate,
  ) => readonly [measured: string, limit: string];
}

const hex = (bits: bigint): string => `0x${bits.toString(16)}`;

export const GATES: readonly Gate[] = Object.freeze([
  {
    name: "disabled",
    admits: (_policy, _request, candidate) => candidate.enabled !== 0,
    evidence: (_policy, _request, candidate) => [`enabled ${candidate.enabled}`, "enabled 1"],
  },
  {
    name: "quality",
    admits: (_policy, request, candidate) => candidate.qualityBps >= request.qualityMinBps,
    evidence: (_policy, request, candidate) => [`${candidate.qualityBps} bps`, `at least ${request.qualityMinBps} bps`],
  },
  {
    name: "latency",
    admits: (_policy, request, candidate) =>
      request.latencyMaxMs === 0 || candidate.latencyP95Ms <= request.latencyMaxMs,
    evidence: (_policy, request, candidate) => [
      `p95 ${candidate.latencyP95Ms} ms`,
      `at most ${request.latencyMaxMs} ms`,
    ],
  },
  {
    name: "capability",
    admits: (_policy, request, candidate) =>
      (request.capabilitiesRequired & candidate.capabilities) === request.capabilitiesRequired,
    evidence: (_policy, request, candidate) => [
      hex(candidate.capabilities),
      `all of ${hex(request.capabilitiesRequired)}`,
    ],
  },
  {
    name: "provider",
    admits: (_policy, request, candidate) =>
      candidate.providerId <= PROVIDER_ID_MAX &&
      (request.providersAllowed === ALL_PROVIDERS ||
        ((request.providersAllowed >> BigInt(candidate.providerId)) & 1n) === 1n),
    evidence: (_policy, request, candidate) => [
      `provider ${candidate.providerId}`,
      `one of ${hex(request.providersAllowed)}`,
    ],
  },
  {
    name: "region",
    admits: (_policy, request, candidate) =>
      request.regionsRequired === 0n || (request.regionsRequired & candidate.regions) !== 0n,
    evidence: (_policy, request, candidate) => [hex(candidate.regions), `any of ${hex(request.regionsRequired)}`],
  },
  {
    name: "risk_ceiling",
    admits: (_policy, request, candidate) => request.riskBps <= candidate.riskCeilingBps,
    evidence: (_policy, request, candidate) => [
      `request risk ${request.riskBps} bps`,
      `at most ${candidate.riskCeilingBps} bps`,
    ],
  },
  {
    name: "budget",
    admits: (_policy, request, candidate) => cost(request, candidate) <= request.budgetLimitMicrocents,
    evidence: (_policy, request, candidate) => [
      `${cost(request, candidate)} microcents`,
      `at most ${request.budgetLimitMicrocents} microcents`,
    ],
  },
  {
    name: "utility",
    admits: (policy, request, candidate) => utility(policy, request, candidate).utilityMicrocents > 0n,
    evidence: (policy, request, candidate) => [
      `${utility(policy, request, candidate).utilityMicrocents} microcents`,
      "more than 0 microcents",
    ],
  },
] satisfies Gate[]);

/** The number of candidates that each gate refused. */
export type RefusalCounts = Readonly<Record<GateName, number>>;

/** Among equal counts the later gate in this list wins. The order is the published core's. */
const DOMINANCE: readonly GateName[] = Object.freeze([
  "capability",
  "region",
  "provider",
  "quality",
  "risk_ceiling",
  "latency",
  "budget",
  "utility",
  "disabled",
] as const);

/** The reason of a rejection: the gate that refused the most candidates. */
export function dominantReason(counts: RefusalCounts): Reason {
  let dominant: GateName | undefined;
  for (const name of DOMINANCE) {
    if (counts[name] > 0 && counts[name] >= (dominant === undefined ? 0 : counts[dominant])) dominant = name;
  }
  return dominant === undefined || dominant === "disabled" ? "no_enabled_candidate" : dominant;
}

export function noRefusals(): Record<GateName, number> {
  return {
    disabled: 0,
    quality: 0,
    latency: 0,
    capability: 0,
    provider: 0,
    region: 0,
    risk_ceiling: 0,
    budget: 0,
    utility: 0,
  };
}
