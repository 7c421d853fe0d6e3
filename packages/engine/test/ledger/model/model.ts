/**
 * The simplest ledger that could be right. A tenant is three sums, and everything else follows from them:
 *
 *     granted     what came in, less what periods withdrew
 *     reserved    open and held reservations
 *     billed      what settled ones cost
 *
 *     left = granted − reserved − billed;  remaining = left and no debt, or nothing and a debt of −left
 *     settled = billed − debt
 *
 * Written from the design, not from the code: nothing of the ledger is imported here.
 * @module
 */
const MAX = 2n ** 63n - 1n;
const US_PER_SECOND = 1_000_000;
const DAY_MS = 86_400_000;

export interface ModelTenant {
  readonly name: string;
  readonly path: readonly ModelTenant[];
  limit: ModelLimit;
  granted: bigint;
  reserved: bigint;
  billed: bigint;
  period: { readonly index: number; readonly endsAt: number } | undefined;
  billedBefore: bigint;
}

/** What a tenant may do. Periods are UTC's. */
export interface ModelLimit {
  readonly tenant: string;
  readonly parent?: string;
  readonly metered: boolean;
  readonly exposureCapMicrocents?: bigint;
  readonly period?: { readonly every: string; readonly allotmentMicrocents: bigint };
  readonly onShortfall: string;
  readonly reservationSeconds: number;
  readonly overrunFactor?: number;
  readonly overrunFloorMicrocents?: bigint;
}

type Kind = "settlement" | "release" | "hold" | "reconciliation" | "correction";

interface Reservation {
  readonly number: number;
  readonly tenant: ModelTenant;
  readonly levels: readonly { readonly level: ModelTenant; readonly period: number }[];
  readonly amount: bigint;
  readonly expiresAt: number;
  /** Why it is held, what of it was settled at once, and what is claimed. */
  cause: string | undefined;
  known: bigint;
  claimed: bigint | undefined;
  state: "open" | "held" | "settled" | "released" | "expired" | "reconciled" | "corrected";
  actual: bigint;
}

/** A refusal by its code. */
export class Refused extends Error {}

export class LedgerModel {
  readonly tenants: Map<string, ModelTenant> = new Map();
  /** By the number that {@link LedgerModel.reserve} gave. */
  readonly reservations: Map<number, Reservation> = new Map();
  /** Entries ordered. */
  entries = 0;
  refusesNext = 0;
  now: number;
  at = 0;
  readonly #grants = new Map<string, { readonly tenant: string; readonly amount: bigint }>();
  readonly #closed: number[] = [];
  readonly #closedMax: number;
  #numbers = 0;

  constructor(now: number, closedMax: number) {
    this.now = now;
    this.#closedMax = closedMax;
  }

  /** Journal time: a clock that goes back does not take it along. */
  get journalNow(): number {
    return Math.max(this.at, this.now);
  }

  /** Limits in the order given; those that are active already change nothing. Returns the tenants that changed. */
  apply(limits: readonly ModelLimit[]): readonly string[] {
    const moved = limits.some((limit) => {
      const known = this.tenants.get(limit.tenant);
      return known !== undefined && known.limit.parent !== limit.parent;
    });
    if (moved) throw new Refused("CAL_BUDGETS_INVALID");
    const changed = limits.filter((limit) => !isSame(this.tenants.get(limit.tenant)?.limit, limit));
    for (const limit of changed) {
      this.#order();
      const known = this.tenants.get(limit.tenant);
      if (known === undefined) this.#add(limit);
      else known.limit = limit;
      this.#roll(this.tenants.get(limit.tenant) as ModelTenant);
    }
    return changed.map(({ tenant }) => tenant);
  }

