/**
 * Money as it stands in the journal: who may spend (limit, grant, period), and what became of each reservation
 * (settlement, release, hold, expiry, reconciliation, correction). A reservation itself has no entry: it is part of the
 * decision that needs it, so neither exists without the other.
 *
 * `of` is the journal sequence of that decision. Amounts are microcents, 0 to 2^63−1; times are microseconds. What is
 * read is exactly what would be written.
 * @module
 */
import { amount, type Members, oneOf, text, whole } from "./entry-fields.ts";
import type { Microcents } from "./units.ts";

/** The tenant of a request that names none. */
export const DEFAULT_TENANT = "default";

export type PeriodUnit = "day" | "week" | "month" | "quarter";
export const PERIOD_UNITS: readonly PeriodUnit[] = Object.freeze(["day", "week", "month", "quarter"]);

/** What becomes of a request that a tenant has no room for: the best candidate that fits, or nothing that costs. */
export type WhenShort = "substitute" | "reject";

/** Why the cost of a call is not known. */
export type HoldCause = "client_gone" | "stream_cut" | "timeout" | "unknown";
export const HOLD_CAUSES: readonly HoldCause[] = Object.freeze(["client_gone", "stream_cut", "timeout", "unknown"]);

/** A calendar period of a tenant, and what it may spend in each. */
export interface PeriodRule {
  readonly every: PeriodUnit;
  /** An IANA time zone; periods begin at its local midnight. */
  readonly timeZone: string;
  readonly allotmentMicrocents: Microcents;
}

/** What a tenant may do; the whole of it, each time. */
export interface LimitEntry {
  readonly kind: "limit";
  readonly tenant: string;
  /** The level above; for good. */
  readonly parent?: string;
  /** A level that is not metered lets everything through, and reserves nothing. */
  readonly metered: boolean;
  /** Most that may be reserved at once. */
  readonly exposureCapMicrocents?: Microcents;
  readonly period?: PeriodRule;
  readonly whenShort: WhenShort;
  /** How long a reservation may stay open before it is settled in full. */
  readonly reservationSeconds: number;
  /** The person who did it. */
  readonly by: string;
}

/** Money given to a tenant. Pays its debt first. */
export interface GrantEntry {
  readonly kind: "grant";
  readonly tenant: string;
  readonly amountMicrocents: Microcents;
  /** The caller's own id: the same id grants once. */
  readonly id: string;
  readonly by: string;
}

/** A period begins: what was unspent is withdrawn, the allotment granted. */
export interface PeriodEntry {
  readonly kind: "period";
  readonly tenant: string;
  /** Counts a tenant's periods from 1, skipped ones included. */
  readonly index: number;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly withdrawnMicrocents: Microcents;
  readonly allotmentMicrocents: Microcents;
}

/** The call ran and this is what it cost. */
export interface SettlementEntry {
  readonly kind: "settlement";
  readonly of: number;
  readonly actualMicrocents: Microcents;
}

/** The call never ran. */
export interface ReleaseEntry {
  readonly kind: "release";
  readonly of: number;
}

/** The call ran and nobody knows what it cost: it stays reserved. */
export interface HoldEntry {
  readonly kind: "hold";
  readonly of: number;
  readonly cause: HoldCause;
}

/** Nobody said what became of it in time: it is settled in full. */
export interface ExpiryEntry {
  readonly kind: "expiry";
  readonly of: number;
}

/** What a held call cost after all. */
export interface ReconciliationEntry {
  readonly kind: "reconciliation";
  readonly of: number;
  readonly actualMicrocents: Microcents;
  readonly by: string;
}

/** What a settled call cost in truth. */
export interface CorrectionEntry {
  readonly kind: "correction";
  readonly of: number;
  readonly actualMicrocents: Microcents;
  readonly by: string;
}

export type ReservationEntry =
  | SettlementEntry
  | ReleaseEntry
  | HoldEntry
  | ExpiryEntry
  | ReconciliationEntry
  | CorrectionEntry;

export type LedgerEntry = LimitEntry | GrantEntry | PeriodEntry | ReservationEntry;
export type LedgerKind = LedgerEntry["kind"];

/** Reads the members of a ledger entry; `undefined` when the kind is another. Throws RangeError naming the member. */
export function ledgerFromJson(kind: string, members: Members): LedgerEntry | undefined {
  switch (kind) {
    case "limit":
      return limitFromJson(members);
    case "grant":
      return {
        kind,
        tenant: text(members, "tenant"),
        amountMicrocents: amount(members, "amountMicrocents"),
        id: text(members, "id"),
        by: text(members, "by"),
      };
    case "period":
      return {
        kind,
        tenant: text(members, "tenant"),
        index: whole(members, "index"),
        startsAt: whole(members, "startsAt"),
        endsAt: whole(members, "endsAt"),
        withdrawnMicrocents: amount(members, "withdrawnMicrocents"),
        allotmentMicrocents: amount(members, "allotmentMicrocents"),
      };
    case "settlement":
      return { kind, of: whole(members, "of"), actualMicrocents: amount(members, "actualMicrocents") };
    case "release":
    case "expiry":
      return { kind, of: whole(members, "of") };
    case "hold":
      return { kind, of: whole(members, "of"), cause: oneOf(members, "cause", HOLD_CAUSES) };
    case "reconciliation":
    case "correction":
      return {
        kind,
        of: whole(members, "of"),
        actualMicrocents: amount(members, "actualMicrocents"),
        by: text(members, "by"),
      };
    default:
      return undefined;
  }
}

function limitFromJson(members: Members): LimitEntry {
  const { parent, exposureCapMicrocents, period } = members;
  return {
    kind: "limit",
    tenant: text(members, "tenant"),
    ...(parent === undefined ? {} : { parent: text(members, "parent") }),
    metered: members["metered"] === true,
    ...(exposureCapMicrocents === undefined ? {} : { exposureCapMicrocents: amount(members, "exposureCapMicrocents") }),
    ...(period === undefined ? {} : { period: periodFromJson(period as Members) }),
    whenShort: oneOf(members, "whenShort", ["substitute", "reject"]),
    reservationSeconds: whole(members, "reservationSeconds"),
    by: text(members, "by"),
  };
}

function periodFromJson(members: Members): PeriodRule {
  return {
    every: oneOf(members, "every", PERIOD_UNITS),
    timeZone: text(members, "timeZone"),
    allotmentMicrocents: amount(members, "allotmentMicrocents"),
  };
}
