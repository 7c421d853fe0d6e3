/**
 * The ledger: a fold over the journal's entries that determines how much each tenant may spend. Live, each entry is applied
 * in the step that orders it; after a restart the same function is applied to the entries read back.
 *
 *     limit · grant · period ─▶ balances ◀─ decision (reserves) ◀─ settlement · release · hold · expiry ·
 *                                                                   reconciliation · correction · outcome that settles
 *
 * `refusalOf` checks whether an entry may be ordered; `apply` throws for one that may not.
 * @module
 */
import {
  type AttemptEntry,
  type CalybrisError,
  DEFAULT_TENANT,
  type DecisionEntry,
  type EntryBody,
  type HoldEntry,
  invariant,
  type LedgerEntry,
  type LimitEntry,
  microcents,
  type PeriodEntry,
  type ReservationEntry,
  reservedFor,
  runningId,
  type Sha256,
  type SnapshotMembers,
} from "@calybris/kernel";
import type { SnapshotLine } from "../snapshot/line.ts";
import type { Stage } from "../state/stage.ts";
import {
  type Account,
  correct,
  grant,
  newAccount,
  reserve,
  reserveMore,
  headroomOf,
  settleKnown,
  settlePart,
  settleTotal,
  unspent,
} from "./account.ts";
import { Cells, drive } from "./cells.ts";
import { afterPeriods, begin } from "./due-periods.ts";
import { ledgerStateText } from "./ledger-digest.ts";
import type { Granted } from "./ledger-snapshot.ts";
import { MeteredLevels } from "./metered.ts";
import { moneyOf } from "./outcome-money.ts";
import { isHeld } from "./overruns.ts";
import { accountsOf, attemptFault, endedCountOf, refusalOfGrant, refusalOfMove } from "./refusals.ts";
import {
  CLOSED_BY,
  type Closed,
  type ClosedState,
  type NewReservation,
  type Open,
  type Part,
  provenIdentity,
  Reservations,
} from "./reservations.ts";
import { Tenants } from "./tenants.ts";

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

const MICROSECONDS = 1_000_000;

export class Ledger implements Stage {
  readonly parts: readonly string[] = ["tenants", "grants", "live", "open", "held", "calls", "closed", "identities"];
  readonly cells: Cells = new Cells();
  readonly reservations: Reservations;
  readonly #tenants: Tenants = new Tenants();
  readonly #metered = new MeteredLevels();
  /** The reservation being made; reused for the next, because its members are copied into columns. */
  #made: Writable<NewReservation> | undefined;
  /** A decision or an attempt whose debit was made ahead of it. */
  #ahead: DecisionEntry | AttemptEntry | undefined;

  constructor(closedMax?: number) {
    this.reservations = new Reservations(closedMax);
  }

  get tenantCount(): number {
    return this.#tenants.count;
  }

  account(tenant: string): Account | undefined {
    return this.#tenants.get(tenant);
  }

  readonly accounts = (): readonly Account[] => this.#tenants.accounts;
  readonly tenantStates = (): readonly string[] => this.#tenants.states();

  grantOf(id: string): Granted | undefined {
    return this.#tenants.grantOf(id);
  }

  /** The levels that a decision for a tenant reserves on, from the top down. */
  metered(account: Account): readonly Part[] {
    return this.#metered.of(account).parts;
  }

  /**
   * The headroom of a tenant, net of debits made ahead; `undefined` if no level is metered.
   *
   * @param periods - periods that begin first.
   */
  headroom(account: Account, periods: readonly PeriodEntry[] = []): bigint | undefined {
    let least: bigint | undefined;
    for (const { account: level } of this.metered(account)) {
      let headroom = this.cells.headroom(level.index);
      if (periods.length > 0) headroom += headroomOf(afterPeriods(level, periods)) - headroomOf(level);
      if (least === undefined || headroom < least) least = headroom;
    }
    return least === undefined || least > 0n ? least : 0n;
  }

  /** The cells of an account's metered levels. */
  cellsOf(account: Account): readonly number[] {
    return this.#metered.of(account).cells;
  }

  /**
   * Whether a reservation that a worker debited ahead on `levels` may be ordered now. The headroom may have shrunk since: by
   * a period, a lower cap or an overrun. If not, the worker undoes its debit.
   */
  admits(account: Account, levels: readonly number[], amount: bigint): boolean {
    const parts = this.metered(account);
    return (
      parts.length === levels.length &&
      parts.every((part, level) => part.account.index === levels[level] && headroomOf(part.account) >= amount)
    );
  }

  /** Announces that the debit of the next entry was already made on the cells. */
  preDebited(entry: DecisionEntry | AttemptEntry): void {
    this.#ahead = entry;
  }

