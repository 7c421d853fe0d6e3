/**
 * Open reservations as columns, by the sequence of their decisions, in pages that are dropped when no reservation in them
 * is open. A reservation has no object of its own, so the garbage collector does not visit it.
 *
 * A snapshot holds the records of a page and, separately, the bits of the open ones. A page fixes its records once it is
 * {@link OPEN_PAGES_YOUNG} pages old, and again whenever half of them are closed. So each record is hashed about twice, a
 * page at a time, and neither closing a reservation nor a rotation visits all open ones.
 * @module
 */
import {
  invariant,
  OPEN_PAGES_YOUNG,
  OPEN_RECORDS,
  SNAPSHOT_PAGE_RECORDS,
  type SnapshotMembers,
} from "@calybris/kernel";
import { identityLine, type SnapshotLine, taken } from "../snapshot/line.ts";
import { pageLine } from "../snapshot/pages.ts";
import type { Account } from "./account.ts";
import { type Held, HeldTable } from "./held-table.ts";
import { type Part, partsOf } from "./levels.ts";
import {
  isLive,
  keepRows,
  LIVE_BYTES,
  newOpenPage,
  type OpenPage,
  openLine,
  PAGE_ROWS,
  rowsIn,
  toggle,
} from "./open-page.ts";

export type { Held } from "./held-table.ts";

/** Pages whose bits are in one line of a snapshot. */
const LIVE_PAGES: number = SNAPSHOT_PAGE_RECORDS.live / PAGE_ROWS;

export interface Open {
  /** Journal sequence of the decision that reserved it. */
  readonly of: number;
  /** First 32 bits of the decision's identity; 0 until it is durable. */
  readonly identity: number;
  readonly account: Account;
  readonly parts: readonly Part[];
  /** Amount reserved by the decision. */
  readonly amountMicrocents: bigint;
  /** The part that a hold settled at once. */
  readonly knownMicrocents: bigint;
  readonly expiresAt: number;
  readonly held: Held | undefined;
}

/** A new reservation. */
export type NewReservation = Omit<Open, "held" | "knownMicrocents">;

export class OpenTable {
  /** In ascending order, because sequences ascend. */
  readonly #pages = new Map<number, OpenPage>();
  readonly #held = new HeldTable();
  #last: OpenPage | undefined;
  #lastSequence = 0;
  #size = 0;
  /** Its lines in a snapshot; `undefined` after a change. */
  #lines: readonly SnapshotLine[] | undefined;
  /** During a restore: bits by line number. */
  readonly #restored = new Map<number, Uint8Array>();

  get size(): number {
    return this.#size;
  }

  has(of: number): boolean {
    return this.#find(of) !== undefined;
  }

  get(of: number): Open | undefined {
    const page = this.#find(of);
    return page === undefined ? undefined : this.#row(page, of % PAGE_ROWS);
  }

