/**
 * The schemas of requests, which also validate them. The exception is a decision request: hand-written code validates it,
 * for speed, and a test checks that both agree.
 * @module
 */
import {
  budgetsFileSchema,
  clientRequestSchema,
  field,
  policyFileSchema,
  text,
  whole,
} from "@calybris/engine/internal";
import {
  BPS_MAX,
  DECISION_ID_PATTERN,
  DIGEST_PATTERN,
  DISPOSITIONS,
  HOLD_CAUSES,
  I64_MAX,
  invariant,
  isDigest,
  parseDecisionId,
  REGIME_COUNT,
  SIGNALS,
} from "@calybris/kernel";
import { z } from "zod";
import { schemaAt } from "../http/schema-keys.ts";
import { signatureShape } from "./change-signature.ts";
import { named } from "./shape-parts.ts";

const NAME_MAX = 128;
const U32_MAX = 0xffff_ffff;

/** Integer microcents: a JSON integer, or a string of digits. */
function amount(least: bigint, what: string): z.ZodType {
  const accepts = (value: unknown): boolean => {
    const isExact =
      typeof value === "bigint" ||
      (typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0)) ||
      (typeof value === "string" && /^[0-9]{1,19}$/.test(value));
    return isExact && BigInt(value as bigint) >= least && BigInt(value as bigint) <= I64_MAX;
  };
  return field(accepts, `whole microcents from ${least} to 2^63−1, beyond 2^53 as digits in quotes (${what})`, {
    type: ["integer", "string"],
    minimum: Number(least),
    pattern: "^[0-9]{1,19}$",
  });
}

const oneOf = (values: readonly string[], what: string): z.ZodType =>
  field((value) => values.includes(value as string), `one of ${values.join(", ")} (${what})`, { enum: values });

const flag = (what: string): z.ZodType =>
  field((value) => typeof value === "boolean", `true or false (${what})`, { type: "boolean" });

const decisionId: z.ZodType = field(
  (value) => parseDecisionId(value) !== undefined,
  "a decision id, as returned by the service",
  { type: "string", pattern: DECISION_ID_PATTERN },
);
const tenant = text(NAME_MAX, "the tenant that pays; a decision of another tenant is refused").optional();
/** Members of every command that changes something. */
export const claim: Record<string, z.ZodType> = {
  onBehalfOf: text(
    NAME_MAX,
    "the identity that the caller claims to act for; the journal records the key as the actor",
  ).optional(),
  by: text(NAME_MAX, "former name of onBehalfOf").optional(),
};

export const decideCall: z.ZodType = named(
  "DecisionRequest",
  clientRequestSchema,
  "A request for a decision. An omitted value comes from the policy's use case, or means no limit.",
);

export const batchCall: z.ZodType = named(
  "BatchRequest",
  z.strictObject({
    requests: z.array(decideCall).min(1).meta({ description: "As many as `limits.batchMax` allows." }),
  }),
);

export const settleCall: z.ZodType = named(
  "SettlementRequest",
  z.strictObject({ decisionId, tenant, actualMicrocents: amount(0n, "actual cost"), ...claim }),
);
export const releaseCall: z.ZodType = named("ReleaseRequest", z.strictObject({ decisionId, tenant, ...claim }));
export const holdCall: z.ZodType = named(
  "HoldRequest",
  z.strictObject({
    decisionId,
    tenant,
    cause: oneOf(HOLD_CAUSES, "reason that the cost is unknown"),
    knownMicrocents: amount(0n, "known part of the cost, settled immediately; at most the reservation").optional(),
    ...claim,
  }),
);
export const correctCall: z.ZodType = named(
  "CorrectionRequest",
  z.strictObject({ decisionId, tenant, actualMicrocents: amount(0n, "the total cost"), ...claim }),
);

export const usageExportCall: z.ZodType = named(
  "UsageExportRequest",
  z.strictObject({
    usageExport: field(
      (value) => typeof value === "string" && value !== "",
      "content of a usage export in JSON Lines; the journal entries record its SHA-256",
      { type: "string", minLength: 1 },
    ),
    completeUntil: whole(
      0,
      Number.MAX_SAFE_INTEGER,
      "microseconds since the Unix epoch up to which the export contains every billed request; an earlier held call without a row cost nothing",
    ).optional(),
    ...claim,
  }),
  "A provider's usage export, to reconcile held decisions.",
);

