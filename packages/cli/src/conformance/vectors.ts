/**
 * Reads vectors with the published core's field names as the kernel's values. Only the width of each field is validated,
 * because vectors test that the kernel is total.
 * @module
 */
import {
  ACTION_CODES,
  bps,
  CalybrisError,
  candidateId,
  costMicrocents,
  type Decision,
  exactInteger,
  InvariantViolation,
  invariant,
  mask,
  microcents,
  milliseconds,
  type Policy,
  priceMicrocents,
  providerId,
  REASON_CODES,
  type Request,
  sequence,
  tokens,
} from "@calybris/kernel";

export type Members = { readonly [key: string]: unknown };

/** Reads the members of an object of a vector; missing or malformed members are coded errors. */
export class VectorReader {
  readonly #members: Members;
  readonly #where: { readonly file: string; readonly line: number };

  constructor(value: unknown, where: { readonly file: string; readonly line: number }) {
    this.#where = where;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.malformed("lacks an object");
    this.#members = value as Members;
  }

  value(key: string): unknown {
    return this.#members[key];
  }

  list(key: string): readonly unknown[] {
    const value = this.#members[key];
    if (!Array.isArray(value)) throw this.malformed(`has no list ${JSON.stringify(key)}`);
    return value;
  }

  object(key: string): VectorReader {
    return new VectorReader(this.#members[key], this.#where);
  }

  has(key: string): boolean {
    return this.#members[key] !== undefined;
  }

  objects(key: string): VectorReader[] {
    return this.list(key).map((item) => new VectorReader(item, this.#where));
  }

  large(key: string): bigint {
    const value = integerOf(this.#members[key]);
    if (value === undefined) throw this.malformed(`has no integer ${JSON.stringify(key)}`);
    return value;
  }

  small(key: string): number {
    return Number(this.large(key));
  }

  /** Turns the refusal of a kernel constructor into an error about a field beyond its width. */
  within<Value>(read: () => Value): Value {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof InvariantViolation) throw this.malformed(`has a field beyond its width: ${cause.message}`);
      throw cause;
    }
  }

  malformed(problem: string): CalybrisError {
    return new CalybrisError("CAL_INPUT_MALFORMED", { ...this.#where, problem });
  }
}

/** An integer from a number or a string of digits. */
export function integerOf(value: unknown): bigint | undefined {
  if (typeof value === "string") return /^-?[0-9]{1,20}$/.test(value) ? BigInt(value) : undefined;
  if (typeof value === "boolean") return value ? 1n : 0n;
  return exactInteger(value);
}

export function readPolicy(reader: VectorReader): Policy {
  return reader.within(() => ({
    policyEpoch: sequence(reader.large("policy_epoch")),
    catalogEpoch: sequence(reader.large("catalog_epoch")),
    riskHardLimitBps: bps(reader.small("hard_risk_limit_bps")),
    confidenceMinBps: bps(reader.small("minimum_confidence_bps")),
    riskPenaltyMultiplierBps: bps(reader.small("risk_penalty_multiplier_bps")),
    latencyPenaltyMicrocentsPerMs: priceMicrocents(reader.large("latency_penalty_microunits_per_ms")),
    candidates: reader.objects("models").map((model) => ({
      id: candidateId(model.small("model_id")),
      providerId: providerId(model.small("provider_id")),
      qualityBps: bps(model.small("quality_bps")),
      riskCeilingBps: bps(model.small("risk_ceiling_bps")),
      enabled: byte(model.small("enabled")),
      latencyP95Ms: milliseconds(model.small("p95_latency_ms")),
      capabilities: mask(model.large("capabilities")),
      regions: mask(model.large("region_mask")),
      inputPriceMicrocents: priceMicrocents(model.large("input_cost_microunits_per_million_tokens")),
      outputPriceMicrocents: priceMicrocents(model.large("output_cost_microunits_per_million_tokens")),
    })),
  }));
}

/** One byte in the digest; every value except 0 means enabled. */
function byte(value: number): number {
  invariant(value >= 0 && value <= 0xff, `enabled is in 0..255, got ${value}`);
  return value;
}

export function readRequest(reader: VectorReader): Request {
  return reader.within(() => ({
    sequence: sequence(reader.large("request_sequence")),
    requestedId: candidateId(reader.small("requested_model_id")),
    inputTokens: tokens(reader.small("input_tokens")),
    outputTokens: tokens(reader.small("output_tokens")),
    valueMicrocents: microcents(reader.large("business_value_microunits")),
    budgetLimitMicrocents: costMicrocents(reader.large("budget_limit_microunits")),
    riskBps: bps(reader.small("risk_bps")),
    confidenceBps: bps(reader.small("confidence_bps")),
    qualityMinBps: bps(reader.small("minimum_quality_bps")),
    latencyMaxMs: milliseconds(reader.small("max_p95_latency_ms")),
    capabilitiesRequired: mask(reader.large("required_capabilities")),
    providersAllowed: mask(reader.large("allowed_provider_mask")),
    regionsRequired: mask(reader.large("required_region_mask")),
  }));
}

/** A decision's fields as integers under the published names, to compare with those of a vector. */
export function decisionFields(decision: Decision): Readonly<Record<string, bigint>> {
  return {
    request_sequence: decision.sequence,
    action: BigInt(ACTION_CODES[decision.action]),
    reason: BigInt(REASON_CODES[decision.reason]),
    selected_model_id: BigInt(decision.selectedId),
    selected_model_index: BigInt(decision.selectedIndex),
    estimated_cost_microunits: decision.costMicrocents,
    expected_utility_microunits: decision.utilityMicrocents,
    counterfactual_model_id: BigInt(decision.counterfactualId),
    counterfactual_utility_microunits: decision.counterfactualUtilityMicrocents,
    evaluated_models: BigInt(decision.evaluatedCount),
    eligible_models: BigInt(decision.eligibleCount),
    policy_epoch: decision.policyEpoch,
    catalog_epoch: decision.catalogEpoch,
  };
}

/** The published core's names of actions and reasons, in addition to ours. */
const PUBLISHED_ACTIONS: Readonly<Record<string, number>> = {
  ...ACTION_CODES,
  execute_requested: 1,
};
const PUBLISHED_REASONS: Readonly<Record<string, number>> = {
  ...REASON_CODES,
  requested_model_maximizes_utility: 1,
  no_enabled_model: 102,
  quality_constraint: 103,
  latency_constraint: 104,
  capability_constraint: 105,
  provider_constraint: 106,
  region_constraint: 107,
  budget_constraint: 108,
  non_positive_utility: 109,
  risk_ceiling_constraint: 110,
};

/** A field of an expected decision as an integer; `undefined` if it is neither an integer nor a known name. */
export function expectedField(field: string, value: unknown): bigint | undefined {
  if (typeof value !== "string" || !/^[A-Za-z]/.test(value)) return integerOf(value);
  const codes = field === "action" ? PUBLISHED_ACTIONS : field === "reason" ? PUBLISHED_REASONS : {};
  const name = snakeCase(value);
  return Object.hasOwn(codes, name) ? BigInt(codes[name] ?? 0) : undefined;
}

/** Converts names that the published core writes in camel case, such as `ExecuteRequested`. */
function snakeCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase();
}
