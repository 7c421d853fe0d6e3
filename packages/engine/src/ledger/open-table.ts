/**
 * Open reservations as columns, by the sequence of their decisions, in pages that are dropped when nothing in them is open
 * any more. A reservation has no object of its own, so the garbage collector does not visit it. A page keeps the text of its
 * rows between two changes, so that the digest of the state writes only the pages that changed.
 * @module
 */
import {
  HOLD_CAUSES,
  type HoldEntry,
  invariant,
  OPEN_RECORDS,
  OVERRUN,
  SNAPSHOT_PAGE_RECORDS,
  type SnapshotMembers,
} from "@calybris/kernel";
import { label, putLabel, putNumber, putSigned } from "../byte-text.ts";
import { identityLine, type SnapshotLine, textLine } from "../snapshot/line.ts";
import { levelsOf, type Part, partsOf } from "./levels.ts";
import type { Account } from "./account.ts";

/** Few enough that a page whose other rows are closed long ago wastes little: 36 KB. */
const PAGE_ROWS: number = SNAPSHOT_PAGE_RECORDS.open;

/** Why a reservation is held. */
export interface Held {
  /** Journal sequence of the hold. */
  readonly sequence: number;
  readonly cause: HoldEntry["cause"];
  /** The part of the amount that was settled at once. */
  readonly knownMicrocents: bigint;
  /** Of an overrun: the cost that was claimed. */
  readonly claimedMicrocents: bigint | undefined;
}

/** A hold as it is made. */
export interface NewHold extends Held {
  /** When the rest expires; `undefined` where that stays as it was. */
  readonly expiresAt: number | undefined;
}

export interface Open {
  /** Journal sequence of the decision that holds it. */
  readonly of: number;
  /** First 32 bits of the decision's identity; 0 until it is durable. */
  readonly identity: number;
  readonly tenant: Account;
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

interface PageLine extends SnapshotLine {
  readonly rows: Uint16Array;
}

interface Page {
  readonly number: number;
  count: number;
  readonly identities: Uint32Array;
  readonly amounts: BigInt64Array;
  readonly expiresAt: Float64Array;
  /** `undefined` where nothing is open. */
  readonly tenants: (Account | undefined)[];
  readonly parts: (readonly Part[])[];
  /** The rows as text; `undefined` after a change. */
  text: Buffer | undefined;
  /** The rows as a snapshot holds them, and which they are; `undefined` after a change. */
  line: PageLine | undefined;
}

/** Codes of why a reservation is held; 0 where it is not. */
const CAUSES: readonly (Held["cause"] | undefined)[] = [undefined, ...HOLD_CAUSES, OVERRUN];
const NO_CLAIM = -1n;

export class OpenTable {
  /** In the order of their numbers, because sequences only ascend. */
  readonly #pages = new Map<number, Page>();
  readonly #held = new Map<number, Held>();
  #last: Page | undefined;
  #lastSequence = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(of: number): boolean {
    return this.#page(of)?.tenants[of % PAGE_ROWS] !== undefined;
  }

  get(of: number): Open | undefined {
    const page = this.#page(of);
    return page === undefined ? undefined : this.#row(page, of % PAGE_ROWS);
  }

  /** In the order of their decisions. */
  *all(): Generator<Open> {
    for (const page of this.#pages.values()) {
      for (let row = 0; row < PAGE_ROWS; row++) {
        const open = this.#row(page, row);
        if (open !== undefined) yield open;
      }
    }
  }

  /** The rows as canonical JSON, `[of, amount, expiresAt, sequence of its hold or 0, settled part]` with commas between, in pieces. */
  *texts(): Generator<Buffer> {
    let isFirst = true;
    for (const page of this.#pages.values()) {
      if (page.count === 0) continue;
      page.text ??= this.#textOf(page);
      // Each text begins with a comma, which the first does without.
      yield isFirst ? page.text.subarray(1) : page.text;
      isFirst = false;
    }
  }

  /** Its pages in a state snapshot. */
  *lines(): Generator<SnapshotLine> {
    for (const page of this.#pages.values()) {
      if (page.count === 0) continue;
      page.line ??= this.#lineOf(page);
      yield page.line;
    }
  }

