/**
 * Members of a decision that neither the kernel nor the money settles: what the client asked for where the request holds
 * another value, and what is reserved for a candidate that runs instead of the selected one.
 * @module
 */
import { cost, type DecisionEntry, type PolicySnapshot } from "@calybris/kernel";
import type { Report } from "./report.ts";

export function checkMembers(entry: DecisionEntry, { policy }: PolicySnapshot, report: Report): void {
  checkAsked(entry, report);
  const { acted, shadow, reservedMicrocents, decision, request } = entry;
  const named = [acted, shadow?.candidateId].filter((id) => id !== undefined && id !== 0);
  for (const id of named)
    if (!policy.candidates.some((candidate) => candidate.id === id))
      report("decision", "a candidate of the policy", `candidate ${id}`);
  const runs = policy.candidates.find(({ id }) => id === (acted ?? decision.selectedId));
  if (reservedMicrocents === undefined) return;
  const least = runs === undefined ? undefined : cost(request, runs);
  if (least === undefined) report("decision", "nothing reserved where nothing runs", `${reservedMicrocents}`);
  else if (reservedMicrocents < least)
    report("decision", `${least} microcents reserved, or more`, `${reservedMicrocents}`);
}

/** A value that was not replaced is not stated. */
function checkAsked({ asked, request, roomMicrocents, learning }: DecisionEntry, report: Report): void {
  if (asked === undefined) return;
  const { budgetMicrocents, providers, qualityMinBps } = asked;
  if (budgetMicrocents !== undefined && roomMicrocents === undefined)
    report("request", "no budget asked for beside the request's own", `${budgetMicrocents}`);
  if (
    providers !== undefined &&
    (providers === request.providersAllowed || (providers & request.providersAllowed) === 0n)
  )
    report("request", "providers asked for that were narrowed", `${providers}`);
  if (qualityMinBps !== undefined && (qualityMinBps === request.qualityMinBps || learning !== undefined))
    report("request", "a floor asked for that was replaced", `${qualityMinBps}`);
}
