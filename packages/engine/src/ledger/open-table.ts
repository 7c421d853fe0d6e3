/**
 * Open reservations as columns, by the sequence of their decisions, in pages that are dropped when nothing in them is open
 * any more. A reservation has no object of its own, so the garbage collector does not visit it.
 *
 * A snapshot holds the records of a page and, apart from them, the bits of what is open. A page keeps its records once it is
 * {@link OPEN_PAGES_YOUNG} pages old, and again whenever half of them are closed: so each record is hashed about twice, a
 * page at a time, and neither a closing nor a rotation goes through what is open.
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
  /** Journal sequence of the decision that holds it. */
  readonly of: number;
  /** First 32 bits of the decision's identity; 0 until it is durable. */
  readonly identity: number;
  readonly account: Account;
  readonly parts: readonly Part[];
  /** What the decision reserved. */
  readonly amountMicrocents: bigint;
  /** The part of it that a hold settled at once. */
  readonly knownMicrocents: bigint;
  readonly expiresAt: number;
  readonly held: Held | undefined;
}

/** A reservation as it is made. */
export type NewReservation = Omit<Open, "held" | "knownMicrocents">;

export class OpenTable {
  /** In the order of their numbers, because sequences only ascend. */
  readonly #pages = new Map<number, OpenPage>();
  readonly #held = new HeldTable();
  #last: OpenPage | undefined;
  #lastSequence = 0;
  #size = 0;
  /** Its lines in a snapshot; `undefined` after a change. */
  #lines: readonly SnapshotLine[] | undefined;
  /** Of a snapshot that is taken back: bits by the number of their line. */
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

  /** The identities of what is open, page by page; to be made once they are known. */
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

  /** The journal has reached a sequence, the first of a page: a page that is no longer young keeps its records. */
  reached(sequence: number): void {
    const page = this.#pages.get(sequence / PAGE_ROWS - OPEN_PAGES_YOUNG);
    if (page === undefined || page.count === 0) return;
    keepRows(page, rowsIn(page.live));
    this.#lines = undefined;
  }

  /** Takes the identities of a page back. Throws RangeError for those of another. */
  restoreIdentities(number: number, identities: readonly number[]): void {
    const page = this.#pages.get(number);
    const rows = page === undefined ? [] : rowsIn(page.live);
    if (rows.length !== identities.length) throw new RangeError(`page ${number} has ${rows.length} open reservations`);
    for (const [index, row] of rows.entries()) (page as OpenPage).identities[row] = identities[index] as number;
  }

  /** Takes the bits of a snapshot back, before what they are of. */
  restoreLive(members: SnapshotMembers): void {
    const bytes = new Uint8Array(LIVE_PAGES * LIVE_BYTES);
    bytes.set(members.bytes("bytes"));
    this.#restored.set(members.whole("page"), bytes);
  }

  /** Takes a page of holds back, after what they are of. */
  restoreHeld(members: SnapshotMembers, onDue: (expiresAt: number, of: number) => void): void {
    this.#held.restore(members, (of) => this.has(of), onDue);
  }

  /**
   * Takes a page of a snapshot back. Throws RangeError for one that cannot be.
   *
   * @param accounts - in the order of their cells.
   * @param sequence - of the snapshot.
   * @param onDue - is given each reservation that is open.
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

  /** False for one that is not open. */
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

  /** The page of a reservation that is open. */
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

  /** Opens what was written last. */
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

  /** Pages with anything open. */
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
