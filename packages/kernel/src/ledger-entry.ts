/**
 * Money as it stands in the journal: who may spend (limit, grant, period), and what became of each reservation
 * (settlement, release, hold, expiry, reconciliation, correction). A reservation itself has no entry: it is part of the
 * decision that needs it, so neither exists without the other.
 *
 * `of` is the journal sequence of that decision. Amounts are microcents, 0 to 2^63−1; times are microseconds. What is
 * read is exactly what would be written.
 * @module
 */
import { type Caused, CAUSED_MEMBERS, causedFromJson } from "./actor.ts";
import { amount, type Members, object, oneOf, optional, text, whole } from "./entry-fields.ts";
import { OVERRUN_FACTOR, OVERRUN_FACTOR_MAX, OVERRUN_FLOOR_MICROCENTS } from "./ledger-limits.ts";
import type { Microcents } from "./units.ts";

/** The tenant of a request that names none. */
export const DEFAULT_TENANT = "default";

export type PeriodUnit = "day" | "week" | "month" | "quarter";
export const PERIOD_UNITS: readonly PeriodUnit[] = Object.freeze(["day", "week", "month", "quarter"]);

/** What becomes of a request that a tenant has no room for: the best candidate that fits, or nothing that costs. */
export type WhenShort = "substitute" | "reject";

/** Why the cost of a call is not known, as a caller reports it. */
export type HoldCause = "client_gone" | "stream_cut" | "timeout" | "unknown";
/** The cost is claimed, and so far beyond the reservation that an operator decides. */
export const OVERRUN = "overrun";
export const HOLD_CAUSES: readonly HoldCause[] = Object.freeze(["client_gone", "stream_cut", "timeout", "unknown"]);

/** A calendar period of a tenant, and what it may spend in each. */
export interface PeriodRule {
  readonly every: PeriodUnit;
  /** An IANA time zone; periods begin at its local midnight. */
  readonly timeZone: string;
  readonly allotmentMicrocents: Microcents;
}

/** What a tenant may do; the whole of it, each time. */
export interface LimitEntry extends Caused {
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
  /** A cost above this many times its reservation is held; left out at {@link OVERRUN_FACTOR}. */
  readonly overrunFactor?: number;
  /** A cost up to here is never held, whatever its reservation; left out at {@link OVERRUN_FLOOR_MICROCENTS}. */
  readonly overrunFloorMicrocents?: Microcents;
}