export const observeCall: z.ZodType = named(
  "OutcomeRequest",
  z.strictObject({
    decisionId,
    observedAt: whole(0, Number.MAX_SAFE_INTEGER, "microseconds since the Unix epoch; default now").optional(),
    disposition: oneOf(DISPOSITIONS, "whether the answer was used; default applied").optional(),
    succeeded: flag("whether the call succeeded; by default derived from the signals").optional(),
    signals: z.array(oneOf(SIGNALS, "a quality signal")).max(SIGNALS.length).optional(),
    costMicrocents: amount(0n, "actual cost").optional(),
    latencyMs: whole(0, U32_MAX, "latency of the call").optional(),
    settle: flag("whether the cost also settles the decision's reservation; requires costMicrocents").optional(),
    ...claim,
  }),
  "The outcome of a decision.",
);

export const tenantLimit: z.ZodType = named(
  "TenantLimit",
  limitShape(),
  "A tenant's limits; they replace all earlier ones.",
);

export const budgetCall: z.ZodType = named(
  "BudgetRequest",
  z.strictObject({
    ...claim,
    limit: tenantLimit.optional(),
    grant: z
      .strictObject({
        id: text(NAME_MAX, "id of the grant, which takes effect once; default the idempotency key").optional(),
        amountMicrocents: amount(1n, "the amount granted"),
      })
      .optional(),
  }),
  "Limits to apply, money to grant, or both; limits are applied first.",
);

export const policyCheckCall: z.ZodType = named(
  "PolicyCheckRequest",
  z.strictObject({ policy: named("PolicyFile", policyFileSchema, "A policy, in the format of a policy file.") }),
);
/** Members of every policy change. */
const signed: Record<string, z.ZodType> = { signature: signatureShape.optional() };

export const policySetCall: z.ZodType = named(
  "PolicySetRequest",
  z.strictObject({ policy: policyFileSchema, ...signed, ...claim }),
);

export const policyNamedCall: z.ZodType = named(
  "PolicyNamedRequest",
  z.strictObject({ policyId: whole(1, U32_MAX, "id of a policy in the journal"), ...signed, ...claim }),
);

export const canaryCall: z.ZodType = named(
  "CanaryRequest",
  z.strictObject({
    policyId: whole(1, U32_MAX, "id of the staged policy"),
    shareBps: whole(0, BPS_MAX, "share of the tenants that the policy decides for, in basis points; 0 ends the canary"),
    ...signed,
    ...claim,
  }),
);

const BPS_MAX_EXCLUSIVE = BPS_MAX - 1;

export const priorCall: z.ZodType = named(
  "PriorRequest",
  z.strictObject({
    prior: field(
      (value) => typeof value === "object" && value !== null && !Array.isArray(value),
      "an object: the JSON written by `calybris train`, unmodified",
      { type: "object" },
    ),
    ...claim,
  }),
);

export const certificateCall: z.ZodType = named(
  "CertificateRequest",
  z.strictObject({
    regimes: whole(0, REGIME_COUNT, "number of regimes that may be served below the top tier"),
    alphaBps: whole(1, BPS_MAX_EXCLUSIVE, "the risk α"),
    deltaBps: whole(1, BPS_MAX_EXCLUSIVE, "the failure probability δ"),
    samples: whole(0, Number.MAX_SAFE_INTEGER, "number of labelled requests that the certificate is based on"),
    prior: field(isDigest, "digest (`calypri1`) of the prior that the certificate belongs to; omitted without one", {
      type: "string",
      pattern: DIGEST_PATTERN,
    }).optional(),
    ...claim,
  }),
);

export const sequenceText = (what: string): z.ZodType =>
  field(
    (value) => typeof value === "string" && /^[1-9][0-9]{0,15}$/.test(value) && Number.isSafeInteger(Number(value)),
    `a sequence from 1 (${what})`,
    { type: "integer", minimum: 1 },
  );

export const entriesQuery: z.ZodType = z.strictObject({
  from: sequenceText("the first entry; default 1").optional(),
  to: sequenceText("the last entry; default the last durable one").optional(),
});

export const decisionQuery: z.ZodType = z.strictObject({
  receipt: field((value) => value === "1", "`1`: the response contains a signed receipt of the decision", {
    enum: ["1"],
  }).optional(),
});

/** A tenant's limits, as in a budgets file. */
function limitShape(): z.ZodType {
  const limit = schemaAt(budgetsFileSchema, ["tenants", "any"]);
  invariant(limit !== undefined, "a file of budgets holds tenants");
  return limit;
}