  /** The identities of those that {@link lines} gave last, page by page; to be made once they are known. */
  *lateLines(): Generator<() => Uint8Array> {
    for (const { number, identities, line } of this.#pages.values())
      if (line !== undefined)
        yield () =>
          identityLine(
            "open",
            number,
            Uint32Array.from(line.rows, (row) => identities[row] as number),
          );
  }

  /** Takes the identities of a page back. Throws RangeError for those of another. */
  restoreIdentities(number: number, identities: readonly number[]): void {
    const page = this.#pages.get(number);
    let next = 0;
    for (let row = 0; row < PAGE_ROWS; row++)
      if (page?.tenants[row] !== undefined) page.identities[row] = identities[next++] ?? 0;
    if (next !== identities.length) throw new RangeError(`page ${number} has ${next} open reservations`);
  }

  /**
   * Takes a page of a snapshot back. Throws RangeError for one that cannot be.
   *
   * @param accounts - in the order of their cells.
   * @param onOpen - is given each reservation.
   */
  restore(members: SnapshotMembers, accounts: readonly Account[], onOpen: (open: NewReservation) => void): void {
    const bytes = Uint8Array.from(Buffer.from(members.text("bytes"), "base64url"));
    const view = new DataView(bytes.buffer);
    if (bytes.byteLength % OPEN_RECORDS.byteLength !== 0) throw new RangeError("a page of open reservations is cut");
    for (let at = 0; at < bytes.byteLength; at += OPEN_RECORDS.byteLength) {
      const record = OPEN_RECORDS.read(view, at);
      const { of, amountMicrocents, expiresAt, heldBy: sequence, knownMicrocents } = record;
      const tenant = accounts[record.tenant];
      const cause = CAUSES[record.heldCause];
      if (tenant === undefined || of <= this.#lastSequence) throw new RangeError("an open reservation cannot be");
      const open = { of, identity: 0, tenant, parts: partsOf(tenant, record), amountMicrocents, expiresAt };
      this.add(open);
      const claimedMicrocents = record.claimedMicrocents === NO_CLAIM ? undefined : record.claimedMicrocents;
      if (cause !== undefined)
        this.hold(of, { sequence, cause, knownMicrocents, claimedMicrocents, expiresAt: undefined });
      onOpen(open);
    }
  }

  add(open: NewReservation): void {
    const { of, identity, tenant, parts, amountMicrocents, expiresAt } = open;
    invariant(of > this.#lastSequence, "decisions reserve in the order of the journal");
    this.#lastSequence = of;
    const page = this.#pageToAdd(of);
    const row = of % PAGE_ROWS;
    page.identities[row] = identity;
    page.amounts[row] = amountMicrocents;
    page.expiresAt[row] = expiresAt;
    page.tenants[row] = tenant;
    page.parts[row] = parts;
    changed(page);
    page.count += 1;
    this.#size += 1;
  }

  /** False for one that is not open. */
  identify(of: number, identity: number): boolean {
    const page = this.#page(of);
    const row = of % PAGE_ROWS;
    if (page?.tenants[row] === undefined) return false;
    page.identities[row] = identity;
    return true;
  }

  hold(of: number, { expiresAt, ...held }: NewHold): void {
    const page = this.#page(of);
    invariant(page !== undefined && this.has(of), "only an open reservation is held");
    this.#held.set(of, held);
    if (expiresAt !== undefined) page.expiresAt[of % PAGE_ROWS] = expiresAt;
    changed(page);
  }

  delete(of: number): void {
    const page = this.#page(of);
    const row = of % PAGE_ROWS;
    if (page?.tenants[row] === undefined) return;
    this.#held.delete(of);
    page.tenants[row] = undefined;
    changed(page);
    page.count -= 1;
    this.#size -= 1;
    if (page.count === 0 && page !== this.#last) this.#pages.delete(page.number);
  }

  #page(of: number): Page | undefined {
    const number = Math.floor(of / PAGE_ROWS);
    return this.#last?.number === number ? this.#last : this.#pages.get(number);
  }

  #pageToAdd(of: number): Page {
    const number = Math.floor(of / PAGE_ROWS);
    const last = this.#last;
    if (last?.number === number) return last;
    if (last?.count === 0) this.#pages.delete(last.number);
    const page: Page = {
      number,
      count: 0,
      identities: new Uint32Array(PAGE_ROWS),
      amounts: new BigInt64Array(PAGE_ROWS),
      expiresAt: new Float64Array(PAGE_ROWS),
      tenants: new Array<Account | undefined>(PAGE_ROWS).fill(undefined),
      parts: new Array<readonly Part[]>(PAGE_ROWS).fill([]),
      text: undefined,
      line: undefined,
    };
    this.#pages.set(number, page);
    this.#last = page;
    return page;
  }

  #row(page: Page, row: number): Open | undefined {
    const tenant = page.tenants[row];
    if (tenant === undefined) return undefined;
    const of = page.number * PAGE_ROWS + row;
    const held = this.#held.get(of);
    return {
      of,
      identity: page.identities[row] as number,
      tenant,
      parts: page.parts[row] as readonly Part[],
      amountMicrocents: page.amounts[row] as bigint,
      expiresAt: page.expiresAt[row] as number,
      knownMicrocents: held?.knownMicrocents ?? 0n,
      held,
    };
  }

  #textOf({ number, count, tenants, amounts, expiresAt }: Page): Buffer {
    const out = Buffer.allocUnsafe(count * ROW_TEXT_BYTES_MAX);
    const words = new Uint32Array(amounts.buffer);
    let end = 0;
    for (let row = 0; row < PAGE_ROWS; row++) {
      if (tenants[row] === undefined) continue;
      const of = number * PAGE_ROWS + row;
      const held = this.#held.size === 0 ? undefined : this.#held.get(of);
      end = putNumber(out, putLabel(out, end, L.row), of);
      end = putSigned(out, putLabel(out, end, L.comma), words[2 * row] as number, words[2 * row + 1] as number);
      end = putNumber(out, putLabel(out, end, L.comma), expiresAt[row] as number);
      if (held === undefined) end = putLabel(out, end, L.notHeld);
      else end += out.write(`,${held.sequence},${held.knownMicrocents}]`, end, "latin1");
    }
    return Buffer.from(out.subarray(0, end));
  }

