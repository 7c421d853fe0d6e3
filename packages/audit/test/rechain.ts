/** Rewriting a journal as somebody who may write it would: other entries, every hash right. */
import {
  type DecisionEntry,
  decisionDigests,
  type EntryBody,
  type EntryHead,
  entryData,
  entryDataTail,
  parseEntryBody,
  parseEntryHead,
  policyDigest,
  prescribe,
  type Request,
  toHex,
} from "@calybris/kernel";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";
import { type AuditReport, createAudit } from "../src/index.ts";
import { chainData } from "./small-journal.ts";

export interface Written<Body extends EntryBody = EntryBody> {
  readonly head: EntryHead;
  readonly body: Body;
}

const { policy } = sampleSnapshot();

/** The entries of a journal under the sample policy, from their data. */
export function written(entries: readonly string[]): Written[] {
  return entries.map((data) => {
    const head = parseEntryHead(data);
    const body = head && parseEntryBody(head, data, () => ({ policy, spendLimit: "none" }));
    if (head === undefined || body === undefined) throw new Error(`no entry of ours: ${data}`);
    return { head, body };
  });
}

/** Audits entries under a chain of their own, the n-th as entry n; one of them may be missing from what was chained. */
export function auditOf(entries: readonly Written[], missing?: number): AuditReport {
  const texts = entries.map(({ head, body }, index) =>
    entryData(index + 1, Math.min(head.durable, index), entryDataTail({ sequence: index + 1, at: head.at, body })),
  );
  const audit = createAudit();
  for (const [index, line] of chainData(texts).entries())
    if (index + 1 !== missing) audit.line(line.trimEnd(), { file: "journal", byteOffset: index });
  return audit.finish();
}

/** A decision on another request, as the kernel would have decided it. */
export function redecided(entry: DecisionEntry, change: Partial<Request>): DecisionEntry {
  const request = { ...entry.request, ...change };
  const { decision } = prescribe(policy, request);
  return {
    ...entry,
    request,
    decision,
    identity: toHex(decisionDigests(policyDigest(policy), request, decision).identity),
  };
}