/** Money given to a tenant. Pays its debt first. */
export interface GrantEntry extends Caused {
  readonly kind: "grant";
  readonly tenant: string;
  readonly amountMicrocents: Microcents;
  /** The caller's own id: the same id grants once. */
  readonly id: string;
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
export interface SettlementEntry extends Caused {
  readonly kind: "settlement";
  readonly of: number;
  readonly actualMicrocents: Microcents;
}

/** The call never ran. */
export interface ReleaseEntry extends Caused {
  readonly kind: "release";
  readonly of: number;
}

/** The call ran and its cost is not known: it stays reserved, less what is known, which is settled at once. */
export interface HoldEntry extends Caused {
  readonly kind: "hold";
  readonly of: number;
  readonly cause: HoldCause | typeof OVERRUN;
  /** From 1 to what was reserved; left out when nothing is known. */
  readonly knownMicrocents?: Microcents;
  /** Of an overrun, and only there: the cost that was claimed. */
  readonly claimedMicrocents?: Microcents;
}

/** Nobody said what became of it in time: it is settled in full. */
export interface ExpiryEntry {
  readonly kind: "expiry";
  readonly of: number;
}

/** What a held call cost in total. */
export interface ReconciliationEntry extends Caused {
  readonly kind: "reconciliation";
  readonly of: number;
  readonly actualMicrocents: Microcents;
}

/** What a settled call cost in truth. */
export interface CorrectionEntry extends Caused {
  readonly kind: "correction";
  readonly of: number;
  readonly actualMicrocents: Microcents;
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

/** Members by kind, in their order. */
export const LEDGER_MEMBERS: Readonly<Record<LedgerKind, readonly string[]>> = Object.freeze({
  limit: [
    "tenant",
    "parent",
    "metered",
    "exposureCapMicrocents",
    "period",
    "whenShort",
    "reservationSeconds",
    "overrunFactor",
    "overrunFloorMicrocents",
    ...CAUSED_MEMBERS,
  ],
  grant: ["tenant", "amountMicrocents", "id", ...CAUSED_MEMBERS],
  period: ["tenant", "index", "startsAt", "endsAt", "withdrawnMicrocents", "allotmentMicrocents"],
  settlement: ["of", "actualMicrocents", ...CAUSED_MEMBERS],
  release: ["of", ...CAUSED_MEMBERS],
  hold: ["of", "cause", "knownMicrocents", "claimedMicrocents", ...CAUSED_MEMBERS],
  expiry: ["of"],
  reconciliation: ["of", "actualMicrocents", ...CAUSED_MEMBERS],
  correction: ["of", "actualMicrocents", ...CAUSED_MEMBERS],
});

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
        ...causedFromJson(members),
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
    case "expiry":
      return { kind, of: whole(members, "of") };
    case "release":
      return { kind, of: whole(members, "of"), ...causedFromJson(members) };
    case "hold":
      return holdFromJson(members);
    case "settlement":
    case "reconciliation":
    case "correction":
      return {
        kind,
        of: whole(members, "of"),
        actualMicrocents: amount(members, "actualMicrocents"),
        ...causedFromJson(members),
      };
    default:
      return undefined;
  }
}

function limitFromJson(members: Members): LimitEntry {
  return {
    kind: "limit",
    tenant: text(members, "tenant"),
    ...optional(members, "parent", text),
    metered: members["metered"] === true,
    ...optional(members, "exposureCapMicrocents", amount),
    ...optional(members, "period", periodFromJson),
    whenShort: oneOf(members, "whenShort", ["substitute", "reject"]),
    reservationSeconds: whole(members, "reservationSeconds"),
    ...optional(members, "overrunFactor", overrunFactor),
    ...optional(members, "overrunFloorMicrocents", overrunFloor),
    ...causedFromJson(members),
  };
}

function overrunFactor(members: Members, key: string): number {
  const factor = whole(members, key);
  if (factor === OVERRUN_FACTOR || factor < 1 || factor > OVERRUN_FACTOR_MAX)
    throw new RangeError(`${key} is ${factor}`);
  return factor;
}

function overrunFloor(members: Members, key: string): Microcents {
  const floor = amount(members, key);
  if (floor === OVERRUN_FLOOR_MICROCENTS) throw new RangeError(`${key} is the default`);
  return floor;
}

function holdFromJson(members: Members): HoldEntry {
  const { cause } = members;
  const isOverrun = cause === OVERRUN;
  if (isOverrun !== (members["claimedMicrocents"] !== undefined))
    throw new RangeError(`claimedMicrocents ${isOverrun ? "is missing from" : "is in"} a hold for ${String(cause)}`);
  const known = optional(members, "knownMicrocents", amount);
  if (known.knownMicrocents === 0n) throw new RangeError("knownMicrocents is 0");
  return {
    kind: "hold",
    of: whole(members, "of"),
    cause: isOverrun ? OVERRUN : oneOf(members, "cause", HOLD_CAUSES),
    ...known,
    ...optional(members, "claimedMicrocents", amount),
    ...causedFromJson(members),
  };
}

function periodFromJson(members: Members, key: string): PeriodRule {
  const period = object(members, key);
  return {
    every: oneOf(period, "every", PERIOD_UNITS),
    timeZone: text(period, "timeZone"),
    allotmentMicrocents: amount(period, "allotmentMicrocents"),
  };
}