  /** Taking a snapshot goes through all that is open: one record is filled again for each row. */
  #lineOf({ number, count, tenants, parts, amounts, expiresAt }: Page): PageLine {
    const rows = new Uint16Array(count);
    const view = new DataView(new ArrayBuffer(count * OPEN_RECORDS.byteLength));
    const record = { ...NO_RECORD };
    let levelled: readonly Part[] | undefined;
    let at = 0;
    let next = 0;
    for (let row = 0; row < PAGE_ROWS; row++) {
      const tenant = tenants[row];
      if (tenant === undefined) continue;
      rows[next++] = row;
      record.of = number * PAGE_ROWS + row;
      record.amountMicrocents = amounts[row] as bigint;
      record.expiresAt = expiresAt[row] as number;
      const taken = parts[row] as readonly Part[];
      if (record.tenant !== tenant.index || taken !== levelled) {
        record.tenant = tenant.index;
        Object.assign(record, levelsOf(tenant, taken));
        levelled = taken;
      }
      const held = this.#held.size === 0 ? undefined : this.#held.get(record.of);
      record.heldBy = held?.sequence ?? 0;
      record.heldCause = held === undefined ? 0 : CAUSES.indexOf(held.cause);
      record.knownMicrocents = held?.knownMicrocents ?? 0n;
      record.claimedMicrocents = held?.claimedMicrocents ?? NO_CLAIM;
      OPEN_RECORDS.write(view, at, record);
      at += OPEN_RECORDS.byteLength;
    }
    const bytes = Buffer.from(view.buffer).toString("base64url");
    return { ...textLine(`{"part":"open","page":${number},"bytes":"${bytes}"}`), rows };
  }
}

const L = { row: label(",["), comma: label(","), notHeld: label(",0,0]") } as const;
/** Five numbers of 64 bits, and what is around them. */
const ROW_TEXT_BYTES_MAX = 112;

const NO_RECORD = {
  of: 0,
  tenant: 0,
  amountMicrocents: 0n,
  expiresAt: 0,
  heldBy: 0,
  heldCause: 0,
  knownMicrocents: 0n,
  claimedMicrocents: NO_CLAIM,
  level1: 0,
  level2: 0,
  level3: 0,
  level4: 0,
};

function changed(page: Page): void {
  page.text = undefined;
  page.line = undefined;
}
