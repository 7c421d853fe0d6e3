/**
 * The attempts of calls whose reservations are open or held. The decision of a call reserves for its first attempt; each
 * later attempt reserves on the same levels, in the period in which it begins. An attempt that ended at a known cost holds
 * nothing; one whose cost is unknown holds its reservation until the call is reconciled or expires.
 * @module
 */
import { exactInteger, invariant, SNAPSHOT_PAGE_RECORDS, type SnapshotMembers, writeExact } from "@calybris/kernel";
import type { SnapshotLine } from "../snapshot/line.ts";
import { ValueLines } from "../snapshot/value-lines.ts";

/** The amount reserved on one level, and the number of its periods that had ended at that time. */
export interface ReservedPart {
  readonly reservedMicrocents: bigint;
  readonly endedCount: number;
}

interface Attempt {
  readonly reservedMicrocents: bigint;
  /** Ended periods of each level that the call reserves on. */
  readonly endedCounts: readonly number[];
  readonly hasEnded: boolean;
  /** `undefined` while the cost is unknown. */
  readonly costMicrocents: bigint | undefined;
}

export class CallAttempts {
  readonly #attempts: readonly Attempt[];
  /** Cached JSON for state digests and snapshots: both read it at every rotation, and most calls have not changed. */
  #rowsText: string | undefined;
  #endedCountsText: string | undefined;

  constructor(attempts: readonly Attempt[]) {
    this.#attempts = attempts;
  }

  /** Number of attempts begun. */
  get count(): number {
    return this.#attempts.length;
  }

  /** Whether the first attempt is running and no other was begun. */
  get isFresh(): boolean {
    return this.#attempts.length === 1 && this.#attempts[0]?.hasEnded === false;
  }

  /** The most that all attempts may cost within their reservations. */
  get amountMicrocents(): bigint {
    return this.#sum(({ reservedMicrocents, costMicrocents }) =>
      costMicrocents === undefined ? reservedMicrocents : least(costMicrocents, reservedMicrocents),
    );
  }

  /** The part of the amount that is settled. */
  get knownMicrocents(): bigint {
    return this.#sum(({ reservedMicrocents, costMicrocents }) =>
      costMicrocents === undefined ? 0n : least(costMicrocents, reservedMicrocents),
    );
  }

  /** Known cost above the reservations, which is charged when the call ends. */
  get beyondMicrocents(): bigint {
    return this.#sum(({ reservedMicrocents, costMicrocents }) =>
      costMicrocents === undefined || costMicrocents < reservedMicrocents ? 0n : costMicrocents - reservedMicrocents,
    );
  }

  /** Whether an attempt has ended with a cost, or with one that is unknown. */
  get hasCost(): boolean {
    return this.#attempts.some(({ hasEnded, costMicrocents }) => hasEnded && costMicrocents !== 0n);
  }

  /** Cost of each attempt; `undefined` if unknown. */
  get costs(): readonly (bigint | undefined)[] {
    return this.#attempts.map(({ costMicrocents }) => costMicrocents);
  }

  /** Whether an attempt was begun and has not ended. */
  isRunning(number: number): boolean {
    return this.#attempts[number - 1]?.hasEnded === false;
  }

  /**
   * The parts still reserved on a level.
   *
   * @param known - the amount that a hold has settled.
   */
  partsOn(level: number, known: bigint): readonly ReservedPart[] {
    let left = known;
    const parts: ReservedPart[] = [];
    for (const { reservedMicrocents, endedCounts, costMicrocents } of this.#attempts) {
      if (costMicrocents !== undefined) continue;
      const taken = least(left, reservedMicrocents);
      left -= taken;
      parts.push({ reservedMicrocents: reservedMicrocents - taken, endedCount: endedCounts[level] ?? 0 });
    }
    return parts;
  }

  /** The part of one attempt on a level. */
  partOf(number: number, level: number): ReservedPart {
    const attempt = this.#attempts[number - 1];
    invariant(attempt !== undefined, "an attempt that ends was begun");
    return { reservedMicrocents: attempt.reservedMicrocents, endedCount: attempt.endedCounts[level] ?? 0 };
  }

  begun(reservedMicrocents: bigint, endedCounts: readonly number[]): CallAttempts {
    return new CallAttempts([
      ...this.#attempts,
      { reservedMicrocents, endedCounts, hasEnded: false, costMicrocents: undefined },
    ]);
  }

  ended(number: number, costMicrocents: bigint | undefined): CallAttempts {
    const attempts = this.#attempts.map((each, index) =>
      index === number - 1 ? { ...each, hasEnded: true, costMicrocents } : each,
    );
    return new CallAttempts(attempts);
  }

  /** `[reserved, cost]` of each attempt; cost −1 is unknown, −2 means that the attempt has not ended. */
  get rows(): readonly (readonly bigint[])[] {
    return this.#attempts.map(({ reservedMicrocents, hasEnded, costMicrocents }) => [
      reservedMicrocents,
      costMicrocents ?? (hasEnded ? -1n : -2n),
    ]);
  }

  /** Ended periods by attempt and level. */
  get endedCounts(): readonly (readonly number[])[] {
    return this.#attempts.map(({ endedCounts }) => endedCounts);
  }

  /** {@link rows} as JSON, without the outer brackets. */
  get rowsText(): string {
    this.#rowsText ??= writeExact(this.rows).slice(1, -1);
    return this.#rowsText;
  }

  get endedCountsText(): string {
    this.#endedCountsText ??= writeExact(this.endedCounts);
    return this.#endedCountsText;
  }

  #sum(of: (attempt: Attempt) => bigint): bigint {
    return this.#attempts.reduce((sum, attempt) => sum + of(attempt), 0n);
  }
}

