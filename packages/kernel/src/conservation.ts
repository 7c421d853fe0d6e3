/**
 * The conservation proof of a ledger. A running engine and an independent fold of its journal produce exactly the same
 * proof.
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
  /** Amount billed beyond the balance. The tenant has no headroom until a later grant has paid it. */
  readonly debtMicrocents: bigint;
}

export interface TenantProof extends Balances {
  readonly tenant: string;
  readonly parent?: string;
  readonly metered: boolean;
  readonly exposureCapMicrocents?: bigint;
  /** Billed since the start of the period, or since account creation for a tenant without periods. */
  readonly billedInPeriodMicrocents: bigint;
  readonly period?: { readonly index: number; readonly startsAt: number; readonly endsAt: number };
  /** granted = remaining + reserved + settled, all ≥ 0. */
  readonly conserved: boolean;
}

export interface OpenReservation {
  readonly decisionId: string;
  readonly tenant: string;
  /** Still reserved. */
  readonly amountMicrocents: bigint;
  /** The part of a held reservation that is already settled. */
  readonly knownMicrocents: bigint;
  /** When the reservation expires and is settled in full. */
  readonly expiresAt: number;
  readonly state: "open" | "held" | "overdue";
}

export interface ConservationProof {
  /** Sequence of the last entry that is included. */
  readonly sequence: number;
  /** `calyldg1` with that entry as its watermark, in hexadecimal. */
  readonly digest: string;
  readonly conserved: boolean;
  /** In the order of their first limits. */
  readonly tenants: readonly TenantProof[];
  /** Sum over metered tenants without a metered ancestor, so that each microcent counts once. */
  readonly total: Balances;
  readonly reservations: readonly OpenReservation[];
}
