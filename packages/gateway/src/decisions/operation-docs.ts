/**
 * The documentation of each operation beyond its contract: group, example request, and errors. A test sends the requests, in
 * the order of {@link EXAMPLE_ORDER}, to a newly started service.
 * @module
 */
import type { EngineErrorCode } from "@calybris/engine";
import type { ErrorCode } from "@calybris/kernel";
import type { GatewayErrorCode } from "../gateway-errors.ts";
import type { RouteContract } from "../http/route-contract.ts";
import type { ApiOperation } from "./contracts.ts";

export type DocumentedError = ErrorCode | EngineErrorCode | GatewayErrorCode;

export interface OperationDocs {
  readonly tag: string;
  /** Parameters of the path and the query. */
  readonly parameters?: { readonly [name: string]: string | number };
  readonly body?: object;
  /** Errors specific to this operation; {@link errorsOf} adds those that its contract implies. */
  readonly errors: readonly DocumentedError[];
}

/** Groups of the documentation, in its order. */
export const TAGS: { readonly [tag: string]: string } = {
  Decisions: "Choose a candidate for a request, and explain a choice that was made.",
  Outcomes: "Report the outcome of an executed decision. The learner uses it.",
  Settlements: "Report the cost of an executed decision, which frees the rest of its reservation.",
  Budgets: "Limits and balances of tenants.",
  Keys: "Create, rotate and revoke API keys.",
  Policies: "Activate, check and list policies; activate the learner's priors and certificates.",
  Journal: "The entries that every decision and balance can be recomputed from.",
  Operation: "Health, metrics, configuration and clock of the service.",
};

/** The decisions of the examples. Their identities follow from the policy of `calybris init`. */
const [SETTLED, RELEASED, HELD] = ["4-e87e4357", "5-701e594d", "6-1a21a15b"] as const;

/** The keys of the examples: the sequences of their entries. */
const [KEY_ID, ROTATED_ID] = ["20", "21"] as const;

const POLICY = {
  name: "starter",
  epoch: 2,
  catalog: "llm",
  riskHardLimitBps: 9000,
  confidenceMinBps: 5500,
  riskPenaltyMultiplierBps: 3500,
  latencyPenaltyMicrocentsPerMs: 2,
  useCases: {
    default: { valueDollars: "0.05", riskBps: 500, confidenceBps: 9000, qualityMinBps: 7000, outputTokens: 500 },
  },
};

/** A prior for a policy without features, such as that of `calybris init`. */
const PRIOR = {
  format: 1,
  digest: "6244af51fbc1c7311139833017ff7139e12f2ef00d1d26c67dc44929f584d255",
  features: [],
  categories: [],
  categoryOtherBps: 0,
  head: { kind: "linear", interceptMillibps: 0, weightsMillibps: [] },
  boundariesBps: [-3000, -2000, -1000, 0, 1000, 2000, 3000],
};

const DECIDE_ERRORS: readonly DocumentedError[] = [
  "CAL_REQUEST_INVALID",
  "CAL_GATEWAY_TENANT_REFUSED",
  "CAL_GATEWAY_MODEL_REFUSED",
  "CAL_LEDGER_TENANT_UNKNOWN",
  "CAL_REQUEST_ID_REUSED",
  "CAL_LEDGER_RESERVATIONS_FULL",
  "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
];
const PROOF_ERRORS: readonly DocumentedError[] = [
  "CAL_PROOF_UNCOVERED",
  "CAL_PROOF_REJECTED",
  "CAL_JOURNAL_ENTRY_UNKNOWN",
  "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
];
const RECEIPT_ERRORS: readonly DocumentedError[] = [
  "CAL_RECEIPT_KEY_MISSING",
  "CAL_RECEIPT_REFUSED",
  "CAL_PROOF_REJECTED",
];
const SETTLE_ERRORS: readonly DocumentedError[] = [
  "CAL_LEDGER_INVALID",
  "CAL_GATEWAY_TENANT_REFUSED",
  "CAL_LEDGER_RESERVATION_FOREIGN",
  "CAL_LEDGER_RESERVATION_UNKNOWN",
  "CAL_LEDGER_RESERVATION_STATE",
  "CAL_LEDGER_OVERFLOW",
  "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
];
const POLICY_ERRORS: readonly DocumentedError[] = ["CAL_POLICY_INVALID", "CAL_CATALOG_INVALID"];
const SIGNATURE_ERRORS: readonly DocumentedError[] = [
  "CAL_ROLLOUT_SIGNATURE_MISSING",
  "CAL_ROLLOUT_SIGNATURE_STALE",
  "CAL_ROLLOUT_SIGNER_UNKNOWN",
  "CAL_ROLLOUT_SIGNATURE_INVALID",
  "CAL_ROLLOUT_SIGNERS_NONE",
];