  /** Whether the same was granted before. */
  grant(tenant: string, amount: bigint, id: string): boolean {
    const before = this.#grants.get(id);
    if (before !== undefined && before.tenant === tenant && before.amount === amount) return true;
    const found = this.tenants.get(tenant);
    if (found === undefined) throw new Refused("CAL_LEDGER_TENANT_UNKNOWN");
    if (!found.limit.metered) throw new Refused("CAL_LEDGER_TENANT_UNMETERED");
    if (before !== undefined) throw new Refused("CAL_LEDGER_ID_REUSED");
    if (this.#grantedAfterRoll(found) + amount > MAX) throw new Refused("CAL_LEDGER_OVERFLOW");
    this.#roll(found);
    this.#order();
    found.granted += amount;
    this.#grants.set(id, { tenant, amount });
    return false;
  }

  /** What a tenant could reserve now, its periods begun; `undefined` when nobody limits it. */
  roomAfterRoll(tenant: string): bigint | undefined {
    const found = this.tenants.get(tenant);
    if (found === undefined) throw new Refused("CAL_LEDGER_TENANT_UNKNOWN");
    this.#roll(found);
    const rooms = metered(found).map(headroomOf);
    return rooms.length === 0 ? undefined : rooms.reduce((least, headroom) => (headroom < least ? headroom : least));
  }

  /** The number of a reservation, 0 for one that nobody limits, nothing when there is no headroom. */
  reserve(tenant: string, amount: bigint, seconds: number | undefined): number | undefined {
    const headroom = this.roomAfterRoll(tenant);
    if (headroom !== undefined && amount > headroom) return undefined;
    this.#order();
    const found = this.tenants.get(tenant) as ModelTenant;
    const levels = metered(found).map((level) => ({ level, period: level.period?.index ?? 0 }));
    if (levels.length === 0) return 0;
    for (const { level } of levels) level.reserved += amount;
    this.#numbers += 1;
    const expiresAt = this.at + (seconds ?? found.limit.reservationSeconds) * US_PER_SECOND;
    const number = this.#numbers;
    this.reservations.set(number, {
      number,
      tenant: found,
      levels,
      amount,
      expiresAt,
      state: "open",
      actual: amount,
      cause: undefined,
      known: 0n,
      claimed: undefined,
    });
    return number;
  }

  /** Whether the same was done before. */
  move(kind: Kind, number: number, { tenant, actual, cause, known = 0n }: ModelMove): boolean {
    const found = this.reservations.get(number);
    if (found === undefined) throw new Refused("CAL_LEDGER_RESERVATION_UNKNOWN");
    if (tenant !== undefined && tenant !== found.tenant.name) throw new Refused("CAL_LEDGER_RESERVATION_FOREIGN");
    const cost = kind === "release" ? 0n : actual;
    if (kind === "settlement" && found.state === "held" && found.claimed === actual) return true;
    const isSame = kind === "hold" ? found.cause === cause && found.known === known : found.actual === cost;
    if (found.state === AFTER[kind] && isSame) return true;
    if (!BEFORE[kind].includes(found.state)) throw new Refused("CAL_LEDGER_RESERVATION_STATE");
    if (kind === "hold") {
      if (known > found.amount) throw new Refused("CAL_LEDGER_INVALID");
      this.#hold(found, cause, known);
      return false;
    }
    if (kind === "settlement" && isBeyond(found, actual)) {
      this.#hold(found, "overrun", 0n);
      found.claimed = actual;
      return false;
    }
    const isOpen = found.state === "open" || found.state === "held";
    for (const { level } of found.levels) {
      const more = cost - found.actual;
      if (more > 0n && level.billed + level.reserved + more > MAX) throw new Refused("CAL_LEDGER_OVERFLOW");
    }
    this.#order();
    if (isOpen) this.#close(found, cost);
    else this.#correct(found, cost);
    this.#closeAs(found, AFTER[kind], cost);
    return false;
  }

  /** Settles in full what is overdue; returns how many. */
  sweep(): number {
    let count = 0;
    for (;;) {
      const [due] = [...this.reservations.values()]
        .filter(({ state, expiresAt }) => (state === "open" || state === "held") && expiresAt <= this.journalNow)
        .sort((a, b) => a.expiresAt - b.expiresAt || a.number - b.number);
      if (due === undefined) return count;
      this.#order();
      this.#close(due, due.amount);
      this.#closeAs(due, "expired", due.amount);
      count += 1;
    }
  }

  #hold(found: Reservation, cause: string | undefined, known: bigint): void {
    this.#order();
    found.state = "held";
    found.cause = cause;
    found.known = known;
    for (const { level } of found.levels) {
      level.reserved -= known;
      level.billed += known;
    }
  }

  /** What is known is billed already; a total below it is closed at what is known, and corrected. */
  #close(reservation: Reservation, cost: bigint): void {
    const { levels, amount, known } = reservation;
    const least = cost < known ? known : cost;
    for (const { level, period } of levels) {
      level.reserved -= amount - known;
      level.billed += least - known;
      if (least < amount && isOver(level, period)) level.granted -= amount - least;
    }
    if (cost < known) this.#correct({ ...reservation, actual: known }, cost);
  }

  /** Less billed pays a debt first; of a period that is over, what is beyond the debt is withdrawn. */
  #correct({ levels, actual }: Reservation, cost: bigint): void {
    for (const { level, period } of levels) {
      const back = actual - cost;
      if (back > 0n && isOver(level, period)) {
        const debt = debtOf(level);
        if (back > debt) level.granted -= back - debt;
      }
      level.billed -= back;
    }
  }

  #closeAs(reservation: Reservation, state: Reservation["state"], actual: bigint): void {
    const before = this.#closed.indexOf(reservation.number);
    if (before >= 0) this.#closed.splice(before, 1);
    this.#closed.push(reservation.number);
    reservation.state = state;
    reservation.actual = actual;
    if (this.#closed.length > this.#closedMax) this.reservations.delete(this.#closed.shift() as number);
  }

  /** What would be granted once the period that is due has begun. */
  #grantedAfterRoll(tenant: ModelTenant): bigint {
    const { limit, period } = tenant;
    if (limit.period === undefined || (period !== undefined && this.journalNow < period.endsAt)) return tenant.granted;
    const kept = period === undefined ? tenant.granted : tenant.granted - remainingOf(tenant);
    const fits = MAX - kept;
    return kept + (limit.period.allotmentMicrocents < fits ? limit.period.allotmentMicrocents : fits);
  }

  #roll(tenant: ModelTenant): void {
    for (const level of tenant.path) {
      const rule = level.limit.period;
      const last = level.period;
      if (rule === undefined || (last !== undefined && this.journalNow < last.endsAt)) continue;
      this.#order();
      const number = periodNumber(rule.every, this.journalNow);
      const skipped = last === undefined ? 0 : Math.max(0, number - periodNumber(rule.every, last.endsAt));
      level.billedBefore = level.billed;
      if (last !== undefined) level.granted -= remainingOf(level);
      const fits = MAX - level.granted;
      level.granted += rule.allotmentMicrocents < fits ? rule.allotmentMicrocents : fits;
      level.period = { index: (last?.index ?? 0) + 1 + skipped, endsAt: periodStart(rule.every, number + 1) };
    }
  }

  #add(limit: ModelLimit): void {
    const above = limit.parent === undefined ? [] : (this.tenants.get(limit.parent) as ModelTenant).path;
    const path: ModelTenant[] = [...above];
    const sums = { granted: 0n, reserved: 0n, billed: 0n, billedBefore: 0n };
    const tenant: ModelTenant = { name: limit.tenant, path, limit, period: undefined, ...sums };
    path.push(tenant);
    this.tenants.set(limit.tenant, tenant);
  }

  #order(): void {
    if (this.refusesNext > 0) {
      this.refusesNext -= 1;
      throw new Refused("CAL_JOURNAL_OVERLOADED");
    }
    this.entries += 1;
    this.at = this.journalNow;
  }
}

