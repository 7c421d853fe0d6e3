/**
 * What a ledger amounts to, in a form that can be shown and compared. A running engine says it, and so does whoever folds
 * its journal without knowing the engine: word for word the same.
 *
 * Amounts are microcents, times are microseconds since the Unix epoch.
 * @module
 */

/** Balances of one tenant, or their sums; granted = remaining + reserved + settled. */
export interface Balances {
  readonly grantedMicrocents: bigint;
  readonly remainingMicrocents: bigint;
  readonly reservedMicrocents: bigint;
  readonly settledMicrocents: bigint;
  /** Billed beyond what was granted; closes the tenant until the next credit pays it. */
  readonly debtMicrocents: bigint;
}

export interface TenantProof extends Balances {
  readonly tenant: string;
  readonly parent?: string;
  readonly metered: boolean;
  readonly exposureCapMicrocents?: bigint;
  /** Billed since the period began; since ever where there is none. */
  readonly billedInPeriodMicrocents: bigint;
  readonly period?: { readonly index: number; readonly startsAt: number; readonly endsAt: number };
  /** granted = remaining + reserved + settled, all ≥ 0. */
  readonly conserved: boolean;
}

export interface OpenReservation {
  readonly decisionId: string;
  readonly tenant: string;
  readonly amountMicrocents: bigint;
  /** From then on it is settled in full. */
  readonly expiresAt: number;
  readonly state: "open" | "held" | "overdue";
}

export interface ConservationProof {
  /** The entry up to which everything here counts. */
  readonly sequence: number;
  /** `calyldg1` with that entry as its watermark, in hexadecimal. */
  readonly digest: string;
  readonly conserved: boolean;
  /** In the order in which they were limited first. */
  readonly tenants: readonly TenantProof[];
  /** Of the metered tenants that no metered tenant stands above: every microcent once. */
  readonly total: Balances;
  readonly reservations: readonly OpenReservation[];
}
