/**
 * Money as the journal holds it: entries that allow spending (limit, grant, period) and entries that close or change a
 * reservation (settlement, release, hold, expiry, reconciliation, correction). A reservation itself has no entry: it is part
 * of the decision that needs it, so neither exists without the other.
 *
 * `of` is the journal sequence of that decision. Amounts are microcents, 0 to 2^63−1; times are microseconds since the Unix
 * epoch. Only the exact form that is written is accepted.
 * @module
 */
import { type Caused, CAUSED_FIELDS } from "./actor.ts";
import { type EntryTable, type Field, formOf, objectOf } from "./entry-table.ts";
import { AMOUNT, DIGEST, FLAG, oneOf, POSITIVE_AMOUNT, TEXT, WHOLE, wholeFrom } from "./entry-value.ts";
import { OVERRUN_FACTOR, OVERRUN_FACTOR_MAX, OVERRUN_FLOOR_MICROCENTS } from "./ledger-limits.ts";
import { type Microcents, microcents } from "./units.ts";

/** The tenant of a request that names none. */
export const DEFAULT_TENANT = "default";

export type PeriodUnit = "day" | "week" | "month" | "quarter";
export const PERIOD_UNITS: readonly PeriodUnit[] = Object.freeze(["day", "week", "month", "quarter"]);

/** The handling of a request above the tenant's headroom: the best candidate that fits, or a rejection. */
export type OnShortfall = "substitute" | "reject";

/** The reason that the cost of a call is unknown, as a caller reports it. */
export type HoldCause = "client_gone" | "stream_cut" | "timeout" | "unknown";
/** The cause of a hold whose claimed cost exceeds the reservation by so much that an operator must confirm it. */
export const OVERRUN = "overrun";
export const HOLD_CAUSES: readonly HoldCause[] = Object.freeze(["client_gone", "stream_cut", "timeout", "unknown"]);

/** The calendar periods of a tenant, and its allotment in each. */
export interface PeriodRule {
  readonly every: PeriodUnit;
  /** An IANA time zone; periods begin at its local midnight. */
  readonly timeZone: string;
  readonly allotmentMicrocents: Microcents;
}

/** The limits of a tenant. Each entry replaces all limits of the one before. */
export interface LimitEntry extends Caused {
  readonly kind: "limit";
  readonly tenant: string;
  /** The parent tenant; it never changes. */
  readonly parent?: string;
  /** A level that is not metered admits everything and reserves nothing. */
  readonly metered: boolean;
  /** Maximum amount that may be reserved at once. */
  readonly exposureCapMicrocents?: Microcents;
  readonly period?: PeriodRule;
  readonly onShortfall: OnShortfall;
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
  /** The caller's ID for the grant; a repeated ID grants nothing. */
  readonly id: string;
}

/** A period begins: the unspent amount is withdrawn, and the allotment is granted. */
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

/** The call ran at this cost. */
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

/** The call ran and its cost is unknown: the known part is settled at once, the rest stays reserved. */
export interface HoldEntry extends Caused {
  readonly kind: "hold";
  readonly of: number;
  readonly cause: HoldCause | typeof OVERRUN;
  /** From 1 to the reserved amount; left out if nothing is known. */
  readonly knownMicrocents?: Microcents;
  /** The claimed cost; only for an overrun. */
  readonly claimedMicrocents?: Microcents;
  /** When the rest is settled in full; left out if the expiry of the decision remains. */
  readonly expiresAt?: number;
}

/** The reservation was not closed in time, and is settled in full. */
export interface ExpiryEntry {
  readonly kind: "expiry";
  readonly of: number;
}

/** The total cost of a held call. */
export interface ReconciliationEntry extends Caused {
  readonly kind: "reconciliation";
  readonly of: number;
  readonly actualMicrocents: Microcents;
  /** SHA-256 of the usage export that states the cost, hexadecimal. */
  readonly exportDigest?: string;
}

/** The corrected total cost of a closed reservation. */
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

const OF: Field<number> & { readonly leftOut?: never } = {
  type: WHOLE,
  holds: "sequence of the decision that made the reservation",
};
const TENANT: Field<string> & { readonly leftOut?: never } = { type: TEXT, holds: "the tenant" };

const PERIOD_RULE = objectOf<PeriodRule>({
  every: { type: oneOf(PERIOD_UNITS), holds: "length of a period" },
  timeZone: { type: TEXT, holds: "IANA time zone; periods begin at its local midnight" },
  allotmentMicrocents: { type: AMOUNT, holds: "amount that may be spent in each period" },
});

