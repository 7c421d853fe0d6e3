/**
 * The entries that may follow a reservation's state, and the headroom of a call for another attempt.
 * @module
 */
import {
  type AttemptEntry,
  type CalybrisError,
  decisionIdOf,
  type GrantEntry,
  I64_MAX,
  type PeriodEntry,
  type ReservationEntry,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { type Account, overflowOf, headroomOf } from "./account.ts";
import type { Cells } from "./cells.ts";
import { afterPeriods } from "./due-periods.ts";
import { refusalOfKnown } from "./overruns.ts";
import { type Closed, mayFollow, type Open, type Part, type Reservations } from "./reservations.ts";
import type { Tenants } from "./tenants.ts";

/** The parts of the ledger that determine the headroom for another attempt. */
export interface CallLedger {
  readonly cells: Cells;
  readonly reservations: Reservations;
}

/**
 * The error that forbids a grant; `undefined` if it is allowed.
 *
 * @param periods - periods that begin first.
 */
export function refusalOfGrant(
  tenants: Tenants,
  { tenant, id, amountMicrocents }: GrantEntry,
  periods: readonly PeriodEntry[],
): CalybrisError | undefined {
  const account = tenants.get(tenant);
  if (account === undefined) return new EngineError("CAL_LEDGER_TENANT_UNKNOWN", { tenant });
  if (!account.limit.metered) return new EngineError("CAL_LEDGER_TENANT_UNMETERED", { tenant });
  const before = tenants.grantOf(id);
  if (before !== undefined) return new EngineError("CAL_LEDGER_ID_REUSED", { id, sequence: before.sequence });
  return overflow(afterPeriods(account, periods), amountMicrocents, 0n);
}

/** The error that forbids an entry from changing a reservation; `undefined` if it may. */
export function refusalOfMove(reservations: Reservations, body: ReservationEntry): CalybrisError | undefined {
  const open = reservations.open(body.of);
  const closed = reservations.closed(body.of);
  const found = open ?? closed;
  if (found === undefined) return new EngineError("CAL_LEDGER_RESERVATION_UNKNOWN", { decisionId: `${body.of}` });
  const state = open === undefined ? (closed as Closed).state : open.held === undefined ? "open" : "held";
  if (!mayFollow(state, body.kind)) {
    return new EngineError("CAL_LEDGER_RESERVATION_STATE", {
      decisionId: decisionIdOf(found.of, found.identity),
      operation: body.kind,
      state,
      sequence: closed?.sequence ?? open?.held?.sequence ?? body.of,
      actualMicrocents: closed?.actualMicrocents ?? (open as Open).amountMicrocents,
    });
  }
  if (body.kind === "release" && open !== undefined && reservations.call(body.of)?.hasCost === true)
    return new EngineError("CAL_LEDGER_RESERVATION_STATE", {
      decisionId: decisionIdOf(open.of, open.identity),
      operation: body.kind,
      state: "attempted",
      sequence: body.of,
      actualMicrocents: open.knownMicrocents,
    });
  if (body.kind === "hold") return open === undefined ? undefined : refusalOfKnown(open, body.knownMicrocents);
  if (!("actualMicrocents" in body)) return undefined;
  const more = body.actualMicrocents - (open?.amountMicrocents ?? (closed as Closed).actualMicrocents);
  if (more <= 0n) return undefined;
  for (const { account } of found.parts) {
    const refusal = overflow(account, 0n, more);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The reason that an attempt cannot follow those of its call; `undefined` if it can. Headroom is checked elsewhere. */
export function attemptFault(
  reservations: Reservations,
  { of, change, number }: Pick<AttemptEntry, "of" | "change" | "number">,
): string | undefined {
  const open = reservations.open(of);
  if (open === undefined || open.held !== undefined) {
    if (change === "ended" || (open === undefined && reservations.closed(of) === undefined)) return undefined;
    return "its reservation is not open";
  }
  const attempts = reservations.call(of);
  if (attempts === undefined) return "its decision began no call";
  if (change === "ended") return attempts.isRunning(number) ? undefined : `attempt ${number} is not under way`;
  return number === attempts.count + 1 ? undefined : `attempt ${attempts.count + 1} comes next, not ${number}`;
}

/** The headroom of the levels that a call reserves on, net of debits made ahead. */
export function headroomForAttempt(
  { cells, reservations }: CallLedger,
  of: number,
  periods: readonly PeriodEntry[],
): { readonly cells: readonly number[]; readonly headroom: bigint } {
  const open = reservations.open(of);
  const accounts = open === undefined ? [] : accountsOf(open);
  let headroom = I64_MAX as bigint;
  for (const account of accounts) {
    const own = cells.headroom(account.index) + headroomOf(afterPeriods(account, periods)) - headroomOf(account);
    if (own < headroom) headroom = own;
  }
  return { cells: accounts.map(({ index }) => index), headroom: headroom > 0n ? headroom : 0n };
}

export function accountsOf({ parts }: Open | Closed): readonly Account[] {
  return parts.map(({ account }) => account);
}

export function endedCountOf({ parts }: Open | Closed, level: number): number {
  return (parts[level] as Part).endedCount;
}

/** The error for a grant or charge that would overflow a balance; `undefined` if none would. */
function overflow(account: Account, granted: bigint, charged: bigint): CalybrisError | undefined {
  const field = overflowOf(account, granted, charged);
  return field === undefined ? undefined : new EngineError("CAL_LEDGER_OVERFLOW", { tenant: account.tenant, field });
}
