/**
 * Vectors made here: policies and requests at the edges of their fields, decided by the reference kernel and written with
 * the published names, each way that a writer may write them.
 * @module
 */
import { type Decision, firstRefusal, type Policy, prescribe, type Request, utility } from "@calybris/kernel";
import fc from "fast-check";
import { decisionFields } from "../../src/conformance/vectors.ts";

const U64 = 2n ** 64n - 1n;
const u16: fc.Arbitrary<number> = fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.constantFrom(10_001, 65_535));
const u32: fc.Arbitrary<number> = fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.constantFrom(2 ** 31, 2 ** 32 - 1));
const u64: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: 10n ** 9n }),
  fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, U64),
);
const i64: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: 10n ** 12n }),
  fc.constantFrom(-1n, -(2n ** 63n), 2n ** 63n - 1n),
);

const candidate = fc.record({
  id: fc.integer({ min: 0, max: 6 }),
  providerId: fc.constantFrom(0, 1, 63, 64, 65_535),
  qualityBps: u16,
  riskCeilingBps: u16,
  enabled: fc.constantFrom(0, 1, 1, 1, 255),
  latencyP95Ms: u32,
  capabilities: u64,
  regions: u64,
  inputPriceMicrocents: u64,
  outputPriceMicrocents: u64,
});

const policy = fc.record({
  policyEpoch: u64,
  catalogEpoch: u64,
  riskHardLimitBps: u16,
  confidenceMinBps: fc.constantFrom(0, 5_500, 10_000),
  riskPenaltyMultiplierBps: u16,
  latencyPenaltyMicrocentsPerMs: u64,
  candidates: fc.array(candidate, { maxLength: 5 }),
});

const request = fc.record({
  sequence: u64,
  requestedId: fc.integer({ min: 0, max: 6 }),
  inputTokens: u32,
  outputTokens: u32,
  valueMicrocents: i64,
  budgetLimitMicrocents: fc.oneof(fc.constant(U64), u64),
  riskBps: fc.oneof(fc.integer({ min: 0, max: 500 }), u16),
  confidenceBps: u16,
  qualityMinBps: fc.oneof(fc.constant(0), u16),
  latencyMaxMs: fc.oneof(fc.constant(0), u32),
  capabilitiesRequired: fc.oneof(fc.constant(0n), u64),
  providersAllowed: fc.oneof(fc.constant(U64), u64),
  regionsRequired: fc.oneof(fc.constant(0n), u64),
});

export interface Vector {
  readonly policy: Policy;
  readonly requests: readonly Request[];
}

export const vector: fc.Arbitrary<Vector> = fc.record({
  policy: policy as unknown as fc.Arbitrary<Policy>,
  requests: fc.array(request as unknown as fc.Arbitrary<Request>, { maxLength: 4 }),
});

type Fields = Record<string, unknown>;

/** The published fields of a policy line, with integers as they are. */
export function publishedLine({ policy, requests }: Vector): Fields {
  const decided = requests.map((asked) => ({ asked, ...prescribe(policy, asked) }));
  return {
    name: "generated",
    validation: "not asked",
    policy: {
      policy_epoch: policy.policyEpoch,
      catalog_epoch: policy.catalogEpoch,
      hard_risk_limit_bps: policy.riskHardLimitBps,
      minimum_confidence_bps: policy.confidenceMinBps,
      risk_penalty_multiplier_bps: policy.riskPenaltyMultiplierBps,
      latency_penalty_microunits_per_ms: policy.latencyPenaltyMicrocentsPerMs,
      models: policy.candidates.map((of) => ({
        model_id: of.id,
        provider_id: of.providerId,
        quality_bps: of.qualityBps,
        risk_ceiling_bps: of.riskCeilingBps,
        enabled: of.enabled,
        p95_latency_ms: of.latencyP95Ms,
        capabilities: of.capabilities,
        region_mask: of.regions,
        input_cost_microunits_per_million_tokens: of.inputPriceMicrocents,
        output_cost_microunits_per_million_tokens: of.outputPriceMicrocents,
      })),
    },
    inputs: requests.map((asked) => ({
      request_sequence: asked.sequence,
      requested_model_id: asked.requestedId,
      input_tokens: asked.inputTokens,
      output_tokens: asked.outputTokens,
      business_value_microunits: asked.valueMicrocents,
      budget_limit_microunits: asked.budgetLimitMicrocents,
      risk_bps: asked.riskBps,
      confidence_bps: asked.confidenceBps,
      minimum_quality_bps: asked.qualityMinBps,
      max_p95_latency_ms: asked.latencyMaxMs,
      required_capabilities: asked.capabilitiesRequired,
      allowed_provider_mask: asked.providersAllowed,
      required_region_mask: asked.regionsRequired,
    })),
    decisions: decided.map(({ decision }) => decisionFields(decision)),
    rejections: decided.map(({ decision, refusals }) =>
      decision.action === "reject"
        ? new Array<number>(9).fill(0)
        : [
            refusals.disabled,
            refusals.quality,
            refusals.risk_ceiling,
            refusals.latency,
            refusals.capability,
            refusals.provider,
            refusals.region,
            refusals.budget,
            refusals.utility,
          ],
    ),
    requested_utility: decided.map(({ asked, decision }) => requestedUtility(policy, asked, decision)),
    further_key: { anything: [1, null] },
  };
}

