/**
 * Restores a decision's answer from its entry: the members that the entry omits follow from its request, the policy that was
 * active, and the sampling table that it names.
 * @module
 */
import {
  type BeliefEntry,
  bps,
  CalybrisError,
  type Decision,
  type DecisionEntry,
  decisionDigests,
  type ExplainedRecommendation,
  floorWithin,
  fromHex,
  type PolicySnapshot,
  parseEntryBody,
  prescribe,
  type Recommendation,
  toHex,
} from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { AT, type DecisionRecord, DIGEST_BYTES } from "../journal/decision-record.ts";
import { layRecord } from "../journal/lay-record.ts";
import { RecordShelf } from "../journal/record-shelf.ts";
import { policiesAt } from "../state/read-entry.ts";
import type { EngineState } from "../state/state.ts";
import { tierFloorsOf } from "../state/tier-floors.ts";
import type { StoredEntries } from "../storage/storage.ts";
import { sharesOf } from "./alternatives.ts";
import { type Decided, RecordedDecision } from "./decided.ts";

/** The source of entries and policies. */
export interface Recall {
  readonly state: EngineState;
  readonly entries: StoredEntries;
}

/**
 * @throws CalybrisError `CAL_JOURNAL_ENTRY_MALFORMED` when the kernel's decision on the request differs from the entry's:
 *   the entry was altered.
 */
export async function recalled(
  entry: DecisionEntry,
  { sequence, entryHash }: { readonly sequence: number; readonly entryHash: string },
  recall: Recall,
): Promise<Decided> {
  const { id: policyId, snapshot, digest } = recall.state.policyOf(entry, sequence);
  const { decision } = prescribe(snapshot.policy, entry.request);
  const digests = decisionDigests(digest, entry.request, decision, nodeSha256);
  if (toHex(digests.identity) !== entry.identity) {
    const problem = "its identity is not that of its policy, request and decision";
    throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence, problem });
  }
  const { learning } = entry;
  const explained =
    learning === undefined
      ? undefined
      : explainedRecommendation(entry, learning, snapshot, await tableOf(learning, recall));
  const record = layRecord(new RecordShelf(RECALLED_BYTES), {
    entry,
    decision,
    learning: explained,
    policyId,
    policyDigest: digest,
  });
  layProof(record, sequence, [fromHex(entryHash) as Uint8Array, digests.request, digests.decision, digests.identity]);
  return new RecordedDecision(record, true);
}

/** Enough for most records; a larger one gets more. */
const RECALLED_BYTES = 2_048;

function layProof({ pages, at }: DecisionRecord, sequence: number, digests: readonly Uint8Array[]): void {
  pages.f64[(at + AT.sequence) >>> 3] = sequence;
  for (const [index, digest] of digests.entries()) pages.u8.set(digest, at + AT.entryHash + index * DIGEST_BYTES);
}

/**
 * A recommendation with its arms and its base.
 *
 * @param table - the entry that the recommendation names as its belief; `undefined` if it names none.
 */
export function explainedRecommendation(
  entry: DecisionEntry,
  recommendation: Recommendation,
  snapshot: PolicySnapshot,
  table: BeliefEntry | undefined,
): ExplainedRecommendation {
  const { request, useCase } = entry;
  const under = (qualityMinBps: number): Decision =>
    prescribe(snapshot.policy, { ...request, qualityMinBps: bps(qualityMinBps) }).decision;
  const floors = tierFloorsOf(snapshot);
  const options = (table?.tiers ?? []).map((tier) => under(floors[tier] ?? 0));
  const shares = table === undefined ? undefined : sharesOf(table, entry, snapshot, options);
  const arms = (table?.tiers ?? []).map((tier, position) => ({
    tier,
    candidateId: options[position]?.selectedId ?? 0,
    propensity: shares?.[position] ?? 0,
  }));
  return {
    ...recommendation,
    arms,
    baseId: under(floorWithin(snapshot, request.requestedId, snapshot.useCases[useCase]?.qualityMinBps ?? 0))
      .selectedId,
  };
}

async function tableOf({ belief }: Recommendation, { state, entries }: Recall): Promise<BeliefEntry | undefined> {
  if (belief === 0) return undefined;
  const { head, data } = await entries.find(belief);
  const body = parseEntryBody(head, data, policiesAt(state, belief));
  return body?.kind === "belief" ? body : undefined;
}
