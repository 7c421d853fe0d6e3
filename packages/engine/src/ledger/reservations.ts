/**
 * Reservations: those that are open or held, those that are overdue next, and the latest that are closed, so that a
 * duplicate gets the first result and a mistake can be mended.
 *
 *     open ──▶ settled · released · expired
 *      │
 *      └────▶ held ──▶ reconciled · expired        whatever is closed but not released ──▶ corrected, again and again
 * @module
 */
import type { HoldCause, ReservationEntry } from "@calybris/kernel";
import type { Account } from "./account.ts";

/** How many closed reservations are remembered, the latest ones. */
export const CLOSED_KEPT_MAX = 262_144;

const DUE_SLACK = 1_024;

/** A level that a reservation took from, and how many of its periods had ended then. */
export interface Part {
  readonly account: Account;
  readonly endedCount: number;
}

export interface Open {
  /** Journal sequence of the decision that holds it. */
  readonly of: number;
  /** First 32 bits of the decision's identity. */
  readonly identity: number;
  readonly tenant: Account;
  readonly parts: readonly Part[];
  readonly amountMicrocents: bigint;
  readonly expiresAt: number;
  readonly held: { readonly sequence: number; readonly cause: HoldCause } | undefined;
}

export type ClosedState = "settled" | "released" | "expired" | "reconciled" | "corrected";

const FOLLOWS: Readonly<Record<"open" | "held" | ClosedState, readonly ReservationEntry["kind"][]>> = Object.freeze({
  open: ["settlement", "release", "hold", "expiry"],
  held: ["reconciliation", "expiry"],
  settled: ["correction"],
  expired: ["correction"],
  reconciled: ["correction"],
  corrected: ["correction"],
  released: [],
});

/** Whether an entry may follow on the state of its reservation. */
export function mayFollow(state: "open" | "held" | ClosedState, kind: ReservationEntry["kind"]): boolean {
  return FOLLOWS[state].includes(kind);
}

export interface Closed {
  readonly of: number;
  readonly identity: number;
  readonly tenant: Account;
  readonly parts: readonly Part[];
  readonly state: ClosedState;
  /** Journal sequence of the entry that brought it there. */
  readonly sequence: number;
  readonly actualMicrocents: bigint;
}

interface Due {
  readonly expiresAt: number;
  readonly of: number;
}

export class Reservations {
  readonly #open = new Map<number, Open>();
  /** A Map keeps the order of insertion, so the first is the oldest. */
  readonly #closed = new Map<number, Closed>();
  /** Goes on from the oldest that is left: asking the Map for its first anew walks over all that were ever deleted, 130 µs. */
  readonly #oldest: MapIterator<number> = this.#closed.keys();
  /** A binary heap, least first; what was closed meanwhile is passed over. */
  readonly #due: Due[] = [];
  readonly #closedMax: number;

  constructor(closedMax: number = CLOSED_KEPT_MAX) {
    this.#closedMax = closedMax;
  }

  get openCount(): number {
    return this.#open.size;
  }

  open(of: number): Open | undefined {
    return this.#open.get(of);
  }

  closed(of: number): Closed | undefined {
    return this.#closed.get(of);
  }

  /** In the order of their decisions. */
  allOpen(): IterableIterator<Open> {
    return this.#open.values();
  }

  add(reservation: Open): void {
    this.#open.set(reservation.of, reservation);
    if (this.#due.length > 2 * this.#open.size + DUE_SLACK) this.#forgetClosed();
    this.#push({ expiresAt: reservation.expiresAt, of: reservation.of });
  }

  hold(reservation: Open, sequence: number, cause: HoldCause): void {
    this.#open.set(reservation.of, { ...reservation, held: { sequence, cause } });
  }

  close(of: number, closed: Closed): void {
    this.#open.delete(of);
    this.#closed.delete(of);
    this.#closed.set(of, closed);
    if (this.#closed.size > this.#closedMax) this.#closed.delete(this.#oldest.next().value as number);
  }

  /** The reservation that is overdue longest at a time; `undefined` when none is. */
  overdue(at: number): Open | undefined {
    for (let first = this.#due[0]; first !== undefined && first.expiresAt <= at; first = this.#due[0]) {
      const open = this.#open.get(first.of);
      if (open !== undefined) return open;
      this.#pop();
    }
    return undefined;
  }

  /** Most are closed long before they are due. */
  #forgetClosed(): void {
    const kept = this.#due.filter(({ of }) => this.#open.has(of));
    this.#due.length = 0;
    for (const due of kept) this.#push(due);
  }

  #push(due: Due): void {
    const heap = this.#due;
    let at = heap.length;
    heap.push(due);
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(due, heap[parent] as Due); parent = (at - 1) >> 1) {
      heap[at] = heap[parent] as Due;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#due;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child += 1;
      if (!isBefore(heap[child] as Due, last)) break;
      heap[at] = heap[child] as Due;
      at = child;
    }
    heap[at] = last;
  }
}

/** Equal times go by decision, so that the order is the same after a restart. */
function isBefore(a: Due, b: Due): boolean {
  return a.expiresAt < b.expiresAt || (a.expiresAt === b.expiresAt && a.of < b.of);
}
