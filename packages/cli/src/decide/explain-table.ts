/**
 * An explanation as a table: one row per eligible candidate, the best first; then those that a gate refused, with the
 * measured value and the limit.
 * @module
 */
import type { Explanation, ExplanationRow, PolicySnapshot } from "@calybris/kernel";
import { dollarsTo, exactDecimals, exactDollars } from "../terminal/money-text.ts";
import { type Cell, tableText } from "../terminal/table.ts";

type EligibleRow = Extract<ExplanationRow, { refusedBy: undefined }>;

/** The rows in catalog order, each with the candidate's name: for `--json`. */
export function explanationRows(snapshot: PolicySnapshot, { rows }: Explanation): readonly object[] {
  return rows.map((row) => ({ name: nameAndTier(snapshot, row)[0], ...row }));
}

export function explainTable(snapshot: PolicySnapshot, explanation: Explanation): string {
  const eligible = explanation.rows
    .filter((row) => row.refusedBy === undefined)
    .toSorted((a, b) => compare(b.terms.utilityMicrocents, a.terms.utilityMicrocents));
  const decimals = exactDecimals(eligible.flatMap(amountsOf));
  const { selectedId } = explanation.decision;
  const rows: Cell[][] = eligible.map((row) => {
    const verdict = row.candidate.id === selectedId ? "selected" : "eligible";
    return [...nameAndTier(snapshot, row), verdict, ...amountsOf(row).map((amount) => dollarsTo(amount, decimals))];
  });
  for (const row of explanation.rows) {
    if (row.refusedBy === undefined) continue;
    const verdict = `${row.refusedBy}: ${inDollars(row.measured)}, needs ${inDollars(row.limit)}`;
    rows.push([...nameAndTier(snapshot, row), { content: verdict, colSpan: 6 }]);
  }
  return tableText(
    ["<candidate", "<tier", "<verdict", ">quality $", ">risk $", ">cost $", ">latency $", ">utility $"],
    rows,
  );
}

/** Converts amounts from the kernel's microcents to dollars. */
function inDollars(evidence: string): string {
  return evidence.replace(/(-?\d+) microcents/g, (_all, amount: string) => `$${exactDollars(BigInt(amount))}`);
}

function nameAndTier(snapshot: PolicySnapshot, { candidate }: ExplanationRow): [name: string, tier: string] {
  const index = snapshot.policy.candidates.findIndex(({ id }) => id === candidate.id);
  const tier = snapshot.tiers[snapshot.candidateTiers[index] ?? 0] ?? "";
  return [snapshot.candidateNames[index] ?? String(candidate.id), tier];
}

function amountsOf({ terms }: EligibleRow): readonly bigint[] {
  const { qualityMicrocents, riskMicrocents, costMicrocents, latencyMicrocents, utilityMicrocents } = terms;
  return [qualityMicrocents, riskMicrocents, costMicrocents, latencyMicrocents, utilityMicrocents];
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
