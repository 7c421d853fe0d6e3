/**
 * Whether a decision that says it was short of room was. The room became its budget, so the kernel's answer to that budget
 * proves the rest; here it is asked whether the budget is that room, and whether there was a shortage at all.
 * @module
 */
import type { DecisionEntry, Kernel } from "@calybris/kernel";
import type { MoneyFold } from "./money.ts";
import type { Report } from "./report.ts";

/** @param kernel - the one for the policy in force; `undefined` when it is not known. */
export function checkShortage(
  entry: DecisionEntry,
  money: MoneyFold,
  kernel: Kernel | undefined,
  report: Report,
): void {
  const { short, tenant, request } = entry;
  const standing = short === undefined || tenant === undefined ? undefined : money.standing(tenant);
  if (short === undefined || standing === undefined) return;
  const { roomMicrocents, askedMicrocents } = short;
  // A thread's debit may run ahead of its entry, so there may have been less than the entries say, never more.
  if (standing.room === undefined) report("room", "no shortage, because nothing is limited", `${roomMicrocents} left`);
  else if (roomMicrocents < 0n || roomMicrocents > standing.room)
    report("room", `room for 0 to ${standing.room} microcents`, `${roomMicrocents}`);
  const budget = standing.whenShort === "substitute" ? roomMicrocents : 0n;
  if (request.budgetLimitMicrocents !== budget)
    report("room", `a budget of ${budget} microcents (${standing.whenShort})`, `${request.budgetLimitMicrocents}`);
  if (askedMicrocents <= roomMicrocents)
    report("room", `more than the room of ${roomMicrocents} microcents asked for`, `${askedMicrocents}`);
  // What a learner would have recommended under the budget asked for is not in the entry.
  if (entry.learning !== undefined) return;
  const wanted = kernel?.prescribe({ ...request, budgetLimitMicrocents: askedMicrocents });
  if (wanted !== undefined && wanted.costMicrocents <= roomMicrocents) {
    const found = `${wanted.costMicrocents} (${wanted.action}, ${wanted.reason})`;
    report("room", `a cost above ${roomMicrocents} microcents under the budget asked for`, found);
  }
}