export const OPERATION_DOCS: { readonly [Name in ApiOperation]: OperationDocs } = {
  decide: {
    tag: "Decisions",
    body: { requestId: "r-1", tenant: "acme", requested: "gpt-5.1", inputTokens: 1200, outputTokens: 400 },
    errors: [...DECIDE_ERRORS, ...RECEIPT_ERRORS],
  },
  decideBatch: {
    tag: "Decisions",
    body: {
      requests: [
        { requestId: "r-2", tenant: "acme", requested: "gpt-5.1", inputTokens: 90 },
        { requestId: "r-3", tenant: "acme", requested: "claude-opus-4-5", inputTokens: 800, qualityMinBps: 8464 },
      ],
    },
    errors: [...DECIDE_ERRORS, "CAL_GATEWAY_BATCH_STOPPED"],
  },
  decision: {
    tag: "Decisions",
    parameters: { id: SETTLED },
    errors: [
      "CAL_GATEWAY_DECISION_UNKNOWN",
      "CAL_JOURNAL_ENTRY_MALFORMED",
      "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
      ...RECEIPT_ERRORS,
    ],
  },
  observe: {
    tag: "Outcomes",
    body: { decisionId: SETTLED, succeeded: true, latencyMs: 640 },
    errors: [
      "CAL_OUTCOME_INVALID",
      "CAL_GATEWAY_TENANT_REFUSED",
      "CAL_OUTCOME_UNBOUND",
      "CAL_OUTCOME_DUPLICATE",
      "CAL_OUTCOME_COST",
      "CAL_LEDGER_RESERVATION_STATE",
      "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
    ],
  },
  settle: {
    tag: "Settlements",
    body: { decisionId: SETTLED, tenant: "acme", actualMicrocents: "98000" },
    errors: SETTLE_ERRORS,
  },
  release: { tag: "Settlements", body: { decisionId: RELEASED, tenant: "acme" }, errors: SETTLE_ERRORS },
  hold: { tag: "Settlements", body: { decisionId: HELD, tenant: "acme", cause: "timeout" }, errors: SETTLE_ERRORS },
  reconcile: {
    tag: "Settlements",
    body: { decisionId: HELD, actualMicrocents: "1240000", onBehalfOf: "ada" },
    errors: SETTLE_ERRORS,
  },
  correct: {
    tag: "Settlements",
    body: { decisionId: SETTLED, actualMicrocents: "95000", onBehalfOf: "ada" },
    errors: SETTLE_ERRORS,
  },
  reconcileUsage: {
    tag: "Settlements",
    body: { usageExport: `{"request_id":"${HELD}","cost_microcents":1240000}\n`, onBehalfOf: "ada" },
    errors: ["CAL_INPUT_MALFORMED", "CAL_LEDGER_RESERVATION_STATE", "CAL_JOURNAL_ARCHIVE_UNREACHABLE"],
  },
  budget: {
    tag: "Budgets",
    parameters: { id: "acme" },
    errors: ["CAL_GATEWAY_TENANT_REFUSED", "CAL_LEDGER_TENANT_UNKNOWN"],
  },
  setBudget: {
    tag: "Budgets",
    parameters: { id: "acme" },
    body: {
      limit: { exposureCapDollars: "5" },
      grant: { id: "june", amountMicrocents: "10000000000" },
      onBehalfOf: "ada",
    },
    errors: [
      "CAL_BUDGETS_INVALID",
      "CAL_LEDGER_INVALID",
      "CAL_LEDGER_TENANT_UNKNOWN",
      "CAL_LEDGER_TENANT_UNMETERED",
      "CAL_LEDGER_ID_REUSED",
      "CAL_LEDGER_OVERFLOW",
    ],
  },
  ledger: { tag: "Budgets", errors: [] },
  createKey: {
    tag: "Keys",
    body: {
      name: "team-search",
      scopes: ["decide"],
      tenants: ["acme"],
      allowed: ["claude-*", "gpt-5.1"],
      perSecond: 50,
      onBehalfOf: "ada",
    },
    errors: ["CAL_LEDGER_INVALID", "CAL_GATEWAY_KEY_TOO_WIDE", "CAL_BUDGETS_INVALID", "CAL_LEDGER_TENANT_UNKNOWN"],
  },
  keys: { tag: "Keys", errors: [] },
  rotateKey: {
    tag: "Keys",
    parameters: { id: KEY_ID },
    errors: ["CAL_GATEWAY_KEY_UNKNOWN", "CAL_GATEWAY_KEY_TOO_WIDE"],
  },
  revokeKey: { tag: "Keys", parameters: { id: ROTATED_ID }, errors: ["CAL_GATEWAY_KEY_UNKNOWN"] },
  policies: { tag: "Policies", errors: [] },
  setPolicy: {
    tag: "Policies",
    body: { policy: POLICY, onBehalfOf: "ada" },
    errors: [...POLICY_ERRORS, ...SIGNATURE_ERRORS],
  },
  checkPolicy: { tag: "Policies", body: { policy: POLICY }, errors: POLICY_ERRORS },
  stagePolicy: {
    tag: "Policies",
    body: { policy: POLICY, onBehalfOf: "ada" },
    errors: [...POLICY_ERRORS, ...SIGNATURE_ERRORS],
  },
  rollout: { tag: "Policies", errors: [] },
  promotePolicy: {
    tag: "Policies",
    body: { policyId: 1, onBehalfOf: "ada" },
    errors: [
      "CAL_LEDGER_INVALID",
      "CAL_ROLLOUT_NOT_STAGED",
      "CAL_ROLLOUT_POLICY_UNKNOWN",
      "CAL_ROLLOUT_GATES",
      ...SIGNATURE_ERRORS,
    ],
  },
  canaryPolicy: {
    tag: "Policies",
    body: { policyId: 3, shareBps: 0, onBehalfOf: "ada" },
    errors: [
      "CAL_LEDGER_INVALID",
      "CAL_ROLLOUT_NOT_STAGED",
      "CAL_ROLLOUT_POLICY_UNKNOWN",
      "CAL_ROLLOUT_GATES",
      "CAL_ROLLOUT_CANARY",
      ...SIGNATURE_ERRORS,
    ],
  },
  rollBackPolicy: {
    tag: "Policies",
    body: { policyId: 1, onBehalfOf: "ada" },
    errors: ["CAL_LEDGER_INVALID", "CAL_ROLLOUT_POLICY_UNKNOWN", ...SIGNATURE_ERRORS],
  },
  setPrior: { tag: "Policies", body: { prior: PRIOR, onBehalfOf: "ada" }, errors: ["CAL_PRIOR_INVALID"] },
  setCertificate: {
    tag: "Policies",
    body: { regimes: 2, alphaBps: 400, deltaBps: 1000, samples: 7000, prior: PRIOR.digest, onBehalfOf: "ada" },
    errors: ["CAL_LEDGER_INVALID", "CAL_CERTIFICATE_PRIOR"],
  },
  regret: {
    tag: "Outcomes",
    errors: [
      "CAL_JOURNAL_ENTRY_MALFORMED",
      "CAL_JOURNAL_UNREADABLE",
      "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
      "CAL_REGRET_UNAVAILABLE",
    ],
  },
  reload: {
    tag: "Operation",
    errors: [
      "CAL_CONFIG_INVALID",
      ...POLICY_ERRORS,
      "CAL_BUDGETS_INVALID",
      "CAL_INPUT_UNREADABLE",
      "CAL_INPUT_MALFORMED",
      "CAL_LEDGER_TENANT_UNKNOWN",
      "CAL_PROOF_MALFORMED",
      "CAL_ROLLOUT_SIGNATURE_MISSING",
      "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
    ],
  },
  journalHead: { tag: "Journal", errors: [] },
  inclusionProof: { tag: "Journal", parameters: { sequence: 2 }, errors: PROOF_ERRORS },
  consistencyProof: { tag: "Journal", parameters: { from: 1 }, errors: PROOF_ERRORS },
  journalEntries: {
    tag: "Journal",
    parameters: { from: 1, to: 2 },
    errors: ["CAL_JOURNAL_ENTRY_UNKNOWN", "CAL_JOURNAL_ARCHIVE_UNREACHABLE"],
  },
  health: { tag: "Operation", errors: [] },
  ready: { tag: "Operation", errors: ["CAL_GATEWAY_NOT_READY", "CAL_ENGINE_STOPPED", "CAL_ENGINE_CLOCK"] },
  confirmClock: { tag: "Operation", errors: [] },
  metrics: { tag: "Operation", errors: [] },
};

