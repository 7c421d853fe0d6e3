/**
 * The published core's vectors in the kernel's own words, read independently of the command that runs them.
 * @module
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Decision, Policy, RefusalCounts, Request } from "../src/index.ts";

/** One request, and what the published core decided. */
export interface Vector {
  readonly name: string;
  readonly policy: Policy;
  readonly request: Request;
  /** As many fields as the file gives. */
  readonly expected: Partial<Decision>;
  /** Only of selections: the original reports nine zeros for a rejection. */
  readonly refusals?: RefusalCounts;
  /** Of the requested candidate, when it is eligible; else null. */
  readonly requestedUtilityMicrocents?: bigint | null;
  readonly digests?: { readonly policy: string; readonly request: string; readonly decision: string };
}

type Members = { readonly [key: string]: unknown };

const POLICY = {
  policy_epoch: "policyEpoch",
  catalog_epoch: "catalogEpoch",
  hard_risk_limit_bps: "riskHardLimitBps",
  minimum_confidence_bps: "confidenceMinBps",
  risk_penalty_multiplier_bps: "riskPenaltyMultiplierBps",
  latency_penalty_microunits_per_ms: "latencyPenaltyMicrocentsPerMs",
} as const;

const CANDIDATE = {
  model_id: "id",
  provider_id: "providerId",
  quality_bps: "qualityBps",
  risk_ceiling_bps: "riskCeilingBps",
  enabled: "enabled",
  p95_latency_ms: "latencyP95Ms",
  capabilities: "capabilities",
  region_mask: "regions",
  input_cost_microunits_per_million_tokens: "inputPriceMicrocents",
  output_cost_microunits_per_million_tokens: "outputPriceMicrocents",
} as const;

const REQUEST = {
  request_sequence: "sequence",
  requested_model_id: "requestedId",
  input_tokens: "inputTokens",
  output_tokens: "outputTokens",
  business_value_microunits: "valueMicrocents",
  budget_limit_microunits: "budgetLimitMicrocents",
  risk_bps: "riskBps",
  confidence_bps: "confidenceBps",
  minimum_quality_bps: "qualityMinBps",
  max_p95_latency_ms: "latencyMaxMs",
  required_capabilities: "capabilitiesRequired",
  allowed_provider_mask: "providersAllowed",
  required_region_mask: "regionsRequired",
} as const;

const DECISION = {
  request_sequence: "sequence",
  selected_model_id: "selectedId",
  selected_model_index: "selectedIndex",
  estimated_cost_microunits: "costMicrocents",
  expected_utility_microunits: "utilityMicrocents",
  counterfactual_model_id: "counterfactualId",
  counterfactual_utility_microunits: "counterfactualUtilityMicrocents",
  evaluated_models: "evaluatedCount",
  eligible_models: "eligibleCount",
  policy_epoch: "policyEpoch",
  catalog_epoch: "catalogEpoch",
} as const;

/** These are `bigint` in the kernel, whatever their size. */
const WIDE =
  /^(?:sequence|.*Epoch|.*Microcents|latencyPenalty.*|capabilities|regions|capabilitiesRequired|providersAllowed|regionsRequired)$/;

const REFUSALS = [
  "disabled",
  "quality",
  "risk_ceiling",
  "latency",
  "capability",
  "provider",
  "region",
  "budget",
  "utility",
] as const;

/** All vectors of `conformance/vectors`. */
export function readVectors(): readonly Vector[] {
  const folder = new URL("../../../conformance/vectors/", import.meta.url);
  const proof = JSON.parse(readFileSync(new URL("caly_proof_v1.json", folder), "utf8")) as Members;
  const lines = gunzipSync(readFileSync(new URL("kernel-sample.jsonl.gz", folder)))
    .toString()
    .trim()
    .split("\n");
  return [...proofVectors(proof), ...lines.flatMap((line) => lineVectors(JSON.parse(line) as Members))];
}

function proofVectors(document: Members): Vector[] {
  const policy = readPolicy(document["policy"] as Members);
  return (document["cases"] as Members[]).map((labelled) => ({
    name: String(labelled["label"]),
    policy,
    request: renamed(labelled["input"] as Members, REQUEST) as unknown as Request,
    expected: readDecision(labelled),
    digests: {
      policy: String(document["policy_digest_hex"]),
      request: String(labelled["input_digest_hex"]),
      decision: String(labelled["decision_digest_hex"]),
    },
  }));
}

function lineVectors(line: Members): Vector[] {
  const policy = readPolicy(line["policy"] as Members);
  const [decisions, refusals, utilities] = [line["decisions"], line["rejections"], line["requested_utility"]];
  return (line["inputs"] as Members[]).map((input, index) => {
    const expected = readDecision((decisions as Members[])[index] ?? {});
    const utility = (utilities as unknown[])[index];
    const counts = (refusals as number[][])[index] ?? [];
    return {
      name: `${String(line["name"])} ${index}`,
      policy,
      request: renamed(input, REQUEST) as unknown as Request,
      expected,
      ...(expected.action === "reject"
        ? {}
        : { refusals: Object.fromEntries(REFUSALS.map((gate, at) => [gate, counts[at]])) as RefusalCounts }),
      requestedUtilityMicrocents: utility === null ? null : BigInt(String(utility)),
    };
  });
}

function readPolicy(members: Members): Policy {
  const candidates = (members["models"] as Members[]).map((candidate) => renamed(candidate, CANDIDATE));
  return { ...renamed(members, POLICY), candidates } as unknown as Policy;
}

/** The published names are ours with another ending, or with its word for a candidate. */
function readDecision(members: Members): Partial<Decision> {
  const action = members["action"] === undefined ? {} : { action: String(members["action"]).replace("_requested", "") };
  const reason = String(members["reason"])
    .replace("_model", "")
    .replace("_constraint", "")
    .replace("non_positive_utility", "utility")
    .replace(/^no_enabled$/, "no_enabled_candidate");
  return { ...renamed(members, DECISION), ...action, reason } as unknown as Partial<Decision>;
}

function renamed(members: Members, names: Readonly<Record<string, string>>): Record<string, bigint | number> {
  const fields = Object.entries(names).flatMap(([published, ours]) => {
    const value = members[published];
    return value === undefined ? [] : [[ours, WIDE.test(ours) ? BigInt(String(value)) : Number(value)] as const];
  });
  return Object.fromEntries(fields);
}
