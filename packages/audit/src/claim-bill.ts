/**
 * The amounts that a change of a reservation bills.
 * @module
 */
import type { ReservationEntry } from "@calybris/kernel";
import { amountOf, billTotal, fullCostOf, isFresh, knownOf } from "./attempts.ts";
import type { Claim } from "./claim.ts";
import type { Report } from "./report.ts";

/** Bills a claim's pockets, and updates its cost. */
export function billMove(claim: Claim, entry: ReservationEntry, report: Report): void {
  const { pockets } = claim;
  if (entry.kind === "hold") {
    const { knownMicrocents = 0n, expiresAt } = entry;
    const rest = amountOf(claim) - knownOf(claim);
    if (knownMicrocents > rest)
      report("money", `at most ${rest} microcents known of ${claim.decisionId}`, `${knownMicrocents}`);
    claim.knownMicrocents = knownMicrocents;
    if (expiresAt !== undefined) claim.expiresAt = expiresAt;
    if (claim.attempts !== undefined && isFresh(claim.attempts)) claim.attempts = undefined;
    for (const { account } of pockets) account.billKnown(knownMicrocents);
    return;
  }
  const before = claim.costMicrocents;
  if ("actualMicrocents" in entry) claim.costMicrocents = entry.actualMicrocents;
  else claim.costMicrocents = entry.kind === "release" ? 0n : fullCostOf(claim);
  const { costMicrocents: cost } = claim;
  if (entry.kind === "correction") for (const pocket of pockets) pocket.account.billAgain(pocket, before, cost);
  else billTotal(claim, cost);
}
