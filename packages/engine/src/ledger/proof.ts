/**
 * The conservation proof: the ledger's balances in a form that can be shown and compared. The audit computes the same from
 * the journal alone.
 * @module
 */
import {
  type Balances,
  type ConservationProof,
  decisionIdOf,
  type OpenReservation,
  type Sha256,
  type TenantProof,
  toHex,
} from "@calybris/kernel";
import type { Account } from "./account.ts";
import type { Ledger } from "./ledger.ts";
import { digestOf } from "./ledger-digest.ts";
import type { Open } from "./reservations.ts";

export function proveConservation(ledger: Ledger, sequence: number, at: number, sha256: Sha256): ConservationProof {
  const accounts = [...ledger.accounts()];
  const tenants = accounts.map(tenantProof);
  const tops = accounts.filter(
    ({ limit, path }) => limit.metered && path.slice(0, -1).every((level) => !level.limit.metered),
  );
  return {
    sequence,
    digest: toHex(digestOf(ledger, sequence, sha256)),
    conserved: tenants.every(({ conserved }) => conserved),
    tenants,
    total: sum(tops),
    reservations: [...ledger.reservations.allOpen()].map((open) => openReservation(open, at)),
  };
}

export function tenantProof(account: Account): TenantProof {
  const {
    tenant,
    limit,
    period,
    grantedMicrocents,
    remainingMicrocents,
    reservedMicrocents,
    settledMicrocents,
    debtMicrocents,
  } = account;
  return {
    tenant,
    ...(limit.parent === undefined ? {} : { parent: limit.parent }),
    metered: limit.metered,
    ...(limit.exposureCapMicrocents === undefined ? {} : { exposureCapMicrocents: limit.exposureCapMicrocents }),
    grantedMicrocents,
    remainingMicrocents,
    reservedMicrocents,
    settledMicrocents,
    debtMicrocents,
    billedInPeriodMicrocents: settledMicrocents + debtMicrocents - account.billedBeforeMicrocents,
    ...(period === undefined ? {} : { period }),
    conserved:
      grantedMicrocents === remainingMicrocents + reservedMicrocents + settledMicrocents &&
      remainingMicrocents >= 0n &&
      reservedMicrocents >= 0n &&
      settledMicrocents >= 0n &&
      debtMicrocents >= 0n,
  };
}

function sum(accounts: readonly Account[]): Balances {
  const total = (of: (account: Account) => bigint): bigint => accounts.reduce((sum, account) => sum + of(account), 0n);
  return {
    grantedMicrocents: total(({ grantedMicrocents }) => grantedMicrocents),
    remainingMicrocents: total(({ remainingMicrocents }) => remainingMicrocents),
    reservedMicrocents: total(({ reservedMicrocents }) => reservedMicrocents),
    settledMicrocents: total(({ settledMicrocents }) => settledMicrocents),
    debtMicrocents: total(({ debtMicrocents }) => debtMicrocents),
  };
}

function openReservation(open: Open, at: number): OpenReservation {
  return {
    decisionId: decisionIdOf(open.of, open.identity),
    tenant: open.account.tenant,
    amountMicrocents: open.amountMicrocents - open.knownMicrocents,
    knownMicrocents: open.knownMicrocents,
    expiresAt: open.expiresAt,
    state: open.expiresAt <= at ? "overdue" : open.held === undefined ? "open" : "held",
  };
}