/** An order in which each example's prerequisites exist: a budget, then decisions, then their outcomes. */
export const EXAMPLE_ORDER: readonly ApiOperation[] = [
  "setBudget",
  "decide",
  "decideBatch",
  "decision",
  "observe",
  "settle",
  "release",
  "hold",
  "reconcile",
  "correct",
  "reconcileUsage",
  "budget",
  "ledger",
  "policies",
  "checkPolicy",
  "setPolicy",
  "stagePolicy",
  "canaryPolicy",
  "rollout",
  "rollBackPolicy",
  "promotePolicy",
  "setPrior",
  "setCertificate",
  "regret",
  "reload",
  "journalHead",
  "journalEntries",
  "inclusionProof",
  "consistencyProof",
  "health",
  "ready",
  "confirmClock",
  "createKey",
  "keys",
  "rotateKey",
  "revokeKey",
  "metrics",
];

/** Operations without a body that append to the journal. */
const COMMANDS_WITHOUT_BODY: readonly string[] = ["reload", "confirmClock", "rotateKey", "revokeKey"];

/** All error codes of an operation: its own, and those that follow from its contract. */
export function errorsOf(contract: RouteContract): readonly DocumentedError[] {
  const { name, scopes, body, query, always } = contract;
  const isCommand = (body !== undefined && name !== "checkPolicy") || COMMANDS_WITHOUT_BODY.includes(name);
  const codes: readonly DocumentedError[] = [
    ...(OPERATION_DOCS[name as ApiOperation]?.errors ?? []),
    "CAL_GATEWAY_HTTP_MALFORMED",
    "CAL_GATEWAY_HEADERS_TOO_LARGE",
    "CAL_GATEWAY_EXPECTATION",
    "CAL_GATEWAY_TIMEOUT",
    "CAL_GATEWAY_HOST_REFUSED",
    "CAL_GATEWAY_OVERLOADED",
    "CAL_GATEWAY_BUG",
    ...(always === true ? [] : (["CAL_GATEWAY_STOPPING"] as const)),
    ...(scopes.length === 0 ? [] : KEY_ERRORS),
    ...(body === undefined ? [] : BODY_ERRORS),
    ...(body === undefined && query === undefined ? [] : (["CAL_GATEWAY_REQUEST_INVALID"] as const)),
    ...(isCommand ? COMMAND_ERRORS : []),
  ];
  return [...new Set(codes)];
}

const KEY_ERRORS: readonly DocumentedError[] = [
  "CAL_GATEWAY_KEY_REQUIRED",
  "CAL_GATEWAY_KEY_REFUSED",
  "CAL_GATEWAY_KEY_EXPIRED",
  "CAL_GATEWAY_SCOPE_REFUSED",
  "CAL_GATEWAY_RATE_LIMITED",
];
const BODY_ERRORS: readonly DocumentedError[] = [
  "CAL_GATEWAY_BODY_MALFORMED",
  "CAL_GATEWAY_BODY_TOO_COSTLY",
  "CAL_GATEWAY_BODY_TOO_LARGE",
  "CAL_GATEWAY_MEDIA_TYPE",
];
const COMMAND_ERRORS: readonly DocumentedError[] = [
  "CAL_ENGINE_ACTOR",
  "CAL_JOURNAL_OVERLOADED",
  "CAL_JOURNAL_FAILED",
  "CAL_ENGINE_STOPPED",
  "CAL_ENGINE_CLOCK",
  "CAL_ENGINE_CLOSED",
];
