/**
 * One tenant's money, kept as three sums that only add up what entries say: what was granted (less what was withdrawn),
 * what reservations hold, and what calls were billed. Everything else follows from them:
 *
 *     free      = granted − reserved − billed
 *     remaining = what is free, or nothing          debt    = what is free below nothing
 *     settled   = billed − debt
 *
 * so a debt is paid first by whatever comes in or comes back, without a rule of its own. Microcents.
 * @module
 */
import { I64_MAX, type LimitEntry, type PeriodRule, type TenantBalances } from "@calybris/kernel";

export interface Period {
  readonly index: number;
  readonly startsAt: number;
  readonly endsAt: number;
}

/**
 * An account in one of its periods; money is given back to it only while that period lasts. What was there before the first
 * period goes into that: nothing ended when it began.
 */
export interface Pocket {
  readonly account: Account;
  period: Period | undefined;
}

export class Account implements TenantBalances {
  readonly tenant: string;
  /** Place among all, in the order of first limits, from 0. */
  readonly index: number;
  /** From the top level down to this one. */
  readonly levels: readonly Account[];
  limit: LimitEntry;
  grantedMicrocents = 0n;
  reservedMicrocents = 0n;
  billedMicrocents = 0n;
  /** What had been billed when the period began. */
  billedBeforeMicrocents = 0n;
  pocket: Pocket;
  /** Periods that ended. */
  endedCount = 0;
  /** Reservations that are open or held. */
  openCount = 0;
  /** The rule that the period began under; the limit may have another by now. */
  periodRule: PeriodRule | undefined;
  /** Whether the balances were as they must be when last looked at. */
  isSound = true;

  constructor(limit: LimitEntry, above: Account | undefined, index: number) {
    this.index = index;
    this.tenant = limit.tenant;
    this.limit = limit;
    this.levels = [...(above?.levels ?? []), this];
    this.pocket = { account: this, period: undefined };
  }

  get remainingMicrocents(): bigint {
    return positive(this.#free);
  }

  get debtMicrocents(): bigint {
    return positive(-this.#free);
  }

  get settledMicrocents(): bigint {
    return this.billedMicrocents - this.debtMicrocents;
  }

  /** The most that may be reserved. */
  get headroomMicrocents(): bigint {
    const cap = this.limit.exposureCapMicrocents;
    const underCap = cap === undefined ? this.#free : cap - this.reservedMicrocents;
    return positive(underCap < this.#free ? underCap : this.#free);
  }

  get #free(): bigint {
    return this.grantedMicrocents - this.reservedMicrocents - this.billedMicrocents;
  }

  /** Bills what is known of a call whose cost is not: that much is reserved no more. */
  billKnown(known: bigint): void {
    this.reservedMicrocents -= known;
    this.billedMicrocents += known;
  }

  /** Ends a reservation at what the call cost. */
  bill(pocket: Pocket, reserved: bigint, cost: bigint): void {
    this.reservedMicrocents -= reserved;
    this.billedMicrocents += cost;
    if (pocket !== this.pocket) this.grantedMicrocents -= positive(reserved - cost);
  }

  /** A call that was billed at `before` cost `cost` in truth. What was a debt is forgiven; nothing of it was ever paid. */
  billAgain(pocket: Pocket, before: bigint, cost: bigint): void {
    const paid = positive(before - cost - this.debtMicrocents);
    this.billedMicrocents += cost - before;
    if (pocket !== this.pocket) this.grantedMicrocents -= paid;
  }

  begin(period: Period, withdrawn: bigint, allotment: bigint): void {
    this.grantedMicrocents += allotment - withdrawn;
    this.billedBeforeMicrocents = this.billedMicrocents;
    this.periodRule = this.limit.period;
    if (this.pocket.period === undefined) this.pocket.period = period;
    else {
      this.pocket = { account: this, period };
      this.endedCount += 1;
    }
  }

  /** The balance that is out of its range, as words; `undefined` when all are in theirs. */
  get fault(): string | undefined {
    const { grantedMicrocents, reservedMicrocents, settledMicrocents, billedMicrocents } = this;
    if (grantedMicrocents < 0n || grantedMicrocents > I64_MAX) return `granted ${grantedMicrocents}`;
    if (reservedMicrocents < 0n) return `reserved ${reservedMicrocents}`;
    if (settledMicrocents < 0n) return `settled ${settledMicrocents}`;
    return billedMicrocents + reservedMicrocents > I64_MAX
      ? `billed and reserved ${billedMicrocents + reservedMicrocents}`
      : undefined;
  }

  /** The balances as a finding shows them. */
  get text(): string {
    const cap = this.limit.exposureCapMicrocents;
    const capText = cap === undefined ? "" : `, cap ${cap}`;
    return `remaining ${this.remainingMicrocents}, reserved ${this.reservedMicrocents}, debt ${this.debtMicrocents}${capText}`;
  }
}

function positive(amount: bigint): bigint {
  return amount > 0n ? amount : 0n;
}
