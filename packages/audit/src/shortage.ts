/**
 * Whether a decision was short of headroom exactly where it says so. The headroom became its budget, so the kernel's answer to that
 * budget proves the rest; here it is asked whether the budget is that headroom, and whether there was a shortage at all.
 * @module
 */
import { type DecisionEntry, NO_BOUNDS, shortOf } from "@calybris/kernel";
import type { Standing } from "./money.ts";
import type { Report } from "./report.ts";

/**
 * @param standing - of the tenant, before the decision.
 * @param costMostUnder - the most that any answer costs under a budget; `undefined` when it cannot be known.
 */
export function checkShortage(
  entry: DecisionEntry,
  standing: Standing,
  costMostUnder: (budgetMicrocents: bigint) => bigint | undefined,
  report: Report,
): void {
  const { request, decision } = entry;
  const short = shortOf(entry);
  const { room, whenShort } = standing;
  if (entry.basis !== undefined) {
    checkCall(entry, standing, report);
    return;
  }
  if (short === undefined) {
    // A reservation beyond the headroom is found where the money is counted.
    if (room === undefined || decision.costMicrocents > room) return;
    const most = costMostUnder(request.budgetLimitMicrocents) ?? 0n;
    if (most > room) report("room", `a shortage: an answer costs ${most}, and the headroom is ${room}`, "none");
    return;
  }
  const { roomMicrocents } = short;
  const { budgetLimitMicrocents } = entry.bounds ?? NO_BOUNDS;
  const askedMicrocents = short.askedMicrocents < budgetLimitMicrocents ? short.askedMicrocents : budgetLimitMicrocents;
  // A thread's debit may run ahead of its entry, so there may have been less than the entries say, never more.
  if (room === undefined) report("room", "no shortage, because nothing is limited", `${roomMicrocents} left`);
  else if (roomMicrocents < 0n || roomMicrocents > room)
    report("room", `headroom of 0 to ${room} microcents`, `${roomMicrocents}`);
  const budget = whenShort === "substitute" ? roomMicrocents : 0n;
  if (request.budgetLimitMicrocents !== budget)
    report("room", `a budget of ${budget} microcents (${whenShort})`, `${request.budgetLimitMicrocents}`);
  if (askedMicrocents <= roomMicrocents)
    report("room", `more than the headroom of ${roomMicrocents} microcents asked for`, `${askedMicrocents}`);
  const most = costMostUnder(askedMicrocents);
  if (most !== undefined && most <= roomMicrocents)
    report("room", `a cost above ${roomMicrocents} microcents under the budget asked for`, `${most} at most`);
}

/** What a call may cost is stated by its entry alone: here it is asked whether there was as little room as it says. */
function checkCall(entry: DecisionEntry, { room }: Standing, report: Report): void {
  const { roomMicrocents, request, acted } = entry;
  if (roomMicrocents === undefined) return;
  if (room === undefined) report("room", "no shortage, because nothing is limited", `${roomMicrocents} left`);
  else if (roomMicrocents < 0n || roomMicrocents > room)
    report("room", `headroom of 0 to ${room} microcents`, `${roomMicrocents}`);
  const { budgetLimitMicrocents } = entry.bounds ?? NO_BOUNDS;
  const asked = entry.asked?.budgetMicrocents ?? budgetLimitMicrocents;
  const before = asked < budgetLimitMicrocents ? asked : budgetLimitMicrocents;
  if (acted === undefined && request.budgetLimitMicrocents >= before)
    report("room", `a budget below ${before} microcents`, `${request.budgetLimitMicrocents}`);
}
