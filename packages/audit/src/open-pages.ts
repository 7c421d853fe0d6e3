/**
 * Open reservations as a state snapshot holds them (docs/formats.md section 6), folded from the journal: one bit per
 * reservation, the records kept by each page, and the log of holds.
 * @module
 */
import {
  HELD_RECORDS,
  HOLD_CAUSES,
  type HoldEntry,
  OPEN_PAGES_YOUNG,
  OPEN_RECORDS,
  OVERRUN,
  type Sha256,
  SNAPSHOT_PAGE_RECORDS,
  type SnapshotMembers,
  toUtf8,
} from "@calybris/kernel";
import type { Account } from "./account.ts";
import { pageLine } from "./record-pages.ts";

const { open: ROWS, live: LIVE_ROWS, held: HELD_ROWS } = SNAPSHOT_PAGE_RECORDS;
const CAUSES: readonly HoldEntry["cause"][] = [...HOLD_CAUSES, OVERRUN];

/** A new reservation. */
export interface NewOpen {
  readonly of: number;
  /** Index of its tenant among all, from 0. */
  readonly tenant: number;
  /** From the top level down to its tenant. */
  readonly levels: readonly Account[];
  /** The levels that the amount is reserved from. */
  readonly taken: ReadonlySet<Account>;
  readonly amountMicrocents: bigint;
  readonly expiresAt: number;
}

interface Page {
  /** A record for each sequence, including those of closed reservations. */
  readonly view: DataView;
  readonly open: Set<number>;
  /** The sequences whose records a snapshot holds; `undefined` while the page is one of the latest `OPEN_PAGES_YOUNG`. */
  kept: readonly number[] | undefined;
}

interface HeldPage {
  readonly view: DataView;
  readonly open: Set<number>;
}

export class OpenPages {
  readonly #pages = new Map<number, Page>();
  readonly #held = new Map<number, HeldPage>();
  /** Hold number of each open hold, by the decision's sequence. */
  readonly #holds = new Map<number, number>();
  #holdCount = 0;
  /** While a snapshot is restored: bits by line number. */
  readonly #restored = new Map<number, Uint8Array>();

  /** Returns the levels as stored in the record. */
  add({ of, tenant, levels, taken, amountMicrocents, expiresAt }: NewOpen): readonly number[] {
    const page = this.#pageOf(of);
    const level = (index: number): number => {
      const account = levels[index];
      return account !== undefined && taken.has(account) ? account.endedCount + 1 : 0;
    };
    const [level1, level2, level3, level4] = [level(0), level(1), level(2), level(3)];
    const record = { of, tenant, amountMicrocents, expiresAt, level1, level2, level3, level4 };
    OPEN_RECORDS.write(page.view, (of % ROWS) * OPEN_RECORDS.byteLength, record);
    page.open.add(of);
    return [level1, level2, level3, level4];
  }

