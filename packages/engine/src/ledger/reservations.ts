/**
 * Reservations: the open or held ones, their due times, and the latest closed ones, so that a duplicate gets the first
 * result and a mistake can be corrected.
 *
 *     open ──▶ settled · released · expired
 *      │
 *      └────▶ held ──▶ reconciled · expired        whatever is closed but not released ──▶ corrected, again and again
 * @module
 */
import {
  CLOSED_RECORDS,
  type DecisionEntry,
  identityNumber,
  type ReservationEntry,
  SNAPSHOT_PAGE_RECORDS,
  type SnapshotMembers,
} from "@calybris/kernel";
import { identitiesIn, identityLine, type SnapshotLine } from "../snapshot/line.ts";
import { RecordLog } from "../snapshot/record-log.ts";
import type { Account } from "./account.ts";
import { CallAttempts, CallTable } from "./call-table.ts";
import { DueHeap } from "./due-heap.ts";
import { levelsOf, type Part, partsOf } from "./levels.ts";
import { PAGE_ROWS } from "./open-page.ts";
import { type Held, type NewReservation, type Open, OpenTable } from "./open-table.ts";

export type { Part } from "./levels.ts";
export type { NewReservation, Open } from "./open-table.ts";

/** Number of closed reservations remembered: the latest ones. */
export const CLOSED_KEPT_MAX = 262_144;

/** The identity of a decision that the writer has not proven yet. */
export const UNPROVEN = "";

/** The key of a reservation: the first bytes of its decision's identity, or 0 while that is unknown. */
export function provenIdentity({ identity }: Pick<DecisionEntry, "identity">): number {
  return identity === UNPROVEN ? 0 : identityNumber(identity);
}

const DUE_SLACK = 1_024;
const CLOSED_ROWS: number = SNAPSHOT_PAGE_RECORDS.closed;

export type ClosedState = "settled" | "released" | "expired" | "reconciled" | "corrected";

/** Final states of a reservation by code. */
const CLOSED_STATES: readonly ClosedState[] = ["settled", "released", "expired", "reconciled", "corrected"];

const FOLLOWS: Readonly<Record<"open" | "held" | ClosedState, readonly ReservationEntry["kind"][]>> = Object.freeze({
  open: ["settlement", "release", "hold", "expiry"],
  held: ["reconciliation", "expiry"],
  settled: ["correction"],
  expired: ["correction"],
  reconciled: ["correction"],
  corrected: ["correction"],
  released: [],
});

/** The state of a reservation after an entry that ends it. */
export const CLOSED_BY: Readonly<Record<Exclude<ReservationEntry["kind"], "hold">, ClosedState>> = Object.freeze({
  settlement: "settled",
  release: "released",
  expiry: "expired",
  reconciliation: "reconciled",
  correction: "corrected",
});

/** Whether an entry may follow a reservation's state. */
export function mayFollow(state: "open" | "held" | ClosedState, kind: ReservationEntry["kind"]): boolean {
  return FOLLOWS[state].includes(kind);
}

export interface Closed {
  readonly of: number;
  readonly identity: number;
  readonly account: Account;
  readonly parts: readonly Part[];
  readonly state: ClosedState;
  /** Journal sequence of the entry that led to the state. */
  readonly sequence: number;
  readonly actualMicrocents: bigint;
}

