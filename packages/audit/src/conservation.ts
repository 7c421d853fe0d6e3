/**
 * The conservation proof from a journal alone. It must equal the running engine's proof word for word.
 * @module
 */
import {
  type Balances,
  type ConservationProof,
  type ExactJson,
  ledgerDigest,
  type OpenReservation,
  OVERRUN_FACTOR,
  OVERRUN_FLOOR_MICROCENTS,
  type Sha256,
  type TenantProof,
  toHex,
} from "@calybris/kernel";
import { amountOf, attemptRows, knownOf } from "./attempts.ts";
import type { Claim } from "./claim.ts";
import type { MoneyFold } from "./money.ts";
import type { Account } from "./account.ts";

/** @param at - microseconds since the Unix epoch: reservations overdue at that time are listed. */
export function proofOf(money: MoneyFold, sequence: number, at: number, sha256: Sha256): ConservationProof {
  const { accounts } = money;
  const tenants = accounts.map(tenantProof);
  return {
    sequence,
    digest: moneyDigest(money, sequence, sha256),
    conserved: tenants.every(({ conserved }) => conserved),
    tenants,
    total: accounts.filter(isCounted).map(balancesOf).reduce(plus, NOTHING),
    reservations: [...money.claims.open.values()].map((claim) => openReservation(claim, at)),
  };
}

/** The money part of the state (docs/formats.md section 5). */
export function moneyStateJson(money: MoneyFold, sequence: number, sha256: Sha256): ExactJson {
  const calls = [...money.claims.open].flatMap(([of, { attempts }]) =>
    attempts === undefined ? [] : [[of, ...attemptRows(attempts)]],
  );
  return {
    digest: moneyDigest(money, sequence, sha256),
    tenants: money.accounts.map(accountState),
    open: toHex(money.open.digest(sha256)),
    ...(calls.length === 0 ? {} : { calls }),
  };
}

function accountState({ tenant, debtMicrocents, limit, pocket }: Account): ExactJson {
  const { period } = limit;
  return [
    tenant,
    limit.parent ?? "",
    debtMicrocents,
    pocket.period?.index ?? 0,
    pocket.period?.endsAt ?? 0,
    limit.metered,
    limit.exposureCapMicrocents ?? -1,
    limit.onShortfall,
    limit.reservationSeconds,
    limit.overrunFactor ?? OVERRUN_FACTOR,
    limit.overrunFloorMicrocents ?? OVERRUN_FLOOR_MICROCENTS,
    period?.every ?? "",
    period?.timeZone ?? "",
    period?.allotmentMicrocents ?? 0,
  ];
}

function moneyDigest(money: MoneyFold, watermark: number, sha256: Sha256): string {
  return toHex(ledgerDigest({ tenants: money.accounts, openCount: money.claims.open.size, watermark }, sha256));
}

/** A tenant below a metered level spends that level's money, so it is not counted again. */
function isCounted({ limit, levels }: Account): boolean {
  return limit.metered && !levels.slice(0, -1).some((level) => level.limit.metered);
}

const NOTHING: Balances = Object.freeze({
  grantedMicrocents: 0n,
  remainingMicrocents: 0n,
  reservedMicrocents: 0n,
  settledMicrocents: 0n,
  debtMicrocents: 0n,
});

function plus(a: Balances, b: Balances): Balances {
  return {
    grantedMicrocents: a.grantedMicrocents + b.grantedMicrocents,
    remainingMicrocents: a.remainingMicrocents + b.remainingMicrocents,
    reservedMicrocents: a.reservedMicrocents + b.reservedMicrocents,
    settledMicrocents: a.settledMicrocents + b.settledMicrocents,
    debtMicrocents: a.debtMicrocents + b.debtMicrocents,
  };
}

function balancesOf({
  grantedMicrocents,
  remainingMicrocents,
  reservedMicrocents,
  settledMicrocents,
  debtMicrocents,
}: Account): Balances {
  return {
    grantedMicrocents,
    remainingMicrocents,
    reservedMicrocents,
    settledMicrocents,
    debtMicrocents,
  };
}

function tenantProof(account: Account): TenantProof {
  const {
    tenant,
    limit,
    pocket,
    grantedMicrocents,
    remainingMicrocents,
    reservedMicrocents,
    settledMicrocents,
    billedMicrocents,
    billedBeforeMicrocents,
    fault,
  } = account;
  const { parent, metered, exposureCapMicrocents } = limit;
  return {
    tenant,
    ...(parent === undefined ? {} : { parent }),
    metered,
    ...(exposureCapMicrocents === undefined ? {} : { exposureCapMicrocents }),
    ...balancesOf(account),
    billedInPeriodMicrocents: billedMicrocents - billedBeforeMicrocents,
    ...(pocket.period === undefined ? {} : { period: pocket.period }),
    conserved:
      fault === undefined && grantedMicrocents === remainingMicrocents + reservedMicrocents + settledMicrocents,
  };
}

function openReservation(claim: Claim, at: number): OpenReservation {
  const { decisionId, tenant, expiresAt, state } = claim;
  const knownMicrocents = knownOf(claim);
  return {
    decisionId,
    tenant,
    amountMicrocents: amountOf(claim) - knownMicrocents,
    knownMicrocents,
    expiresAt,
    state: expiresAt <= at ? "overdue" : state === "held" ? "held" : "open",
  };
}
