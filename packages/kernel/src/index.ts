/**
 * The kernel: units, requests, policies, the decision and its digests. It touches nothing outside itself, so that a
 * proof can be checked wherever there is a JavaScript engine.
 * @module
 */
export * from "./actor.ts";
export * from "./arithmetic.ts";
export * from "./attempt-entry.ts";
export * from "./bytes.ts";
export * from "./chain.ts";
export * from "./chained-line.ts";
export * from "./conservation.ts";
export * from "./decision.ts";
export * from "./decision-entry.ts";
export * from "./decision-fields.ts";
export * from "./decision-id.ts";
export * from "./decision-json.ts";
export * from "./digest.ts";
export * from "./entry.ts";
export * from "./entry-table.ts";
export * from "./errors.ts";
export * from "./exact-json.ts";
export * from "./explain.ts";
export * from "./gates.ts";
export * from "./governance.ts";
export * from "./invariant.ts";
export * from "./json-lines.ts";
export * from "./key-entry.ts";
export * from "./learning-entry.ts";
export * from "./ledger-digest.ts";
export * from "./ledger-entry.ts";
export * from "./ledger-limits.ts";
export * from "./mark-entry.ts";
export * from "./money-units.ts";
export * from "./names.ts";
export * from "./outcome-digest.ts";
export * from "./outcome-entry.ts";
export * from "./policy.ts";
export * from "./policy-entry.ts";
export * from "./prescribe.ts";
export * from "./proof/merkle.ts";
export * from "./proof/merkle-check.ts";
export * from "./proof/merkle-proof.ts";
export * from "./proof/tiles.ts";
export * from "./recommendation.ts";
export * from "./request.ts";
export * from "./request-labels.ts";
export * from "./sample.ts";
export * from "./sha256.ts";
export * from "./snapshot.ts";
export * from "./snapshot-records.ts";
export * from "./spending.ts";
export * from "./state-snapshot.ts";
export * from "./strict-json.ts";
export * from "./torn-tail.ts";
export * from "./units.ts";
export * from "./wasm/wasm-kernel.ts";