/** What a command about a reservation says. */
export interface ModelMove {
  readonly tenant: string | undefined;
  readonly actual: bigint;
  readonly cause: string | undefined;
  readonly known?: bigint;
}

/**
 * More than so many times what was reserved, and more than a dollar, unless the limit says otherwise; or a debt where
 * a level above has limits too.
 */
function isBeyond({ tenant, amount, levels }: Reservation, cost: bigint): boolean {
  const { overrunFactor = 10, overrunFloorMicrocents = 100_000_000n } = tenant.limit;
  const isShared = levels.some(({ level }) => level !== tenant);
  if (isShared && cost > amount && levels.some(({ level }) => remainingOf(level) < cost - amount)) return true;
  return cost > overrunFloorMicrocents && cost > amount * BigInt(overrunFactor);
}

const AFTER: Readonly<Record<Kind, Reservation["state"]>> = {
  settlement: "settled",
  release: "released",
  hold: "held",
  reconciliation: "reconciled",
  correction: "corrected",
};

const BEFORE: Readonly<Record<Kind, readonly Reservation["state"][]>> = {
  settlement: ["open"],
  release: ["open"],
  hold: ["open"],
  reconciliation: ["held"],
  correction: ["settled", "expired", "reconciled", "corrected"],
};

export function remainingOf({ granted, reserved, billed }: ModelTenant): bigint {
  const left = granted - reserved - billed;
  return left > 0n ? left : 0n;
}

export function debtOf({ granted, reserved, billed }: ModelTenant): bigint {
  const left = granted - reserved - billed;
  return left < 0n ? -left : 0n;
}

export function headroomOf(tenant: ModelTenant): bigint {
  const remaining = remainingOf(tenant);
  const cap = tenant.limit.exposureCapMicrocents;
  if (cap === undefined || cap - tenant.reserved > remaining) return remaining;
  return cap > tenant.reserved ? cap - tenant.reserved : 0n;
}

function metered(tenant: ModelTenant): readonly ModelTenant[] {
  return tenant.path.filter(({ limit }) => limit.metered);
}

/** What was reserved before the first period, which is number 1, lasts as long as that. */
function isOver(level: ModelTenant, period: number): boolean {
  return (level.period?.index ?? 0) > Math.max(period, 1);
}

/** Periods of a length, counted from a start that all times come after. */
function periodNumber(every: string, us: number): number {
  const ms = us / 1_000;
  const date = new Date(ms);
  switch (every) {
    case "day":
      return Math.floor(ms / DAY_MS);
    case "week":
      return Math.floor((ms / DAY_MS + 3) / 7);
    case "month":
      return date.getUTCFullYear() * 12 + date.getUTCMonth();
    default:
      return date.getUTCFullYear() * 4 + Math.floor(date.getUTCMonth() / 3);
  }
}

function periodStart(every: string, number: number): number {
  switch (every) {
    case "day":
      return number * DAY_MS * 1_000;
    case "week":
      return (number * 7 - 3) * DAY_MS * 1_000;
    case "month":
      return Date.UTC(Math.floor(number / 12), number % 12) * 1_000;
    default:
      return Date.UTC(Math.floor(number / 4), (number % 4) * 3) * 1_000;
  }
}

function isSame(a: ModelLimit | undefined, b: ModelLimit): boolean {
  const plain = (limit: ModelLimit): string =>
    JSON.stringify(limit, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  return a !== undefined && plain(a) === plain(b);
}