  /** Applies the next entry, or throws and changes nothing; kinds that do not concern money change nothing. */
  apply(sequence: number, at: number, body: EntryBody): void {
    switch (body.kind) {
      case "decision":
        this.#decided(sequence, at, body);
        break;
      case "attempt":
        this.#attempted(body);
        break;
      case "limit":
        this.#limited(body);
        break;
      case "grant":
        this.#granted(sequence, body);
        break;
      case "period":
        this.#began(body);
        break;
      case "settlement":
      case "release":
      case "hold":
      case "expiry":
      case "reconciliation":
      case "correction":
        this.#moved(sequence, body);
        break;
      case "outcome": {
        const move = moneyOf(body);
        if (move !== undefined) this.#moved(sequence, move);
        break;
      }
      default:
        break;
    }
    this.reservations.reached(sequence);
  }

  /** Only if any tenant has a limit. */
  *stateTexts(sequence: number, sha256: Sha256): Generator<string> {
    if (this.tenantCount === 0) return;
    yield `,"ledger":${ledgerStateText(this, sequence, sha256)}`;
  }

  lateLines(): Generator<() => Uint8Array> {
    return this.reservations.lateLines();
  }

  *lines(): Generator<SnapshotLine> {
    yield* this.#tenants.lines();
    yield* this.reservations.lines();
  }

