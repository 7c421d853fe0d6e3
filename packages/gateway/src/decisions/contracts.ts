/**
 * The contracts of all API operations, in the order of the documentation: required scopes, parameters and answers.
 * @module
 */
import { createdKeyShape, createKeyCall, keysShape, revokedKeyShape } from "./key-shapes.ts";
import { LOG_CONTRACTS, type LogOperation } from "./log-contracts.ts";
import { PROOF_CONTRACTS, type ProofOperation } from "./proof-contracts.ts";
import { DOCUMENTATION_CONTRACTS, type DocumentationOperation } from "../http/docs-contracts.ts";
import type { RouteContract } from "../http/route-contract.ts";
import { batchShape, decisionShape, explainedShape } from "./answer-shapes.ts";
import { json, policy } from "./body-rules.ts";
import { regretShape } from "./regret-shape.ts";
import { ROLLOUT_CONTRACTS, type RolloutOperation } from "./rollout-contracts.ts";
import {
  budgetSetShape,
  ledgerShape,
  observedShape,
  reconciledExportShape,
  settledShape,
  tenantShape,
} from "./money-shapes.ts";
import {
  certificateSetShape,
  clockShape,
  headShape,
  healthShape,
  policiesShape,
  policyCheckedShape,
  policySetShape,
  priorSetShape,
  readyShape,
  reloadedShape,
} from "./service-shapes.ts";
import {
  batchCall,
  budgetCall,
  certificateCall,
  correctCall,
  decideCall,
  decisionQuery,
  entriesQuery,
  holdCall,
  observeCall,
  policyCheckCall,
  policySetCall,
  priorCall,
  releaseCall,
  settleCall,
  usageExportCall,
} from "./call-shapes.ts";

export type ApiOperation =
  | "decide"
  | "decideBatch"
  | "decision"
  | "observe"
  | "settle"
  | "release"
  | "hold"
  | "reconcile"
  | "correct"
  | "reconcileUsage"
  | "budget"
  | "setBudget"
  | "ledger"
  | "createKey"
  | "keys"
  | "rotateKey"
  | "revokeKey"
  | "policies"
  | "setPolicy"
  | "checkPolicy"
  | RolloutOperation
  | "setPrior"
  | "setCertificate"
  | "regret"
  | "reload"
  | "journalHead"
  | "journalEntries"
  | ProofOperation
  | "health"
  | "ready"
  | "confirmClock"
  | "metrics";
export type OperationName = ApiOperation | DocumentationOperation | LogOperation;

/** For a whole batch; the engine bounds each of its requests. */
const BATCH_MEMBERS_MAX = 640_000;
/** For a prior: 4 arrays of 32,768 nodes, 4,096 categories and the rest. */
const PRIOR_MEMBERS_MAX = 150_000;

type Contracts<Name extends string> = { readonly [Key in Name]: Omit<RouteContract, "name"> };