export class Reservations {
  readonly #open = new OpenTable();
  readonly #calls = new CallTable();
  /** A Map iterates in the order of insertion, so the first is the oldest. */
  readonly #closed = new Map<number, Closed>();
  /** The closed reservations as a snapshot holds them, and their record numbers. */
  readonly #log: RecordLog<ReturnType<typeof CLOSED_RECORDS.read>> = new RecordLog(
    "closed",
    CLOSED_RECORDS,
    CLOSED_ROWS,
  );
  readonly #numbers = new Map<number, number>();
  /** Identities of the decisions by page of the log. */
  readonly #identities = new Map<number, Uint32Array>();
  /** Continues at the oldest remaining key: a new iterator would walk over all deleted ones, 130 µs. */
  readonly #oldest: MapIterator<number> = this.#closed.keys();
  /** Entries of reservations closed meanwhile are skipped. */
  readonly #due = new DueHeap();
  readonly #closedMax: number;

  constructor(closedMax: number = CLOSED_KEPT_MAX) {
    this.#closedMax = closedMax;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** An open reservation; for a call, with its attempts. */
  open(of: number): Open | undefined {
    const open = this.#open.get(of);
    return open === undefined || this.#calls.size === 0 ? open : this.#withAttempts(open);
  }

  /** The attempts of an open or held call; `undefined` for any other reservation. */
  call(of: number): CallAttempts | undefined {
    return this.#calls.get(of);
  }

  /** Open calls, in the order of their decisions. */
  *openCalls(): Generator<Open> {
    for (const of of this.#calls.sequences) {
      const open = this.open(of);
      if (open !== undefined && open.held === undefined) yield open;
    }
  }

  closed(of: number): Closed | undefined {
    return this.#closed.get(of);
  }

  /** In the order of their decisions. */
  *allOpen(): Generator<Open> {
    for (const open of this.#open.all()) yield this.#withAttempts(open);
  }

  /** As `CallTable.text`; `undefined` without calls. */
  callsText(): string | undefined {
    return this.#calls.size === 0 ? undefined : this.#calls.text();
  }

  /** As `OpenTable.lines`. */
  openLines(): readonly SnapshotLine[] {
    return this.#open.lines();
  }

  /** Records that the journal has reached a sequence. */
  reached(sequence: number): void {
    if (sequence % PAGE_ROWS === 0) this.#open.reached(sequence);
  }

  /** @param isCall - whether further attempts may follow. */
  add(reservation: NewReservation, isCall = false): void {
    this.#open.add(reservation);
    const { of, amountMicrocents, parts } = reservation;
    if (isCall) {
      const first = new CallAttempts([]).begun(
        amountMicrocents,
        parts.map(({ endedCount }) => endedCount),
      );
      this.#calls.set(of, first);
    }
    // Most reservations are closed long before they are due.
    if (this.#due.length > 2 * this.#open.size + DUE_SLACK) this.#due.keep((of) => this.#open.has(of));
    this.#due.push(reservation.expiresAt, reservation.of);
  }

  /** Records the identity of a durable decision; its reservation may be closed by then. */
  identify(of: number, identity: number): void {
    if (this.#open.identify(of, identity)) return;
    const closed = this.#closed.get(of);
    if (closed === undefined) return;
    this.#closed.set(of, { ...closed, identity });
    this.#identifyClosed(this.#numbers.get(of) as number, identity);
  }

  /** Stores the changed attempts of an open call. */
  attempted(of: number, attempts: CallAttempts): void {
    this.#calls.set(of, attempts);
  }

  hold(of: number, held: Held): void {
    this.#open.hold(of, held);
    if (held.expiresAt !== undefined) this.#due.push(held.expiresAt, of);
    if (this.#calls.get(of)?.isFresh === true) this.#calls.delete(of);
  }

  close(of: number, closed: Closed): void {
    this.#open.delete(of);
    if (this.#calls.size > 0) this.#calls.delete(of);
    const before = this.#numbers.get(of);
    if (before !== undefined) this.#forget(of, before);
    this.#closed.set(of, closed);
    const { identity, account, parts, state, sequence, actualMicrocents } = closed;
    const record = {
      of,
      tenant: account.index,
      state: CLOSED_STATES.indexOf(state) + 1,
      sequence,
      actualMicrocents,
      ...levelsOf(account, parts),
    };
    const number = this.#log.append(record);
    this.#numbers.set(of, number);
    this.#identifyClosed(number, identity);
    if (this.#closed.size <= this.#closedMax) return;
    const oldest = this.#oldest.next().value as number;
    this.#forget(oldest, this.#numbers.get(oldest) as number);
  }

  /** Its part of a state snapshot. */
  *lines(): Generator<SnapshotLine> {
    yield* this.#open.lines();
    yield* this.#calls.lines();
    yield* this.#log.lines();
  }

  /** The identities for the last {@link lines}; call each function once its identities are known. */
  *lateLines(): Generator<() => Uint8Array> {
    yield* this.#open.lateLines();
    const kept = new Map([...this.#log.pages()].map(({ page, rows }) => [page, rows]));
    for (const [page, identities] of this.#identities) {
      const rows = kept.get(page);
      if (rows === undefined) this.#identities.delete(page);
      else yield () => identityLine("closed", page, identities.slice(0, rows));
    }
  }

  /**
   * Restores a line of a snapshot. Throws RangeError for an invalid line.
   *
   * @param part - `live`, `open`, `held`, `calls`, `closed`, or `identities`, which comes after all parts that it refers to.
   * @param accounts - in the order of their cells.
   * @param sequence - of the snapshot.
   */
  restore(part: string, members: SnapshotMembers, accounts: readonly Account[], sequence: number): void {
    const onDue = (expiresAt: number, of: number): void => this.#due.push(expiresAt, of);
    if (part === "live") this.#open.restoreLive(members);
    else if (part === "open") this.#open.restore(members, accounts, sequence, onDue);
    else if (part === "held") this.#open.restoreHeld(members, onDue);
    else if (part === "calls") this.#calls.restore(members);
    else if (part === "closed") this.#restoreClosed(members, accounts);
    else this.#restoreIdentities(members);
  }

  #restoreIdentities(members: SnapshotMembers): void {
    const [page, identities] = [members.whole("page"), identitiesIn(members)];
    if (members.text("of") === "open") this.#open.restoreIdentities(page, identities);
    else
      for (const [row, identity] of identities.entries()) {
        const number = page * CLOSED_ROWS + row;
        const of = this.#log.read(number)?.of ?? 0;
        this.#identifyClosed(number, identity);
        const closed = this.#closed.get(of);
        if (closed !== undefined && this.#numbers.get(of) === number) this.#closed.set(of, { ...closed, identity });
      }
  }

  #restoreClosed(members: SnapshotMembers, accounts: readonly Account[]): void {
    this.#log.restore(members, (record, number) => {
      const { of, sequence, actualMicrocents } = record;
      const account = accounts[record.tenant];
      const state = CLOSED_STATES[record.state - 1];
      if (account === undefined || state === undefined) throw new RangeError("a closed reservation cannot be");
      const parts = partsOf(account, record);
      this.#closed.set(of, { of, identity: 0, account, parts, state, sequence, actualMicrocents });
      this.#numbers.set(of, number);
      return true;
    });
  }

  /** The reservation that has been overdue longest at a time; `undefined` if none is. */
  overdue(at: number): Open | undefined {
    while (this.#due.firstTime <= at) {
      const open = this.#open.get(this.#due.first);
      // A hold may have postponed its expiry.
      if (open !== undefined && open.expiresAt <= at) return open;
      this.#due.pop();
    }
    return undefined;
  }

  #withAttempts(open: Open): Open {
    const attempts = this.#calls.get(open.of);
    // Most calls have one attempt, with the decision's reservation and no known cost yet.
    if (attempts === undefined || attempts.isFresh) return open;
    return {
      ...open,
      amountMicrocents: attempts.amountMicrocents,
      knownMicrocents: open.knownMicrocents + attempts.knownMicrocents,
    };
  }

  #identifyClosed(number: number, identity: number): void {
    const page = Math.floor(number / CLOSED_ROWS);
    const identities = this.#identities.get(page) ?? new Uint32Array(CLOSED_ROWS);
    this.#identities.set(page, identities);
    identities[number % CLOSED_ROWS] = identity;
  }

  #forget(of: number, number: number): void {
    this.#closed.delete(of);
    this.#numbers.delete(of);
    this.#log.erase(number);
  }
}
