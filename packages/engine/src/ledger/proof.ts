/**
 * What the ledger amounts to, in a form that can be shown and compared: the conservation proof. The audit folds the
 * same from the journal alone.
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
  const { tenant, limit, period, granted, remaining, reserved, settled, debt } = account;
  return {
    tenant,
    ...(limit.parent === undefined ? {} : { parent: limit.parent }),
    metered: limit.metered,
    ...(limit.exposureCapMicrocents === undefined ? {} : { exposureCapMicrocents: limit.exposureCapMicrocents }),
    grantedMicrocents: granted,
    remainingMicrocents: remaining,
    reservedMicrocents: reserved,
    settledMicrocents: settled,
    debtMicrocents: debt,
    billedInPeriodMicrocents: settled + debt - account.billedBefore,
    ...(period === undefined ? {} : { period }),
    conserved:
      granted === remaining + reserved + settled && remaining >= 0n && reserved >= 0n && settled >= 0n && debt >= 0n,
  };
}

function sum(accounts: readonly Account[]): Balances {
  const total = (of: (account: Account) => bigint): bigint => accounts.reduce((sum, account) => sum + of(account), 0n);
  return {
    grantedMicrocents: total(({ granted }) => granted),
    remainingMicrocents: total(({ remaining }) => remaining),
    reservedMicrocents: total(({ reserved }) => reserved),
    settledMicrocents: total(({ settled }) => settled),
    debtMicrocents: total(({ debt }) => debt),
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
