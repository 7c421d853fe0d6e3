/**
 * Audits a log from its bytes alone, with the kernel's own code, on every platform that runs the kernel.
 * @module
 */
export { type Audit, createAudit } from "./audit.ts";
export type { AuditOptions, HeadMacCheck } from "./audit-options.ts";
export type { ChangeCounts } from "./change-check.ts";
export { createFold, type Fold, type FoldOptions } from "./fold.ts";
export { type AuditedRange, createRangeAudit, type RangeAudit } from "./range.ts";
export { type AwaitedPart, awaitedOf, joinRanges, proofOfRanges, type ReadRanges } from "./ranges.ts";
export type { AwaitedOutcome, ComparedOutcomes } from "./learning/awaited.ts";
export { type Decided, isRetained, type RequestIdCheck, scopedId } from "./request-ids.ts";
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
