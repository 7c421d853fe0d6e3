/**
 * An explanation as a table: one row per candidate, with the gate that refused it or the terms of its utility.
 * @module
 */
import { type Explanation, MICROCENTS_PER_DOLLAR, type PolicySnapshot } from "@calybris/kernel";
import Table from "cli-table3";

export function explainTable(snapshot: PolicySnapshot, explanation: Explanation): string {
  const table = new Table({
    head: ["candidate", "tier", "verdict", "quality $", "risk $", "cost $", "latency $", "utility $"],
    style: { head: [], border: [] },
  });
  for (const [index, row] of explanation.rows.entries()) {
    const name = snapshot.candidateNames[index] ?? String(row.candidate.id);
    const tier = snapshot.tiers[snapshot.candidateTiers[index] ?? 0] ?? "";
    if (row.refusedBy !== undefined) {
      const verdict = `${row.refusedBy}: ${row.measured}, needs ${row.limit}`;
      table.push([name, tier, { content: verdict, colSpan: 6 }]);
      continue;
    }
    const { terms, candidate } = row;
    const verdict = candidate.id === explanation.decision.selectedId ? "selected" : "eligible";
    const amounts = [terms.qualityMicrocents, terms.riskMicrocents, terms.costMicrocents, terms.latencyMicrocents];
    table.push([name, tier, verdict, ...amounts.map(dollars), dollars(terms.utilityMicrocents)]);
  }
  return table.toString();
}

const DOLLAR_DECIMALS = 8;

/** Exact dollars, without trailing zeros. */
export function dollars(microcents: bigint): string {
  const magnitude = microcents < 0n ? -microcents : microcents;
  const fraction = String(magnitude % MICROCENTS_PER_DOLLAR)
    .padStart(DOLLAR_DECIMALS, "0")
    .replace(/0+$/, "");
  return `${microcents < 0n ? "-" : ""}${magnitude / MICROCENTS_PER_DOLLAR}${fraction === "" ? "" : `.${fraction}`}`;
}