  /** In the order of their decisions. */
  *all(): Generator<Open> {
    for (const page of this.#pages.values()) for (const row of rowsIn(page.live)) yield this.#row(page, row);
  }

  /** Its lines in a state snapshot: `live`, `open` and `held`. */
  lines(): readonly SnapshotLine[] {
    this.#lines ??= [...this.#liveLines(), ...[...this.#openPages()].map(openLine), ...this.#held.lines()];
    return this.#lines;
  }

  /** The identities of the open reservations, page by page; call each function once its identities are known. */
  *lateLines(): Generator<() => Uint8Array> {
    for (const { number, identities, live } of this.#openPages()) {
      const then = live.slice();
      yield () =>
        identityLine(
          "open",
          number,
          rowsIn(then).map((row) => identities[row] as number),
        );
    }
  }

  /** Records that the journal has reached a page's first sequence: a page that is no longer young fixes its records. */
  reached(sequence: number): void {
    const page = this.#pages.get(sequence / PAGE_ROWS - OPEN_PAGES_YOUNG);
    if (page === undefined || page.count === 0) return;
    keepRows(page, rowsIn(page.live));
    this.#lines = undefined;
  }

  /** Restores the identities of a page. Throws RangeError if they do not match the page. */
  restoreIdentities(number: number, identities: readonly number[]): void {
    const page = this.#pages.get(number);
    const rows = page === undefined ? [] : rowsIn(page.live);
    if (rows.length !== identities.length) throw new RangeError(`page ${number} has ${rows.length} open reservations`);
    for (const [index, row] of rows.entries()) (page as OpenPage).identities[row] = identities[index] as number;
  }

  /** Restores the bits of a snapshot; call before {@link restore}. */
  restoreLive(members: SnapshotMembers): void {
    const bytes = new Uint8Array(LIVE_PAGES * LIVE_BYTES);
    bytes.set(members.bytes("bytes"));
    this.#restored.set(members.whole("page"), bytes);
  }

  /** Restores a page of holds; call after {@link restore}. */
  restoreHeld(members: SnapshotMembers, onDue: (expiresAt: number, of: number) => void): void {
    this.#held.restore(members, (of) => this.has(of), onDue);
  }

  /**
   * Restores a page of a snapshot. Throws RangeError for an invalid page.
   *
   * @param accounts - in the order of their cells.
   * @param sequence - of the snapshot.
   * @param onDue - called with each open reservation.
   */
  restore(
    members: SnapshotMembers,
    accounts: readonly Account[],
    sequence: number,
    onDue: (expiresAt: number, of: number) => void,
  ): void {
    const number = members.whole("page");
    const bytes = members.bytes("bytes", OPEN_RECORDS.byteLength);
    const view = new DataView(bytes.buffer);
    const live = this.#restoredBits(number);
    const rows: number[] = [];
    for (let at = 0; at < bytes.byteLength; at += OPEN_RECORDS.byteLength) {
      const record = OPEN_RECORDS.read(view, at);
      const { of, amountMicrocents, expiresAt } = record;
      const account = accounts[record.tenant];
      if (account === undefined || of <= this.#lastSequence || Math.floor(of / PAGE_ROWS) !== number)
        throw new RangeError("an open reservation cannot be");
      const open = { of, identity: 0, account, parts: partsOf(account, record), amountMicrocents, expiresAt };
      rows.push(of % PAGE_ROWS);
      this.#write(open);
      if (!isLive(live, of % PAGE_ROWS)) continue;
      this.#open(of);
      onDue(expiresAt, of);
    }
    if (number + OPEN_PAGES_YOUNG <= Math.floor(sequence / PAGE_ROWS) && this.#last !== undefined)
      keepRows(this.#last, rows);
  }

  add(open: NewReservation): void {
    this.#write(open);
    this.#open(open.of);
  }

  /** False if the reservation is not open. */
  identify(of: number, identity: number): boolean {
    const page = this.#find(of);
    if (page === undefined) return false;
    page.identities[of % PAGE_ROWS] = identity;
    return true;
  }

  hold(of: number, held: Held): void {
    invariant(this.has(of), "only an open reservation is held");
    this.#held.set(of, held);
    this.#lines = undefined;
  }

  delete(of: number): void {
    const page = this.#find(of);
    if (page === undefined) return;
    this.#held.delete(of);
    toggle(page, of % PAGE_ROWS);
    page.count -= 1;
    this.#size -= 1;
    this.#lines = undefined;
    if (page.count === 0) {
      if (page !== this.#last) this.#pages.delete(page.number);
    } else if (page.kept !== undefined && 2 * page.count <= page.kept.rows.length) keepRows(page, rowsIn(page.live));
  }

  /** The page of an open reservation. */
  #find(of: number): OpenPage | undefined {
    const number = Math.floor(of / PAGE_ROWS);
    const page = this.#last?.number === number ? this.#last : this.#pages.get(number);
    return page !== undefined && isLive(page.live, of % PAGE_ROWS) ? page : undefined;
  }

  #write({ of, identity, account, parts, amountMicrocents, expiresAt }: NewReservation): void {
    invariant(of > this.#lastSequence, "decisions reserve in the order of the journal");
    this.#lastSequence = of;
    const page = this.#pageToAdd(of);
    const row = of % PAGE_ROWS;
    page.identities[row] = identity;
    page.amounts[row] = amountMicrocents;
    page.expiresAt[row] = expiresAt;
    page.tenants[row] = account;
    page.parts[row] = parts;
  }

  /** Opens the row written last. */
  #open(of: number): void {
    const page = this.#last as OpenPage;
    toggle(page, of % PAGE_ROWS);
    page.count += 1;
    this.#size += 1;
    this.#lines = undefined;
  }

  #pageToAdd(of: number): OpenPage {
    const number = Math.floor(of / PAGE_ROWS);
    const last = this.#last;
    if (last?.number === number) return last;
    if (last?.count === 0) this.#pages.delete(last.number);
    const page = newOpenPage(number);
    this.#pages.set(number, page);
    this.#last = page;
    return page;
  }

  #row(page: OpenPage, row: number): Open {
    const of = page.number * PAGE_ROWS + row;
    const held = this.#held.get(of);
    return {
      of,
      identity: page.identities[row] as number,
      account: page.tenants[row] as Account,
      parts: page.parts[row] as readonly Part[],
      amountMicrocents: page.amounts[row] as bigint,
      expiresAt: held?.expiresAt ?? (page.expiresAt[row] as number),
      knownMicrocents: held?.knownMicrocents ?? 0n,
      held,
    };
  }

  /** Pages with at least one open row. */
  *#openPages(): Generator<OpenPage> {
    for (const page of this.#pages.values()) if (page.count > 0) yield page;
  }

  *#liveLines(): Generator<SnapshotLine> {
    const bits = new Map<number, Uint8Array>();
    for (const { number, live } of this.#openPages()) {
      const line = Math.floor(number / LIVE_PAGES);
      const bytes = bits.get(line) ?? new Uint8Array(LIVE_PAGES * LIVE_BYTES);
      bytes.set(live, (number % LIVE_PAGES) * LIVE_BYTES);
      bits.set(line, bytes);
    }
    for (const [line, bytes] of bits) yield taken(pageLine("live", line, bytes));
  }

  #restoredBits(number: number): Uint8Array {
    const at = (number % LIVE_PAGES) * LIVE_BYTES;
    const bytes = this.#restored.get(Math.floor(number / LIVE_PAGES));
    if (bytes === undefined) throw new RangeError(`nothing is open on page ${number}`);
    return bytes.subarray(at, at + LIVE_BYTES);
  }
}
