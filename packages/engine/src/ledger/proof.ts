/**
 * What the ledger amounts to, in a form that can be shown and compared: the conservation proof, its digest, and the part
 * of the engine's state that is money. The audit folds the same from the journal alone.
 * @module
 */
import {
  type Balances,
  type ConservationProof,
  decisionIdOf,
  type ExactJson,
  ledgerDigest,
  type OpenReservation,
  OVERRUN_FACTOR,
  OVERRUN_FLOOR_MICROCENTS,
  type Sha256,
  type TenantProof,
  toHex,
  writeExact,
} from "@calybris/kernel";
import type { Account } from "./account.ts";
import type { Ledger } from "./ledger.ts";
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

/** `calyldg1`. */
export function digestOf(ledger: Ledger, sequence: number, sha256: Sha256): Uint8Array {
  const tenants = [...ledger.accounts()];
  return ledgerDigest({ tenants, openCount: ledger.reservations.openCount, watermark: sequence }, sha256);
}

/** What the digest does not cover and the future depends on, in the order of the journal: canonical JSON, in pieces. */
export function* ledgerStateTexts(ledger: Ledger, sequence: number, sha256: Sha256): Generator<string | Buffer> {
  const digest = toHex(digestOf(ledger, sequence, sha256));
  yield `{"digest":"${digest}","tenants":${writeExact([...ledger.accounts()].map(tenantState))},"open":[`;
  yield* ledger.reservations.openTexts();
  yield "]}";
}

/** An account beyond its balances; what is not there stands as what it cannot be. */
function tenantState({ tenant, limit, debt, period }: Account): ExactJson {
  const { parent, metered, exposureCapMicrocents, whenShort, reservationSeconds, period: rule } = limit;
  const position = [tenant, parent ?? "", debt, period?.index ?? 0, period?.endsAt ?? 0];
  const terms = [metered, exposureCapMicrocents ?? -1, whenShort, reservationSeconds];
  const overrun = [limit.overrunFactor ?? OVERRUN_FACTOR, limit.overrunFloorMicrocents ?? OVERRUN_FLOOR_MICROCENTS];
  return [...position, ...terms, ...overrun, rule?.every ?? "", rule?.timeZone ?? "", rule?.allotmentMicrocents ?? 0];
}

export function tenantProof(account: Account): TenantProof {
  const { tenant, limit, period, granted, remaining, reserved, settled, debt } = account;
  return {
    tenant,
    ...(limit.parent === undefined ? {} : { parent: limit.parent }),
    metered: limit.metered,
    ...(limit.exposureCapMicrocents === undefined ? {} : { exposureCapMicrocents: limit.exposureCapMicrocents }),
    ...sum([account]),
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
    tenant: open.tenant.tenant,
    amountMicrocents: open.amountMicrocents - open.knownMicrocents,
    knownMicrocents: open.knownMicrocents,
    expiresAt: open.expiresAt,
    state: open.expiresAt <= at ? "overdue" : open.held === undefined ? "open" : "held",
  };
}
