/**
 * Writes a decision, given as objects, into a record.
 * @module
 */
import {
  DEFAULTED,
  type Decision,
  type DecisionEntry,
  type ExplainedRecommendation,
  FLOOR_SOURCES,
  NO_BOUNDS,
  NO_BUDGET_LIMIT,
  writeDecisionAt,
  writeRequestAt,
} from "@calybris/kernel";
import { ACTIONS, ARM_BYTES, AT, type DecisionRecord, HAS, type Pages } from "./decision-record.ts";
import { headBytesMax, layHead } from "./record-head.ts";
import type { RecordShelf } from "./record-shelf.ts";

/** The source of a record. */
export interface LaidDecision {
  readonly entry: DecisionEntry;
  readonly decision: Decision;
  readonly learning?: ExplainedRecommendation | undefined;
  readonly policyId: number;
  readonly policyDigest: Uint8Array;
}

/** Writes everything but the time and the proof. */
export function layRecord(shelf: RecordShelf, laid: LaidDecision): DecisionRecord {
  const { entry, decision, learning, policyId, policyDigest } = laid;
  const featureCount = learning?.features.length ?? 0;
  const head = AT.features + 8 * featureCount;
  shelf.place(head + headBytesMax(entry));
  const { pages, at } = shelf;
  const { u8, u16, u32, u64, i64 } = pages;
  writeRequestAt(pages, at + AT.request, entry.request);
  writeDecisionAt(pages, at + AT.decision, decision);
  u64[(at + AT.policyEpoch) >>> 3] = decision.policyEpoch;
  u64[(at + AT.catalogEpoch) >>> 3] = decision.catalogEpoch;
  u8.set(policyDigest, at + AT.policyDigest);
  u32[(at + AT.policyId) >>> 2] = policyId;
  const { budgetLimitMicrocents, providersAllowed } = entry.bounds ?? NO_BOUNDS;
  u64[(at + AT.boundBudget) >>> 3] = budgetLimitMicrocents;
  u64[(at + AT.boundProviders) >>> 3] = providersAllowed;
  u64[(at + AT.askedBudget) >>> 3] = entry.asked?.budgetMicrocents ?? NO_BUDGET_LIMIT;
  i64[(at + AT.headroomMicrocents) >>> 3] = entry.headroomMicrocents ?? 0n;
  u16[(at + AT.featureCount) >>> 1] = featureCount;
  u8[at + AT.armCount] = 0;
  u8[at + AT.expectedCount] = 0;
  let has = entry.requestId === undefined ? 0 : HAS.requestId;
  if (entry.tenant !== undefined) has |= HAS.tenant;
  if (entry.headroomMicrocents !== undefined) has |= HAS.headroom;
  if (learning !== undefined) has |= layLearning(pages, at, learning);
  if (entry.shadow !== undefined) {
    has |= HAS.shadow;
    u8[at + AT.shadowAction] = ACTIONS.indexOf(entry.shadow.action);
    u32[(at + AT.shadowId) >>> 2] = entry.shadow.candidateId;
  }
  u32[(at + AT.has) >>> 2] = has;
  const defaulted = defaultedBits(entry.defaulted);
  u8[at + AT.defaulted] = defaulted;
  const bytes = (layHead(pages, at, at + head, entry, defaulted) - at + 7) & ~7;
  u32[at >>> 2] = bytes;
  shelf.take(bytes);
  return { pages, at };
}

/** On the path of every decision, where iterating over a frozen list would allocate. */
export function defaultedBits(names: readonly string[]): number {
  let bits = 0;
  for (let index = 0; index < names.length; index++)
    bits |= 1 << DEFAULTED.indexOf(names[index] as (typeof DEFAULTED)[number]);
  return bits;
}

function layLearning({ u8, i8, u32, i32, f64 }: Pages, at: number, learning: ExplainedRecommendation): number {
  const { features, textScore, arms, expected = [] } = learning;
  u8[at + AT.expectedCount] = expected.length;
  for (const [tier, successBps] of expected.entries()) i32[((at + AT.expected) >>> 2) + tier] = successBps;
  for (let index = 0; index < features.length; index++)
    f64[((at + AT.features) >>> 3) + index] = features[index] as number;
  for (let arm = 0; arm < arms.length; arm++) {
    const { tier, candidateId, propensity } = arms[arm] as (typeof arms)[number];
    const from = at + AT.arms + arm * ARM_BYTES;
    f64[from >>> 3] = propensity;
    u32[(from + 8) >>> 2] = candidateId;
    u32[(from + 12) >>> 2] = tier;
  }
  u8[at + AT.armCount] = arms.length;
  u8[at + AT.regime] = learning.regime;
  i8[at + AT.tier] = learning.tier;
  u8[at + AT.source] = FLOOR_SOURCES.indexOf(learning.source);
  u32[(at + AT.baseId) >>> 2] = learning.baseId;
  u32[(at + AT.floorBps) >>> 2] = learning.floorBps;
  u32[(at + AT.draw) >>> 2] = learning.draw;
  f64[(at + AT.textScore) >>> 3] = textScore ?? 0;
  f64[(at + AT.score) >>> 3] = learning.score;
  f64[(at + AT.belief) >>> 3] = learning.belief;
  f64[(at + AT.propensity) >>> 3] = learning.propensity;
  return (
    HAS.learning |
    (textScore === undefined ? 0 : HAS.textScore) |
    (learning.anomalous ? HAS.anomalous : 0) |
    (learning.holdout ? HAS.holdout : 0) |
    (learning.explored ? HAS.explored : 0) |
    (learning.boundary === true ? HAS.boundary : 0)
  );
}
