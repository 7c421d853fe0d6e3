/**
 * One tenant's money, as three sums that only add up the entries: granted (less withdrawn), reserved and billed. Everything
 * else is derived from them:
 *
 *     free      = granted − reserved − billed
 *     remaining = free, at least 0         debt      = −free, at least 0
 *     settled   = billed − debt
 *
 * so a debt is paid first by incoming or returned money, without a rule for it. In microcents.
 * @module
 */
import { I64_MAX, type LimitEntry, type PeriodRule, type TenantBalances } from "@calybris/kernel";

export interface Period {
  readonly index: number;
  readonly startsAt: number;
  readonly endsAt: number;
}

/**
 * An account in one of its periods. Money is returned to a pocket only while its period lasts. The balance before the first
 * period goes into the first period, because no period ended when it began.
 */
export interface Pocket {
  readonly account: Account;
  period: Period | undefined;
}

export class Account implements TenantBalances {
  readonly tenant: string;
  /** Index among all accounts, in the order of first limits, from 0. */
  readonly index: number;
  /** From the top level down to this one. */
  readonly levels: readonly Account[];
  limit: LimitEntry;
  grantedMicrocents = 0n;
  reservedMicrocents = 0n;
  billedMicrocents = 0n;
  /** Amount billed when the period began. */
  billedBeforeMicrocents = 0n;
  pocket: Pocket;
  /** Number of periods that ended. */
  endedCount = 0;
  /** Number of reservations that are open or held. */
  openCount = 0;
  /** The rule under which the period began. The limit's present rule may differ. */
  periodRule: PeriodRule | undefined;
  /** Whether the balances were valid at the last check. */
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

  /** The largest amount that may be reserved. */
  get headroomMicrocents(): bigint {
    const cap = this.limit.exposureCapMicrocents;
    const underCap = cap === undefined ? this.#free : cap - this.reservedMicrocents;
    return positive(underCap < this.#free ? underCap : this.#free);
  }

  get #free(): bigint {
    return this.grantedMicrocents - this.reservedMicrocents - this.billedMicrocents;
  }

  /** Bills the known part of a call whose cost is not yet known; that part is no longer reserved. */
  billKnown(known: bigint): void {
    this.reservedMicrocents -= known;
    this.billedMicrocents += known;
  }

  /** Ends a reservation with the call's cost. */
  bill(pocket: Pocket, reserved: bigint, cost: bigint): void {
    this.reservedMicrocents -= reserved;
    this.billedMicrocents += cost;
    if (pocket !== this.pocket) this.grantedMicrocents -= positive(reserved - cost);
  }

  /** Corrects a call that was billed at `before` to `cost`. The part that was a debt is forgiven: it was never paid. */
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

  /** A description of the balance that is out of range; `undefined` if all are in range. */
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
