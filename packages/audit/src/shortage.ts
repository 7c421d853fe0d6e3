/**
 * Checks that a decision states a shortage of headroom exactly if there was one. The headroom became its budget, so the
 * kernel's answer to that budget proves the rest. Checked here: whether the budget is that headroom, and whether there was a
 * shortage at all.
 * @module
 */
import { type DecisionEntry, NO_BOUNDS, shortfallOf } from "@calybris/kernel";
import type { Standing } from "./money.ts";
import type { Report } from "./report.ts";

/**
 * @param standing - of the tenant, before the decision.
 * @param costMostUnder - the highest cost of any answer under a budget; `undefined` if it cannot be known.
 */
export function checkShortage(
  entry: DecisionEntry,
  standing: Standing,
  costMostUnder: (budgetMicrocents: bigint) => bigint | undefined,
  report: Report,
): void {
  const { request, decision } = entry;
  const shortfall = shortfallOf(entry);
  const { headroomMicrocents: headroom, onShortfall } = standing;
  if (entry.basis !== undefined) {
    checkCall(entry, standing, report);
    return;
  }
  if (shortfall === undefined) {
    // A reservation beyond the headroom is reported by the money fold.
    if (headroom === undefined || decision.costMicrocents > headroom) return;
    const most = costMostUnder(request.budgetLimitMicrocents) ?? 0n;
    if (most > headroom)
      report("headroom", `a shortage: an answer costs ${most}, and the headroom is ${headroom}`, "none");
    return;
  }
  const { headroomMicrocents } = shortfall;
  const { budgetLimitMicrocents } = entry.bounds ?? NO_BOUNDS;
  const askedMicrocents =
    shortfall.askedMicrocents < budgetLimitMicrocents ? shortfall.askedMicrocents : budgetLimitMicrocents;
  // A thread's debit may precede its entry, so there may have been less than the entries show, never more.
  if (headroom === undefined)
    report("headroom", "no shortage, because nothing is limited", `${headroomMicrocents} left`);
  else if (headroomMicrocents < 0n || headroomMicrocents > headroom)
    report("headroom", `headroom of 0 to ${headroom} microcents`, `${headroomMicrocents}`);
  const budget = onShortfall === "substitute" ? headroomMicrocents : 0n;
  if (request.budgetLimitMicrocents !== budget)
    report("headroom", `a budget of ${budget} microcents (${onShortfall})`, `${request.budgetLimitMicrocents}`);
  if (askedMicrocents <= headroomMicrocents)
    report("headroom", `more than the headroom of ${headroomMicrocents} microcents asked for`, `${askedMicrocents}`);
  const most = costMostUnder(askedMicrocents);
  if (most !== undefined && most <= headroomMicrocents)
    report("headroom", `a cost above ${headroomMicrocents} microcents under the budget asked for`, `${most} at most`);
}

/** Only the entry states a call's cost limit. This checks that the headroom was as small as it states. */
function checkCall(entry: DecisionEntry, { headroomMicrocents: headroom }: Standing, report: Report): void {
  const { headroomMicrocents, request, acted } = entry;
  if (headroomMicrocents === undefined) return;
  if (headroom === undefined)
    report("headroom", "no shortage, because nothing is limited", `${headroomMicrocents} left`);
  else if (headroomMicrocents < 0n || headroomMicrocents > headroom)
    report("headroom", `headroom of 0 to ${headroom} microcents`, `${headroomMicrocents}`);
  const { budgetLimitMicrocents } = entry.bounds ?? NO_BOUNDS;
  const asked = entry.asked?.budgetMicrocents ?? budgetLimitMicrocents;
  const before = asked < budgetLimitMicrocents ? asked : budgetLimitMicrocents;
  if (acted === undefined && request.budgetLimitMicrocents >= before)
    report("headroom", `a budget below ${before} microcents`, `${request.budgetLimitMicrocents}`);
}
