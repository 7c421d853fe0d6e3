/**
 * Audits a log from its bytes alone, with the kernel's own code, wherever the kernel runs.
 * @module
 */
export * from "./audit.ts";
export type { AuditOptions, HeadMacCheck } from "./audit-options.ts";
export { createFold, type Fold, type FoldOptions } from "./fold.ts";
export { EntryPart, type EntryPartOptions, TreePart } from "./parts.ts";
export type { AuditPart } from "./content.ts";
export type { AuditState } from "./audit-state.ts";
export type { LogKeys } from "./tree-check.ts";
export type {
  AuditedCheckpoints,
  AuditedMoney,
  AuditedPolicy,
  AuditReport,
  AuditStatus,
  Finding,
  HeadAnchor,
  Place,
  Problem,
  TornTail,
  TreeAnchor,
} from "./report.ts";