  hold(
    of: number,
    sequence: number,
    { cause, knownMicrocents = 0n, claimedMicrocents = -1n, expiresAt = 0 }: Held,
  ): void {
    const number = this.#holdCount;
    const at = Math.floor(number / HELD_ROWS);
    if (number % HELD_ROWS === 0 && this.#held.get(at - 1)?.open.size === 0) this.#held.delete(at - 1);
    const page = this.#held.get(at) ?? newPage(HELD_ROWS * HELD_RECORDS.byteLength);
    this.#held.set(at, page);
    const code = CAUSES.indexOf(cause) + 1;
    const record = { of, sequence, cause: code, knownMicrocents, claimedMicrocents, expiresAt };
    HELD_RECORDS.write(page.view, (number % HELD_ROWS) * HELD_RECORDS.byteLength, record);
    page.open.add(of);
    this.#holds.set(of, number);
    this.#holdCount += 1;
  }

  close(of: number): void {
    this.#endHold(of);
    const number = Math.floor(of / ROWS);
    const page = this.#pages.get(number);
    if (page?.open.delete(of) !== true) return;
    if (page.open.size === 0) this.#pages.delete(number);
    else if (page.kept !== undefined && 2 * page.open.size <= page.kept.length) page.kept = [...page.open];
  }

  /** Called after the entry with this sequence was taken. */
  reached(sequence: number): void {
    const page = this.#pages.get(sequence / ROWS - OPEN_PAGES_YOUNG);
    if (page !== undefined) page.kept = [...page.open];
  }

  /** The lines of a snapshot that state what is open: `live`, `open` and `held`. */
  *lines(): Generator<string> {
    const bits = new Map<number, Uint8Array>();
    for (const { open } of this.#pages.values())
      for (const of of open) {
        const number = Math.floor(of / LIVE_ROWS);
        const bytes = bits.get(number) ?? new Uint8Array(LIVE_ROWS / 8);
        bits.set(number, bytes);
        const bit = of % LIVE_ROWS;
        bytes[bit >> 3] = (bytes[bit >> 3] as number) | (1 << (bit & 7));
      }
    for (const [number, bytes] of bits) yield pageLine("live", number, bytes);
    for (const [number, { view, open, kept }] of this.#pages)
      yield pageLine("open", number, recordsOf(view, kept ?? [...open]));
    for (const [number, { view }] of this.#held) yield pageLine("held", number, bytesOf(view));
  }

  /** SHA-256 of each of these lines. */
  digests(sha256: Sha256): readonly Uint8Array[] {
    return [...this.lines()].map((line) => sha256(toUtf8(line)));
  }

  /** SHA-256 of the digests of these lines. */
  digest(sha256: Sha256): Uint8Array {
    const digests = this.digests(sha256);
    const bytes = new Uint8Array(digests.length * 32);
    for (const [index, digest] of digests.entries()) bytes.set(digest, index * 32);
    return sha256(bytes);
  }

  /** Restores a line of `live`. It must come before the records that it covers. */
  restoreLive(members: SnapshotMembers): void {
    this.#restored.set(members.whole("page"), members.bytes("bytes"));
  }

  /**
   * Restores a record of `open`. Returns whether its reservation is open.
   *
   * @param sequence - of the snapshot.
   */
  restore(record: ReturnType<typeof OPEN_RECORDS.read>, sequence: number): boolean {
    const { of } = record;
    const page = this.#pageOf(of);
    OPEN_RECORDS.write(page.view, (of % ROWS) * OPEN_RECORDS.byteLength, record);
    if (Math.floor(of / ROWS) + OPEN_PAGES_YOUNG <= Math.floor(sequence / ROWS)) page.kept = [...(page.kept ?? []), of];
    const bit = of % LIVE_ROWS;
    const isOpen = (((this.#restored.get(Math.floor(of / LIVE_ROWS))?.[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
    if (isOpen) page.open.add(of);
    return isOpen;
  }

  /** Restores a page of `held`. Returns the records of open reservations. */
  restoreHeld(members: SnapshotMembers): readonly ReturnType<typeof HELD_RECORDS.read>[] {
    const number = members.whole("page");
    const page = newPage(HELD_ROWS * HELD_RECORDS.byteLength);
    bytesOf(page.view).set(members.bytes("bytes"));
    this.#held.set(number, page);
    const records: ReturnType<typeof HELD_RECORDS.read>[] = [];
    for (let row = 0; row < HELD_ROWS; row++) {
      const record = HELD_RECORDS.read(page.view, row * HELD_RECORDS.byteLength);
      if (record.of === 0) continue;
      this.#holdCount = number * HELD_ROWS + row + 1;
      if (this.#pages.get(Math.floor(record.of / ROWS))?.open.has(record.of) !== true) continue;
      page.open.add(record.of);
      this.#holds.set(record.of, number * HELD_ROWS + row);
      records.push(record);
    }
    return records;
  }

  #endHold(of: number): void {
    const hold = this.#holds.get(of);
    if (hold === undefined) return;
    this.#holds.delete(of);
    const number = Math.floor(hold / HELD_ROWS);
    const page = this.#held.get(number);
    page?.open.delete(of);
    // The page of the latest hold stays, because numbering continues from it.
    if (page?.open.size === 0 && number !== Math.floor((this.#holdCount - 1) / HELD_ROWS)) this.#held.delete(number);
  }

  #pageOf(of: number): Page {
    const number = Math.floor(of / ROWS);
    const known = this.#pages.get(number);
    if (known !== undefined) return known;
    const page = { ...newPage(ROWS * OPEN_RECORDS.byteLength), kept: undefined };
    this.#pages.set(number, page);
    return page;
  }
}

interface Held {
  readonly cause: HoldEntry["cause"];
  readonly knownMicrocents?: bigint | undefined;
  readonly claimedMicrocents?: bigint | undefined;
  /** Expiry of the rest, if the hold states one. */
  readonly expiresAt?: number | undefined;
}

function newPage(byteLength: number): HeldPage {
  return { view: new DataView(new ArrayBuffer(byteLength)), open: new Set() };
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer);
}

function recordsOf(view: DataView, sequences: readonly number[]): Uint8Array {
  const { byteLength } = OPEN_RECORDS;
  const bytes = new Uint8Array(sequences.length * byteLength);
  for (const [index, of] of sequences.entries()) {
    const at = (of % ROWS) * byteLength;
    bytes.set(bytesOf(view).subarray(at, at + byteLength), index * byteLength);
  }
  return bytes;
}