/** The field tables of the ledger's kinds. */
export const LEDGER_TABLES: Readonly<Record<LedgerKind, EntryTable>> = Object.freeze({
  limit: {
    says: "Sets a tenant's limits. They replace all earlier limits.",
    forms: [
      formOf<LimitEntry>({
        tenant: TENANT,
        parent: { type: TEXT, holds: "parent tenant, which never changes", leftOut: "the tenant has no parent" },
        metered: { type: FLAG, holds: "whether the tenant has a budget; an unmetered tenant limits nothing" },
        exposureCapMicrocents: { type: AMOUNT, holds: "maximum that may be reserved at once", leftOut: "no cap" },
        period: {
          type: PERIOD_RULE,
          holds: "`every`, `timeZone`, `allotmentMicrocents`",
          leftOut: "the tenant has no periods",
        },
        onShortfall: {
          type: oneOf(["substitute", "reject"]),
          holds: "handling of a request above the headroom",
        },
        reservationSeconds: { type: WHOLE, holds: "maximum time that a reservation stays open; 1 to 2,678,400" },
        overrunFactor: {
          type: wholeFrom(1, OVERRUN_FACTOR_MAX),
          holds: "a cost above this multiple of its reservation is held",
          leftOut: `it is ${OVERRUN_FACTOR}`,
          standard: OVERRUN_FACTOR,
        },
        overrunFloorMicrocents: {
          type: AMOUNT,
          holds: "a cost up to this amount is never held",
          leftOut: `it is ${OVERRUN_FLOOR_MICROCENTS}`,
          standard: microcents(OVERRUN_FLOOR_MICROCENTS),
        },
        ...CAUSED_FIELDS,
      }),
    ],
  },
  grant: {
    says: "Grants money to a tenant.",
    forms: [
      formOf<GrantEntry>({
        tenant: TENANT,
        amountMicrocents: { type: AMOUNT, holds: "amount granted; 1 or more" },
        id: { type: TEXT, holds: "the caller's id of the grant, which takes effect once" },
        ...CAUSED_FIELDS,
      }),
    ],
  },
  period: {
    says: "A tenant's period begins.",
    forms: [
      formOf<PeriodEntry>({
        tenant: TENANT,
        index: { type: WHOLE, holds: "number of the period from 1, skipped periods included" },
        startsAt: { type: WHOLE, holds: "microseconds since the Unix epoch" },
        endsAt: { type: WHOLE, holds: "microseconds since the Unix epoch" },
        withdrawnMicrocents: { type: AMOUNT, holds: "unspent amount of the previous period, withdrawn" },
        allotmentMicrocents: { type: AMOUNT, holds: "amount granted for this period" },
      }),
    ],
  },
  settlement: {
    says: "The call ran, and its cost is known.",
    forms: [
      formOf<SettlementEntry>({
        of: OF,
        actualMicrocents: { type: AMOUNT, holds: "actual cost" },
        ...CAUSED_FIELDS,
      }),
    ],
  },
  release: { says: "The call never ran.", forms: [formOf<ReleaseEntry>({ of: OF, ...CAUSED_FIELDS })] },
  hold: {
    says: "The call ran, and its cost is unknown or must be confirmed by an operator.",
    forms: [
      formOf<HoldEntry>(
        {
          of: OF,
          cause: {
            type: oneOf([...HOLD_CAUSES, OVERRUN]),
            holds: "reason that the cost is unknown; `overrun` if the claimed cost must be confirmed",
          },
          knownMicrocents: {
            type: POSITIVE_AMOUNT,
            holds: "known part of the cost, settled immediately; at most the reservation",
            leftOut: "no part is known",
          },
          claimedMicrocents: {
            type: AMOUNT,
            holds: "claimed cost",
            leftOut: "the cause is not `overrun`",
          },
          expiresAt: {
            type: WHOLE,
            holds: "time at which the rest is settled in full, microseconds since the Unix epoch",
            leftOut: "unchanged",
          },
          ...CAUSED_FIELDS,
        },
        ({ cause, claimedMicrocents }) => {
          if ((cause === OVERRUN) === (claimedMicrocents !== undefined)) return undefined;
          return `claimedMicrocents ${cause === OVERRUN ? "is missing from" : "is in"} a hold for ${cause}`;
        },
      ),
    ],
  },
  expiry: {
    says: "A reservation reached its expiry, open or held, and is settled in full.",
    forms: [formOf<ExpiryEntry>({ of: OF })],
  },
  reconciliation: {
    says: "The cost of a held call is now known.",
    forms: [
      formOf<ReconciliationEntry>({
        of: OF,
        actualMicrocents: { type: AMOUNT, holds: "total cost" },
        exportDigest: {
          type: DIGEST,
          holds: "SHA-256 of the usage export that states the cost, hexadecimal",
          leftOut: "no export states it",
        },
        ...CAUSED_FIELDS,
      }),
    ],
  },
  correction: {
    says: "Corrects the cost of a closed reservation.",
    forms: [
      formOf<CorrectionEntry>({
        of: OF,
        actualMicrocents: { type: AMOUNT, holds: "total cost" },
        ...CAUSED_FIELDS,
      }),
    ],
  },
});