function requestedUtility(policy: Policy, asked: Request, { evaluatedCount }: Decision): bigint | null {
  const of = policy.candidates.find(({ id }) => id === asked.requestedId);
  if (of === undefined || evaluatedCount === 0 || firstRefusal(policy, asked, of) !== undefined) return null;
  return utility(policy, asked, of).utilityMicrocents;
}

/** The names that the published core gives to codes, as its JSON has them and as it prints them. */
export const ACTION_NAMES: Readonly<Record<string, string>> = {
  "1": "execute_requested",
  "2": "substitute",
  "3": "reject",
};
export const REASON_NAMES: Readonly<Record<string, string>> = {
  "1": "requested_model_maximizes_utility",
  "2": "alternative_maximizes_utility",
  "100": "risk_hard_limit",
  "101": "confidence_hard_limit",
  "102": "no_enabled_model",
  "103": "quality_constraint",
  "104": "latency_constraint",
  "105": "capability_constraint",
  "106": "provider_constraint",
  "107": "region_constraint",
  "108": "budget_constraint",
  "109": "non_positive_utility",
  "110": "risk_ceiling_constraint",
};

/** How a writer may write the same line. */
export interface Writing {
  readonly names: "codes" | "snake_case" | "PascalCase";
  readonly integers: "numbers" | "large as strings" | "all as strings";
  readonly gap: "" | " " | "\t";
}

export const writing: fc.Arbitrary<Writing> = fc.record({
  names: fc.constantFrom("codes", "snake_case", "PascalCase"),
  integers: fc.constantFrom("numbers", "large as strings", "all as strings"),
  gap: fc.constantFrom("", " ", "\t"),
});

/** The line as text. */
export function written(line: Fields, how: Writing): string {
  const named = {
    ...line,
    decisions: (line["decisions"] as readonly Fields[]).map((decision) => ({
      ...decision,
      action: nameFor(ACTION_NAMES, decision["action"], how),
      reason: nameFor(REASON_NAMES, decision["reason"], how),
    })),
  };
  return exactText(named, how);
}

function nameFor(names: Readonly<Record<string, string>>, code: unknown, how: Writing): unknown {
  const name = names[String(code)] ?? "";
  if (how.names === "codes") return code;
  return how.names === "snake_case"
    ? name
    : name.replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function exactText(value: unknown, how: Writing): string {
  const { gap, integers } = how;
  if (typeof value === "bigint" || typeof value === "number") {
    const isLarge = BigInt(value) > 2n ** 53n || BigInt(value) < -(2n ** 53n);
    return integers === "all as strings" || (integers === "large as strings" && isLarge) ? `"${value}"` : `${value}`;
  }
  if (Array.isArray(value)) return `[${gap}${value.map((item) => exactText(item, how)).join(`,${gap}`)}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${gap}${exactText(member, how)}`,
  );
  return `{${gap}${members.join(`,${gap}`)}}`;
}
