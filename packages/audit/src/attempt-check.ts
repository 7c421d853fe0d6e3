/**
 * Checks that an attempt follows from the earlier attempts of its call, and that it moves the right money.
 * @module
 */
import type { AttemptEntry } from "@calybris/kernel";
import { amountOf } from "./attempts.ts";
import type { Claim } from "./claim.ts";
import { look, accountsOf, reserve } from "./account-check.ts";
import type { Report } from "./report.ts";

/** If the call reserved nothing, or its reservation is no longer open, an attempt moves no money. */
export function takeAttempt(claim: Claim, entry: AttemptEntry, report: Report): void {
  const { number, change } = entry;
  if (change === "ended" && claim.state !== "open") return;
  const { attempts, decisionId } = claim;
  if (attempts === undefined || claim.state !== "open") {
    report("reservation", "an attempt of a call that is open", `of ${decisionId}, which is ${claim.state}`);
    return;
  }
  if (change === "begun") {
    if (number !== attempts.length + 1)
      report("reservation", `attempt ${attempts.length + 1} of ${decisionId}`, `attempt ${number}`);
    const { reservedMicrocents } = entry;
    const pockets = claim.pockets.map(({ account }) => account.pocket);
    reserve(pockets, reservedMicrocents, report);
    const endedCounts = pockets.map(({ account }) => account.endedCount);
    attempts.push({ reservedMicrocents, pockets, endedCounts, hasEnded: false, costMicrocents: undefined });
  } else {
    const attempt = attempts[number - 1];
    if (attempt === undefined || attempt.hasEnded) {
      report("reservation", `the end of an attempt of ${decisionId} that is under way`, `attempt ${number}`);
      return;
    }
    const { costMicrocents: cost } = entry;
    attempt.hasEnded = true;
    attempt.costMicrocents = cost;
    if (cost !== undefined) {
      const { reservedMicrocents } = attempt;
      const within = cost < reservedMicrocents ? cost : reservedMicrocents;
      for (const pocket of attempt.pockets) pocket.account.bill(pocket, reservedMicrocents, within);
    }
  }
  claim.costMicrocents = amountOf(claim);
  look(accountsOf(claim.pockets), report);
}