const API: Contracts<ApiOperation> = {
  decide: {
    method: "POST",
    path: "/v1/decisions",
    summary: "Decide one request",
    description:
      "200 means that the decision is on disk. A refusal by policy or budget is also a decision: its `action` is `reject`, and its `reason` gives the cause. A `requestId` (or `idempotency-key` header) is decided once: a repeated request returns the same decision, also after a restart. With `?receipt=1`, the response contains a signed receipt.",
    scopes: ["decide"],
    query: decisionQuery,
    body: { ...json(decideCall), checkedBy: "handler" },
    answer: decisionShape,
  },
  decideBatch: {
    method: "POST",
    path: "/v1/decisions:batch",
    summary: "Decide many requests",
    description:
      "The requests are decided in order, each as if it had been sent alone. 200 means that every decision in the response is on disk; a request that could not be decided has an error in its place. A batch stops once its requests have more than 100 mistakes in total: later requests are not decided. If the journal's queue has no room for the whole batch, no request is decided (429).",
    scopes: ["decide"],
    body: { ...json(batchCall), checkedBy: "handler", membersMax: BATCH_MEMBERS_MAX },
    answer: batchShape,
  },
  decision: {
    method: "GET",
    path: "/v1/decisions/{id}",
    summary: "Get a decision, its explanation and its proof",
    description:
      "With `?receipt=1`, the response contains a receipt: claims about the durable entry, signed with the key in `receipts.keyFile`, and an inclusion proof if the newest checkpoint covers the entry.",
    scopes: ["decide", "audit"],
    query: decisionQuery,
    answer: explainedShape,
  },
  observe: {
    method: "POST",
    path: "/v1/outcomes",
    summary: "Report the outcome of a decision",
    description:
      "The learner uses the outcome. Reporting the same outcome again changes nothing; a different outcome for the same decision is refused.",
    scopes: ["decide"],
    body: json(observeCall),
    answer: observedShape,
  },
  settle: {
    method: "POST",
    path: "/v1/settlements",
    summary: "Report the cost of a decision",
    scopes: ["decide"],
    body: json(settleCall),
    answer: settledShape,
  },
  release: {
    method: "POST",
    path: "/v1/settlements/release",
    summary: "Report that a decision was never executed",
    scopes: ["decide"],
    body: json(releaseCall),
    answer: settledShape,
  },
  hold: {
    method: "POST",
    path: "/v1/settlements/hold",
    summary: "Report that the cost of a decision is not known yet",
    scopes: ["decide"],
    body: json(holdCall),
    answer: settledShape,
  },
  reconcile: {
    method: "POST",
    path: "/v1/settlements/reconcile",
    summary: "Report the cost of a held decision",
    scopes: ["operate"],
    body: json(correctCall),
    answer: settledShape,
  },
  correct: {
    method: "POST",
    path: "/v1/settlements/correct",
    summary: "Correct the cost of a settled decision",
    scopes: ["operate"],
    body: json(correctCall),
    answer: settledShape,
  },
  reconcileUsage: {
    method: "POST",
    path: "/v1/ledger/reconcile",
    summary: "Reconcile held decisions from a provider's usage export",
    description:
      "A row with a `request_id` states the cost of one attempt. A row with `from` and `to` is the bill for a time range, which is spread over the held decisions of that range, up to their reservations. Sending the same export again changes nothing. Exports are processed one at a time.",
    scopes: ["operate"],
    body: json(usageExportCall),
    answer: reconciledExportShape,
  },
  budget: {
    method: "GET",
    path: "/v1/tenants/{id}/budget",
    summary: "Get a tenant's budget",
    scopes: ["decide", "operate", "audit"],
    answer: tenantShape,
  },
  setBudget: {
    method: "POST",
    path: "/v1/tenants/{id}/budget",
    summary: "Set a tenant's limits, grant it money, or both",
    description:
      "A grant id takes effect once. Requests that name no tenant are not metered until `default` has a limit; `budgets.unknownTenants` controls requests that name a tenant without a limit.",
    scopes: ["operate"],
    body: json(budgetCall),
    answer: budgetSetShape,
  },
  ledger: {
    method: "GET",
    path: "/v1/ledger",
    summary: "Get the conservation proof of every tenant's money",
    scopes: ["operate", "audit"],
    answer: ledgerShape,
    streams: true,
  },
  createKey: {
    method: "POST",
    path: "/v1/keys",
    summary: "Create an API key",
    description:
      "The secret is only in the response: the journal stores its SHA-256. The key works immediately, and survives a restart. It cannot have a scope that the creating key lacks; a key that is bound to tenants has only the scope `decide`. A `budget` sets the limits of the key's only tenant, before the key is created.",
    scopes: ["operate"],
    body: json(createKeyCall),
    answer: createdKeyShape,
  },
  keys: {
    method: "GET",
    path: "/v1/keys",
    summary: "List the created API keys",
    description: "Lists keys that are not revoked, without their secrets. Keys of the configuration are not included.",
    scopes: ["operate", "audit"],
    answer: keysShape,
  },
  rotateKey: {
    method: "POST",
    path: "/v1/keys/{id}/rotate",
    summary: "Replace the secret of an API key",
    description:
      "In one atomic journal write, creates a key with the same name and terms and revokes the old one, whose secret is refused from the next request on.",
    scopes: ["operate"],
    answer: createdKeyShape,
  },
  revokeKey: {
    method: "DELETE",
    path: "/v1/keys/{id}",
    summary: "Revoke an API key",
    description: "The key is refused from the next request on, also on open connections.",
    scopes: ["operate"],
    answer: revokedKeyShape,
  },
  policies: {
    method: "GET",
    path: "/v1/policies",
    summary: "List all policies of the journal, and when each was active",
    scopes: ["decide", "operate", "audit"],
    answer: policiesShape,
    streams: true,
  },
  setPolicy: {
    method: "POST",
    path: "/v1/policies",
    summary: "Activate a policy, from the next decision on",
    description:
      "The journal entry contains the whole policy and names the caller. Activating the active policy again changes nothing.",
    scopes: ["operate"],
    body: policy(policySetCall),
    answer: policySetShape,
  },
  checkPolicy: {
    method: "POST",
    path: "/v1/policies/check",
    summary: "Check a policy without activating it; all mistakes are reported at once",
    scopes: ["decide", "operate", "audit"],
    body: policy(policyCheckCall),
    answer: policyCheckedShape,
  },
  ...ROLLOUT_CONTRACTS,
  setPrior: {
    method: "POST",
    path: "/v1/priors",
    summary: "Activate a prior, from the next decision on",
    description:
      "The prior's features must equal the policy's `learning.features`, in the same order. A certificate of another prior becomes void: no regime is served below the top tier until a new certificate is activated.",
    scopes: ["operate"],
    body: { ...json(priorCall), membersMax: PRIOR_MEMBERS_MAX },
    answer: priorSetShape,
  },
  setCertificate: {
    method: "POST",
    path: "/v1/certificates",
    summary: "Activate a certificate, from the next decision on",
    description:
      "The given number of `regimes`, those with the lowest predicted gain, may be served below the top tier; 0 allows none. The prior that the certificate names must be active.",
    scopes: ["operate"],
    body: json(certificateCall),
    answer: certificateSetShape,
  },
  regret: {
    method: "GET",
    path: "/v1/regret",
    summary: "Compare the rewards of decisions with those of other policies",
    description:
      "Estimated from every outcome of the journal, as `calybris regret` does; the intervals are anytime-valid. The first request after a start reads the entries after the newest state snapshot, or the whole journal if that snapshot has no estimates. After 2 seconds, a partial result is returned; `sequence` is the last entry that it covers.",
    scopes: ["operate", "audit"],
    answer: regretShape,
  },
  reload: {
    method: "POST",
    path: "/v1/reload",
    summary: "Read keys, TLS files, the policy file and budgets again",
    description:
      "Equivalent to SIGHUP. The reload is atomic: a mistake in any file is returned as an error, and nothing changes. The policy file is activated if it has changed since its last activation.",
    scopes: ["operate"],
    answer: reloadedShape,
  },
  journalHead: {
    method: "GET",
    path: "/v1/journal/head",
    summary: "Get the last durable entry",
    scopes: ["audit"],
    answer: headShape,
  },
  journalEntries: {
    method: "GET",
    path: "/v1/journal/entries",
    summary: "Stream the journal, one entry per line, byte for byte as on disk",
    description:
      "Only durable entries are returned. The lines from entry 1 on are a journal that `calybris verify` accepts.",
    scopes: ["audit"],
    query: entriesQuery,
    answer: "application/jsonl",
    streams: true,
  },
  ...PROOF_CONTRACTS,
  health: {
    method: "GET",
    path: "/health",
    summary: "Check that the process is alive",
    scopes: [],
    answer: healthShape,
    always: true,
  },
  ready: {
    method: "GET",
    path: "/ready",
    summary: "Check that decisions can be made durable now; 503 if they cannot",
    scopes: [],
    answer: readyShape,
    always: true,
  },
  confirmClock: {
    method: "POST",
    path: "/v1/clock/confirm",
    summary: "Confirm that the system clock is right after it went forward by more than 7 days",
    description:
      "Until then, or until the clock is corrected, every command returns 503 with `CAL_ENGINE_CLOCK`. A `clock` entry records the times and the caller; the entries after it keep their confirmed times permanently.",
    scopes: ["operate"],
    answer: clockShape,
  },
  metrics: {
    method: "GET",
    path: "/metrics",
    summary: "Get counters and gauges in the Prometheus text format",
    scopes: ["operate", "audit"],
    answer: "text/plain; version=0.0.4; charset=utf-8",
    always: true,
  },
};

/** The operations that the OpenAPI document describes. */
export const API_CONTRACTS: readonly RouteContract[] = named(API);
export const CONTRACTS: readonly RouteContract[] = [
  ...API_CONTRACTS,
  ...named(LOG_CONTRACTS),
  ...named(DOCUMENTATION_CONTRACTS),
];

function named(table: { readonly [name: string]: Omit<RouteContract, "name"> }): readonly RouteContract[] {
  return Object.entries(table).map(([name, contract]) => ({ ...contract, name }));
}
