/**
 * Offline learning: tables of labelled requests, priors fitted on them, risk certified on them, and policies judged on them.
 * It uses neither disk nor network.
 * @module
 */
export * from "./certify.ts";
export * from "./chance.ts";
export * from "./cross-validation.ts";
export * from "./derived-floors.ts";
export * from "./design.ts";
export * from "./e-process.ts";
export * from "./fit-prior.ts";
export * from "./fit-success.ts";
export * from "./judge/drift.ts";
export * from "./judge/from-nothing.ts";
export * from "./judge/goals.ts";
export * from "./judge/hindsight.ts";
export * from "./judge/incumbents.ts";
export * from "./judge/judge.ts";
export * from "./judge/learning-curve.ts";
export * from "./judge/over-seeds.ts";
export * from "./judge/plan.ts";
export * from "./judge/policies.ts";
export * from "./judge/prior-ranking.ts";
export * from "./judge/speed.ts";
export * from "./judge/transfer.ts";
export * from "./log-odds.ts";
export * from "./measures.ts";
export * from "./online-policy.ts";
export * from "./policies/calybris-policy.ts";
export * from "./policies/linear-policies.ts";
export * from "./policies/offsets-policy.ts";
export * from "./policies/regime-policies.ts";
export * from "./ranking.ts";
export * from "./ridge.ts";
export * from "./single-tiers.ts";
export * from "./stack.ts";
export * from "./step-columns.ts";
export * from "./stream.ts";
export * from "./table.ts";
export * from "./trees.ts";
