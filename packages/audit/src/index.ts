/**
 * Audits a log from its bytes alone, with the kernel's own code, wherever the kernel runs.
 * @module
 */
export * from "./audit.ts";
export { type AuditState, createFold, type Fold } from "./fold.ts";
export type {
  AuditedPolicy,
  AuditReport,
  AuditStatus,
  Finding,
  HeadAnchor,
  Place,
  Problem,
  TornTail,
} from "./report.ts";
