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
 * A account in one of its periods; money is given back to it only while that period lasts. What was there before the first
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
  granted = 0n;
  reserved = 0n;
  billed = 0n;
  /** What had been billed when the period began. */
  billedBefore = 0n;
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

  get remaining(): bigint {
    return positive(this.#free);
  }

  get debt(): bigint {
    return positive(-this.#free);
  }

  get settled(): bigint {
    return this.billed - this.debt;
  }

  /** The most that may be reserved. */
  get headroom(): bigint {
    const cap = this.limit.exposureCapMicrocents;
    const underCap = cap === undefined ? this.#free : cap - this.reserved;
    return positive(underCap < this.#free ? underCap : this.#free);
  }

  get #free(): bigint {
    return this.granted - this.reserved - this.billed;
  }

  /** Bills what is known of a call whose cost is not: that much is reserved no more. */
  billKnown(known: bigint): void {
    this.reserved -= known;
    this.billed += known;
  }

  /** Ends a reservation at what the call cost. */
  bill(pocket: Pocket, reserved: bigint, cost: bigint): void {
    this.reserved -= reserved;
    this.billed += cost;
    if (pocket !== this.pocket) this.granted -= positive(reserved - cost);
  }

  /** A call that was billed at `before` cost `cost` in truth. What was a debt is forgiven; nothing of it was ever paid. */
  billAgain(pocket: Pocket, before: bigint, cost: bigint): void {
    const paid = positive(before - cost - this.debt);
    this.billed += cost - before;
    if (pocket !== this.pocket) this.granted -= paid;
  }

  begin(period: Period, withdrawn: bigint, allotment: bigint): void {
    this.granted += allotment - withdrawn;
    this.billedBefore = this.billed;
    this.periodRule = this.limit.period;
    if (this.pocket.period === undefined) this.pocket.period = period;
    else {
      this.pocket = { account: this, period };
      this.endedCount += 1;
    }
  }

  /** The balance that is out of its range, as words; `undefined` when all are in theirs. */
  get fault(): string | undefined {
    const { granted, reserved, settled, billed } = this;
    if (granted < 0n || granted > I64_MAX) return `granted ${granted}`;
    if (reserved < 0n) return `reserved ${reserved}`;
    if (settled < 0n) return `settled ${settled}`;
    return billed + reserved > I64_MAX ? `billed and reserved ${billed + reserved}` : undefined;
  }

  /** The balances as a finding shows them. */
  get text(): string {
    const cap = this.limit.exposureCapMicrocents;
    const capText = cap === undefined ? "" : `, cap ${cap}`;
    return `remaining ${this.remaining}, reserved ${this.reserved}, debt ${this.debt}${capText}`;
  }
}

function positive(amount: bigint): bigint {
  return amount > 0n ? amount : 0n;
}
