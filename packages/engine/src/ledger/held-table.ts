/**
 * Held reservations, and the log of their holds as a state snapshot has it. The record of a hold stays until every
 * reservation of its page is closed, so that closing one changes no page.
 * @module
 */
import {
  HELD_RECORDS,
  HOLD_CAUSES,
  type HoldEntry,
  OVERRUN,
  SNAPSHOT_PAGE_RECORDS,
  type SnapshotMembers,
} from "@calybris/kernel";
import type { SnapshotLine } from "../snapshot/line.ts";
import { RecordLog } from "../snapshot/record-log.ts";

/** The hold of a reservation. */
export interface Held {
  /** Journal sequence of the hold. */
  readonly sequence: number;
  readonly cause: HoldEntry["cause"];
  /** The part of the amount that was settled at once. */
  readonly knownMicrocents: bigint;
  /** For an overrun: the claimed cost. */
  readonly claimedMicrocents: bigint | undefined;
  /** Expiry of the rest; `undefined` if unchanged by the hold. */
  readonly expiresAt: number | undefined;
}

/** Causes of holds by code, from 1. */
const CAUSES: readonly Held["cause"][] = [...HOLD_CAUSES, OVERRUN];
const NO_CLAIM = -1n;

export class HeldTable {
  readonly #held = new Map<number, Held>();
  readonly #numbers = new Map<number, number>();
  readonly #log: RecordLog<ReturnType<typeof HELD_RECORDS.read>> = new RecordLog(
    "held",
    HELD_RECORDS,
    SNAPSHOT_PAGE_RECORDS.held,
  );

  get(of: number): Held | undefined {
    return this.#held.size === 0 ? undefined : this.#held.get(of);
  }

  set(of: number, held: Held): void {
    this.delete(of);
    const { sequence, cause: why, knownMicrocents, claimedMicrocents = NO_CLAIM, expiresAt = 0 } = held;
    const cause = CAUSES.indexOf(why) + 1;
    const record = { of, sequence, cause, knownMicrocents, claimedMicrocents, expiresAt };
    this.#held.set(of, held);
    this.#numbers.set(of, this.#log.append(record));
  }

  delete(of: number): void {
    const number = this.#numbers.get(of);
    if (number === undefined) return;
    this.#held.delete(of);
    this.#numbers.delete(of);
    this.#log.release(number);
  }

  lines(): Generator<SnapshotLine> {
    return this.#log.lines();
  }

  /**
   * Restores a page of a snapshot. Throws RangeError for an invalid page.
   *
   * @param isOpen - whether the reservation of a decision is open.
   * @param onDue - called with each hold that sets an expiry.
   */
  restore(
    members: SnapshotMembers,
    isOpen: (of: number) => boolean,
    onDue: (expiresAt: number, of: number) => void,
  ): void {
    this.#log.restore(members, (record, number) => {
      const { of, sequence, knownMicrocents, claimedMicrocents: claimed } = record;
      const cause = CAUSES[record.cause - 1];
      if (cause === undefined) throw new RangeError("a reservation is held for no known cause");
      if (!isOpen(of)) return false;
      const claimedMicrocents = claimed === NO_CLAIM ? undefined : claimed;
      const expiresAt = record.expiresAt === 0 ? undefined : record.expiresAt;
      this.#held.set(of, { sequence, cause, knownMicrocents, claimedMicrocents, expiresAt });
      if (expiresAt !== undefined) onDue(expiresAt, of);
      this.#numbers.set(of, number);
      return true;
    });
  }
}