  restore(part: string, members: SnapshotMembers, sequence: number): void {
    if (part === "grants") this.#tenants.restoreGrants(members);
    else if (part !== "tenants") this.reservations.restore(part, members, this.#tenants.accounts, sequence);
    else
      this.#tenants.restoreAccounts(members, (account) => {
        this.cells.ensure(account.index);
        drive(this.cells.credit(account.index, headroomOf(account)));
      });
  }

  /** The cost of a closed reservation, as long as it is remembered; `undefined` for an open or unknown one. */
  closedCost(of: number): bigint | undefined {
    return this.reservations.closed(of)?.actualMicrocents;
  }

  /** Whether a cost is held for an operator instead of settled; see {@link isHeld}. */
  isOverrun(of: number, actualMicrocents: bigint): boolean {
    const open = this.reservations.open(of);
    return open !== undefined && open.held === undefined && isHeld(open, actualMicrocents);
  }

  /**
   * The error that forbids ordering an entry; `undefined` if it may be ordered.
   *
   * @param periods - periods that begin first.
   */
  refusalOf(
    body: Exclude<LedgerEntry, LimitEntry | PeriodEntry>,
    periods: readonly PeriodEntry[] = [],
  ): CalybrisError | undefined {
    return body.kind === "grant"
      ? refusalOfGrant(this.#tenants, body, periods)
      : refusalOfMove(this.reservations, body);
  }

  #decided(sequence: number, at: number, body: DecisionEntry): void {
    const isAhead = this.#ahead === body;
    this.#ahead = undefined;
    const tenant = this.#tenants.get(body.tenant ?? DEFAULT_TENANT);
    invariant(tenant === undefined || body.tenant !== undefined, "a decision names a tenant that has a limit");
    if (tenant === undefined || runningId(body) === 0) return;
    const parts = this.metered(tenant);
    if (parts.length === 0) return;
    const amount = reservedFor(body);
    invariant(
      body.acted === undefined || body.reservedMicrocents !== undefined,
      "what is reserved for a candidate that was not selected is stated",
    );
    invariant(amount >= 0n, "nothing less than nothing is reserved");
    this.#take(parts, amount, reserve, isAhead);
    this.#made ??= { of: 0, identity: 0, account: tenant, parts, amountMicrocents: amount, expiresAt: 0 };
    const made = this.#made;
    made.of = sequence;
    made.identity = provenIdentity(body);
    made.account = tenant;
    made.parts = parts;
    made.amountMicrocents = amount;
    made.expiresAt = at + (body.reservationSeconds ?? tenant.limit.reservationSeconds) * MICROSECONDS;
    this.reservations.add(made, body.basis !== undefined);
  }

  /** An attempt moves no money if its call reserved nothing, or if the reservation is no longer open. */
  #attempted(body: AttemptEntry): void {
    const isAhead = this.#ahead === body;
    this.#ahead = undefined;
    const fault = attemptFault(this.reservations, body);
    invariant(fault === undefined, `an attempt follows from those before it, but ${fault}`);
    const open = this.reservations.open(body.of);
    const attempts = this.reservations.call(body.of);
    if (open === undefined || open.held !== undefined || attempts === undefined) return;
    const accounts = accountsOf(open);
    if (body.change === "ended") {
      const { number, costMicrocents: cost } = body;
      if (cost !== undefined)
        this.#change(accounts, (account, level) => {
          const part = attempts.partOf(number, level);
          settlePart(account, part, cost < part.reservedMicrocents ? cost : part.reservedMicrocents);
        });
      this.reservations.attempted(body.of, attempts.ended(number, cost));
      return;
    }
    const { reservedMicrocents: amount } = body;
    this.#take(open.parts, amount, reserveMore, isAhead);
    const endedCounts = accounts.map(({ endedCount }) => endedCount);
    this.reservations.attempted(body.of, attempts.begun(amount, endedCounts));
  }

  /** Reserves on every level. If the debit ran ahead, the cells already include it. */
  #take(parts: readonly Part[], amount: bigint, how: typeof reserve, isAhead: boolean): void {
    for (const { account } of parts)
      invariant(headroomOf(account) >= amount, "every level has headroom for what is reserved");
    if (isAhead)
      for (const { account } of parts) {
        how(account, amount);
        this.#tenants.touch(account);
      }
    else
      this.#change(
        parts.map(({ account }) => account),
        (account) => how(account, amount),
      );
  }

  #limited(limit: LimitEntry): void {
    const known = this.#tenants.get(limit.tenant);
    if (known !== undefined) {
      invariant(known.limit.parent === limit.parent, "a tenant keeps the level above it");
      this.#change([known], (account) => {
        account.limit = limit;
      });
      this.#metered.clear();
      return;
    }
    const parent = limit.parent === undefined ? undefined : this.#tenants.get(limit.parent);
    invariant((parent === undefined) === (limit.parent === undefined), "the level above is there first");
    const account = newAccount(this.#tenants.count, limit, parent);
    this.cells.ensure(account.index);
    this.#tenants.add(account);
    this.#metered.clear();
  }

  #granted(sequence: number, body: Extract<LedgerEntry, { kind: "grant" }>): void {
    this.#assertAllowed(body);
    this.#change([this.#tenants.get(body.tenant) as Account], (account) => grant(account, body.amountMicrocents));
    this.#tenants.grant({ id: body.id, sequence, tenant: body.tenant, amountMicrocents: body.amountMicrocents });
  }

  #began(body: PeriodEntry): void {
    const account = this.#tenants.get(body.tenant);
    invariant(account !== undefined, "a period belongs to a tenant");
    invariant(body.index > (account.period?.index ?? 0), "the index of a period never falls");
    invariant(body.withdrawnMicrocents === unspent(account), "what is unspent is withdrawn");
    this.#change([account], (draft) => begin(draft, body));
    this.#metered.clear();
  }

  #moved(sequence: number, body: ReservationEntry): void {
    this.#assertAllowed(body);
    const open = this.reservations.open(body.of);
    if (open === undefined) {
      this.#corrected(sequence, body);
      return;
    }
    if (body.kind === "hold") {
      this.#held(open, sequence, body);
      return;
    }
    invariant(
      body.kind !== "settlement" || !isHeld(open, body.actualMicrocents),
      "a cost far beyond its reservation is held, and one that the levels of a tenant cannot cover",
    );
    const { amountMicrocents: reserved, knownMicrocents: known } = open;
    const attempts = this.reservations.call(body.of);
    const full = reserved + (attempts?.beyondMicrocents ?? 0n);
    const actual: bigint = "actualMicrocents" in body ? body.actualMicrocents : body.kind === "expiry" ? full : 0n;
    this.#change(accountsOf(open), (account, level) => {
      const endedCount = endedCountOf(open, level);
      const parts = attempts?.partsOn(level, known - attempts.knownMicrocents) ?? [
        { reservedMicrocents: reserved - known, endedCount },
      ];
      settleTotal(account, { parts, known, endedCount }, actual);
    });
    this.#close(open, CLOSED_BY[body.kind], sequence, actual);
  }

  #held(open: Open, sequence: number, entry: HoldEntry): void {
    const { cause, claimedMicrocents, knownMicrocents = NOTHING, expiresAt } = entry;
    invariant(
      claimedMicrocents === undefined || isHeld(open, claimedMicrocents),
      "a cost that is held as an overrun is far beyond its reservation, or what the levels of a tenant can cover",
    );
    this.#change(accountsOf(open), (account) => settleKnown(account, knownMicrocents));
    this.reservations.hold(open.of, { sequence, cause, claimedMicrocents, knownMicrocents, expiresAt });
  }

  #corrected(sequence: number, body: ReservationEntry): void {
    const closed = this.reservations.closed(body.of);
    invariant(closed !== undefined && body.kind === "correction", "only what is settled is corrected");
    this.#change(accountsOf(closed), (account, level) =>
      correct(account, closed.actualMicrocents, endedCountOf(closed, level), body.actualMicrocents),
    );
    this.#close(closed, "corrected", sequence, body.actualMicrocents);
  }

  #close(of: Open | Closed, state: ClosedState, sequence: number, actualMicrocents: bigint): void {
    const { identity, account, parts } = of;
    this.reservations.close(of.of, { of: of.of, identity, account, parts, state, sequence, actualMicrocents });
  }

  /** Changes accounts, all or none, and adjusts each one's cell by its change in headroom. */
  #change(accounts: readonly Account[], change: (draft: Account, level: number) => void): void {
    const drafts = accounts.map((account) => ({ ...account }));
    for (const [level, draft] of drafts.entries()) change(draft, level);
    for (const [level, account] of accounts.entries()) {
      const before = headroomOf(account);
      Object.assign(account, drafts[level]);
      this.#tenants.touch(account);
      drive(this.cells.credit(account.index, headroomOf(account) - before));
    }
  }

  #assertAllowed(body: Exclude<LedgerEntry, LimitEntry | PeriodEntry>): void {
    const refusal = this.refusalOf(body);
    invariant(refusal === undefined, `an entry of the ledger is one that may be, but ${refusal?.code}`);
  }
}

const NOTHING = microcents(0n);