const CALLS_IN_A_LINE: number = SNAPSHOT_PAGE_RECORDS.open;

export class CallTable {
  /** In the order of their decisions. */
  readonly #calls = new Map<number, CallAttempts>();
  readonly #lines: ValueLines<CallAttempts> = new ValueLines("calls", CALLS_IN_A_LINE, rowText);

  get size(): number {
    return this.#calls.size;
  }

  get(of: number): CallAttempts | undefined {
    return this.#calls.get(of);
  }

  set(of: number, attempts: CallAttempts): void {
    this.#calls.set(of, attempts);
  }

  delete(of: number): void {
    this.#calls.delete(of);
  }

  /** Sequences of their decisions, ascending. */
  get sequences(): readonly number[] {
    return [...this.#calls.keys()];
  }

  /** Canonical JSON: `[of, [reserved, cost], …]` of each call. */
  text(): string {
    return `[${Array.from(this.#calls, ([of, { rowsText }]) => `[${of},${rowsText}]`).join(",")}]`;
  }

  /** Its part of a state snapshot. */
  lines(): readonly SnapshotLine[] {
    return this.#lines.of(this.#calls);
  }

  /** Restores a line of a snapshot. Throws RangeError for an invalid line. */
  restore(members: SnapshotMembers): void {
    for (const row of members.objects("rows")) {
      const counts = row.integerLists("endedCounts");
      const attempts = row.list("attempts").map((given, index) => {
        const [reserved, cost] = Array.isArray(given) ? given.map(exactInteger) : [];
        const endedCounts = counts[index];
        if (reserved === undefined || cost === undefined || endedCounts === undefined || reserved < 0n || cost < -2n)
          throw new RangeError("an attempt of a call cannot be");
        const costMicrocents = cost < 0n ? undefined : cost;
        return { reservedMicrocents: reserved, endedCounts, hasEnded: cost !== -2n, costMicrocents };
      });
      if (attempts.length === 0) throw new RangeError("a call has no attempt");
      this.#calls.set(row.whole("of"), new CallAttempts(attempts));
    }
  }
}

function rowText(of: number, { rowsText, endedCountsText }: CallAttempts): string {
  return `{"of":${of},"attempts":[${rowsText}],"endedCounts":${endedCountsText}}`;
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
