/**
 * An entry for the page: its data, and for a decision all rules and candidates.
 * @module
 */
import {
  candidateFindings,
  certify,
  type DecisionEntry,
  type EntryLine,
  parseEntryBody,
  parseEntryHead,
  prescribe,
  type PolicySnapshot,
} from "@calybris/kernel";
import type { ShownDecision, ShownEntry } from "./protocol.ts";

/** @param policy - the active policy at the entry. */
export function shownEntry(line: EntryLine, policy: PolicySnapshot | undefined): ShownEntry {
  const head = parseEntryHead(line.data);
  return {
    sequence: line.sequence,
    kind: head?.kind ?? "unknown",
    at: head === undefined ? "" : new Date(head.at / 1_000).toISOString(),
    hash: line.entryHash,
    previousHash: line.previousHash,
    data: indented(line.data),
    decision: head?.kind === "decision" && policy !== undefined ? decisionOf(line, policy) : undefined,
  };
}

/** Indents JSON without parsing numbers, which may exceed the precision of a JavaScript number. */
export function indented(json: string): string {
  let depth = 0;
  let isText = false;
  let out = "";
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at] ?? "";
    if (isText) {
      out += character;
      if (character === "\\") out += json[++at] ?? "";
      else if (character === '"') isText = false;
    } else if (character === '"') {
      isText = true;
      out += character;
    } else if (character === "{" || character === "[") out += `${character}\n${"  ".repeat(++depth)}`;
    else if (character === "}" || character === "]") {
      depth = Math.max(depth - 1, 0);
      out += `\n${"  ".repeat(depth)}${character}`;
    } else if (character === ",") out += `,\n${"  ".repeat(depth)}`;
    else out += character === ":" ? ": " : character;
  }
  return out;
}

function decisionOf(line: EntryLine, snapshot: PolicySnapshot): ShownDecision | undefined {
  const head = parseEntryHead(line.data);
  if (head === undefined) return undefined;
  const entry = parseEntryBody(head, line.data, () => snapshot);
  return entry?.kind === "decision" ? explained(entry, snapshot) : undefined;
}

function explained({ request, decision }: DecisionEntry, snapshot: PolicySnapshot): ShownDecision {
  const { policy, candidateNames } = snapshot;
  const nameOf = (id: number): string =>
    candidateNames[policy.candidates.findIndex((candidate) => candidate.id === id)] ?? (id === 0 ? "nothing" : `${id}`);
  const { decision: decided } = prescribe(policy, request);
  const selected = nameOf(decision.selectedId);
  const sentence =
    decision.action === "reject"
      ? `Rejected: ${decision.reason.replaceAll("_", " ")}.`
      : decision.action === "substitute"
        ? `Ran ${selected} in place of ${nameOf(request.requestedId)}: ${decision.reason.replaceAll("_", " ")}.`
        : `Ran ${selected} as requested: ${decision.reason.replaceAll("_", " ")}.`;
  return {
    sentence,
    rules: certify(policy, request, decided).checks.map(({ rule, measured, relation, limit, unit, holds }) => ({
      rule: rule.replaceAll("_", " "),
      measured: `${measured} ${unit}`,
      limit: `${relation.replaceAll("_", " ")} ${limit} ${unit}`,
      holds,
    })),
    candidates: candidateFindings(policy, request).map((finding) => ({
      name: nameOf(finding.candidate.id),
      result:
        finding.refusedBy === undefined
          ? `utility ${finding.terms.utilityMicrocents} microcents`
          : `refused by ${finding.refusedBy.replaceAll("_", " ")}: ${finding.measured} against ${finding.limit}`,
      isSelected: finding.candidate.id === decision.selectedId,
    })),
  };
}
