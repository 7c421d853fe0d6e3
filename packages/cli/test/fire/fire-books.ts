/**
 * The provider's bill beside the gateway's ledger.
 * @module
 */
import type { MockProvider } from "@calybris/gateway";

/** What is compared of a row of the bill: of `mock/bill.ts`. */
interface BilledRow {
  readonly request_id: string;
  readonly is_ended: boolean;
  readonly cost_microcents: number;
}

/** What a tenant has, as `GET /v1/ledger` and `ledger show --json` write it. */
export interface Money {
  readonly grantedMicrocents: string;
  readonly reservedMicrocents: string;
  readonly settledMicrocents: string;
  readonly debtMicrocents: string;
}

export interface Ledger {
  readonly conserved: boolean;
  readonly total: Money;
  readonly tenants: readonly (Money & { readonly tenant: string })[];
  readonly reservations: readonly { readonly decisionId: string; readonly state: string }[];
}

export class FireViolation extends Error {}

export function billed(mock: MockProvider): readonly BilledRow[] {
  return mock
    .billText()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as BilledRow);
}

export function sumOf(rows: readonly BilledRow[]): bigint {
  return rows.reduce((sum, { cost_microcents: cost }) => sum + BigInt(cost), 0n);
}

/** Costs that were charged, also those that a tenant could not cover. */
export function charged({ settledMicrocents, debtMicrocents }: Money): bigint {
  return BigInt(settledMicrocents) + BigInt(debtMicrocents);
}

/** Holds a ledger to the bill of the moments before and after it was read, and to what was granted. */
export function requireCovered(ledger: Ledger, before: bigint, after: bigint): void {
  const { total, tenants, conserved } = ledger;
  const covered = charged(total) + BigInt(total.reservedMicrocents);
  if (covered < before) throw new FireViolation(`${before} is billed, and ${covered} is charged and reserved`);
  if (charged(total) > after) throw new FireViolation(`${charged(total)} is charged, and ${after} is billed`);
  if (!conserved) throw new FireViolation("granted is not remaining, reserved and settled");
  for (const { tenant, grantedMicrocents, reservedMicrocents, settledMicrocents } of tenants)
    if (BigInt(reservedMicrocents) + BigInt(settledMicrocents) > BigInt(grantedMicrocents))
      throw new FireViolation(`${tenant} has reserved and settled more than ${grantedMicrocents}`);
}
