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
      "200 means that the decision is on the disk. A refusal by policy or budget is a decision too: its `action` is `reject` and its `reason` says why. The same `requestId` (or `idempotency-key` header) is decided once, and gets the same decision again, also after a restart. With `?receipt=1` the answer has a signed receipt.",
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
      "Each request is decided on its own, in order, as if it had been sent alone. 200 means that every decision in the answer is on the disk; a request that could not be decided has an error in its place. A batch stops once its requests have more than 100 mistakes: those after are not decided. When the queue of the journal cannot take all of them, none is decided (429).",
    scopes: ["decide"],
    body: { ...json(batchCall), checkedBy: "handler", membersMax: BATCH_MEMBERS_MAX },
    answer: batchShape,
  },
  decision: {
    method: "GET",
    path: "/v1/decisions/{id}",
    summary: "Get a decision, why it was made, and its proof",
    description:
      "With `?receipt=1` the answer has a receipt: claims about the durable entry, signed by the key of `receipts.keyFile`, and the proof of inclusion where the newest checkpoint covers the entry.",
    scopes: ["decide", "audit"],
    query: decisionQuery,
    answer: explainedShape,
  },
  observe: {
    method: "POST",
    path: "/v1/outcomes",
    summary: "Report the outcome of a decision",
    description:
      "The learner takes it in. The same outcome reported again changes nothing; a different one for the same decision is refused.",
    scopes: ["decide"],
    body: json(observeCall),
    answer: observedShape,
  },
  settle: {
    method: "POST",
    path: "/v1/settlements",
    summary: "Report what a decision cost",
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
    summary: "Report what a held decision cost",
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
      "Rows with a `request_id` state what one attempt cost; rows with `from` and `to` are a bill of a time, which is spread over its held decisions and never beyond what is reserved for them. The same export again changes nothing. One export is worked on at a time.",
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
    summary: "Limit a tenant, grant it money, or both",
    description:
      "A grant id grants once. A request that names no tenant is not metered until `default` has a limit; `budgets.unknownTenants` says what becomes of one that names a tenant without a limit.",
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
      "The secret is in the answer and nowhere else: only its SHA-256 is kept, in the journal. The key works at once, also after a restart. It has no scope that the key which creates it lacks; one that is bound to tenants has only the scope `decide`. A `budget` limits the one tenant that the key acts for, before the key exists.",
    scopes: ["operate"],
    body: json(createKeyCall),
    answer: createdKeyShape,
  },
  keys: {
    method: "GET",
    path: "/v1/keys",
    summary: "List the created API keys",
    description: "Those that are not revoked, without their secrets; keys of the configuration are not among them.",
    scopes: ["operate", "audit"],
    answer: keysShape,
  },
  rotateKey: {
    method: "POST",
    path: "/v1/keys/{id}/rotate",
    summary: "Replace the secret of an API key",
    description:
      "In one step of the journal, a key with the same name and terms is created and the old one revoked: its secret is refused from the next request on.",
    scopes: ["operate"],
    answer: createdKeyShape,
  },
  revokeKey: {
    method: "DELETE",
    path: "/v1/keys/{id}",
    summary: "Revoke an API key",
    description: "The key is refused from the next request on, also on connections that are open.",
    scopes: ["operate"],
    answer: revokedKeyShape,
  },
  policies: {
    method: "GET",
    path: "/v1/policies",
    summary: "List every policy that was ever active",
    scopes: ["decide", "operate", "audit"],
    answer: policiesShape,
    streams: true,
  },
  setPolicy: {
    method: "POST",
    path: "/v1/policies",
    summary: "Activate a policy, from the next decision on",
    description:
      "The entry holds the whole policy and names the person. Activating the active policy again changes nothing.",
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
      "The prior must read the same features in the same order as the policy's `learning.features`. A certificate of another prior becomes void: nothing is served below the top tier until a new one is activated.",
    scopes: ["operate"],
    body: { ...json(priorCall), membersMax: PRIOR_MEMBERS_MAX },
    answer: priorSetShape,
  },
  setCertificate: {
    method: "POST",
    path: "/v1/certificates",
    summary: "Activate a certificate, from the next decision on",
    description:
      "The `regimes` with the lowest predicted gain may be served below the top tier; 0 allows none. The prior that it names must be active.",
    scopes: ["operate"],
    body: json(certificateCall),
    answer: certificateSetShape,
  },
  regret: {
    method: "GET",
    path: "/v1/regret",
    summary: "What decisions earned, beside what other policies would have earned",
    description:
      "From every outcome of the journal, as `calybris regret` says it; intervals are valid however often they are looked at. The first question after a start measures the entries after the newest state snapshot, or the whole journal where that snapshot holds no measure. After 2 seconds the answer covers a part, and `sequence` says how far.",
    scopes: ["operate", "audit"],
    answer: regretShape,
  },
  reload: {
    method: "POST",
    path: "/v1/reload",
    summary: "Read keys, TLS files, the policy file and budgets again",
    description:
      "As SIGHUP does. All of it takes effect, or nothing: a mistake in any file is answered as its error, and the service goes on as before. The policy file is activated when it has changed since it was last activated.",
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
    summary: "Stream the journal, one entry a line, byte for byte as on the disk",
    description:
      "Only durable entries are shown. The lines from 1 on, concatenated, are a journal that `calybris verify` accepts.",
    scopes: ["audit"],
    query: entriesQuery,
    answer: "application/jsonl",
    streams: true,
  },
  ...PROOF_CONTRACTS,
  health: {
    method: "GET",
    path: "/health",
    summary: "Whether the process is alive",
    scopes: [],
    answer: healthShape,
    always: true,
  },
  ready: {
    method: "GET",
    path: "/ready",
    summary: "Whether decisions can be made durable now; 503 when they cannot",
    scopes: [],
    answer: readyShape,
    always: true,
  },
  confirmClock: {
    method: "POST",
    path: "/v1/clock/confirm",
    summary: "Confirm that the system clock is right after it went forward by more than 7 days",
    description:
      "Until then, or until the clock is corrected, every command is answered 503 with `CAL_ENGINE_CLOCK`. A `clock` entry records the times and the caller; entries after it keep the confirmed time for good.",
    scopes: ["operate"],
    answer: clockShape,
  },
  metrics: {
    method: "GET",
    path: "/metrics",
    summary: "Counters and gauges, in the text format of Prometheus",
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
