/**
 * The ledger: a fold over the journal's entries that says who may spend what. Live, each entry is applied in the step that
 * orders it; after a restart the same function is applied to what was read back.
 *
 *     limit · grant · period ─▶ balances ◀─ decision (reserves) ◀─ settlement · release · hold · expiry ·
 *                                                                   reconciliation · correction · outcome that settles
 *
 * `refusalOf` says whether an entry may be ordered; `apply` orders nothing that it would refuse.
 * @module
 */
import {
  CalybrisError,
  DEFAULT_TENANT,
  type DecisionEntry,
  decisionIdOf,
  type EntryBody,
  type HoldEntry,
  invariant,
  type LedgerEntry,
  type LimitEntry,
  microcents,
  type PeriodEntry,
  type ReservationEntry,
  type Sha256,
  type SnapshotMembers,
} from "@calybris/kernel";
import type { SnapshotLine } from "../snapshot/line.ts";
import {
  type Account,
  correct,
  grant,
  newAccount,
  overflowOf,
  reserve,
  roomOf,
  settleKnown,
  settleTotal,
  unspent,
} from "./account.ts";
import { Cells, drive } from "./cells.ts";
import { afterPeriods, begin } from "./due-periods.ts";
import { ledgerStateTexts } from "./ledger-digest.ts";
import type { Granted } from "./ledger-snapshot.ts";
import { moneyOf } from "./outcome-money.ts";
import { isHeld, refusalOfKnown } from "./overruns.ts";
import {
  type Closed,
  type ClosedState,
  CLOSED_BY,
  mayFollow,
  type Open,
  type Part,
  Reservations,
  provenIdentity,
} from "./reservations.ts";
import { Tenants } from "./tenants.ts";
import type { Stage } from "../state/stage.ts";

const MICROSECONDS = 1_000_000;

export class Ledger implements Stage {
  readonly parts: readonly string[] = ["tenants", "grants", "open", "closed", "identities"];
  readonly cells: Cells = new Cells();
  readonly reservations: Reservations;
  readonly #tenants: Tenants = new Tenants();
  /** The parts of a new reservation, by tenant; until a period or a limit changes. */
  readonly #parts = new Map<Account, readonly Part[]>();
  /** A decision whose debit ran ahead of it. */
  #ahead: DecisionEntry | undefined;

  constructor(closedMax?: number) {
    this.reservations = new Reservations(closedMax);
  }

  get tenantCount(): number {
    return this.#tenants.count;
  }

  account(tenant: string): Account | undefined {
    return this.#tenants.get(tenant);
  }

  accounts(): readonly Account[] {
    return this.#tenants.accounts;
  }

  grantOf(id: string): Granted | undefined {
    return this.#tenants.grantOf(id);
  }

  /** The levels that a decision for a tenant reserves on, from the top down. */
  metered(account: Account): readonly Part[] {
    const known = this.#parts.get(account);
    if (known !== undefined) return known;
    const parts = account.path
      .filter(({ limit }) => limit.metered)
      .map((level) => ({ account: level, endedCount: level.endedCount }));
    this.#parts.set(account, parts);
    return parts;
  }

  /**
   * What a tenant has room for, debits that run ahead included; `undefined` when no level is metered.
   *
   * @param periods - those that begin first.
   */
  room(account: Account, periods: readonly PeriodEntry[] = []): bigint | undefined {
    let least: bigint | undefined;
    for (const { account: level } of this.metered(account)) {
      let room = this.cells.room(level.index);
      if (periods.length > 0) room += roomOf(afterPeriods(level, periods)) - roomOf(level);
      if (least === undefined || room < least) least = room;
    }
    return least === undefined || least > 0n ? least : 0n;
  }

  /** The cells of an account's metered levels. */
  cellsOf(account: Account): readonly number[] {
    return this.metered(account).map((part) => part.account.index);
  }

  /**
   * Whether a reservation that a worker debited ahead on `levels` may be ordered now. The room it saw may be gone: a
   * period, a lower cap or an overrun may have been ordered since. If not, the worker undoes its debit.
   */
  admits(account: Account, levels: readonly number[], amount: bigint): boolean {
    const parts = this.metered(account);
    return (
      parts.length === levels.length &&
      parts.every((part, level) => part.account.index === levels[level] && roomOf(part.account) >= amount)
    );
  }

  /** The next decision to be applied is one whose debit has already been made on the cells. */
  preDebited(entry: DecisionEntry): void {
    this.#ahead = entry;
  }

  /** Applies the next entry, or throws and changes nothing; kinds that are not about money change nothing. */
  apply(sequence: number, at: number, body: EntryBody): void {
    switch (body.kind) {
      case "decision":
        this.#decided(sequence, at, body);
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
  }

  /** Where any tenant has a limit. */
  *stateTexts(sequence: number, sha256: Sha256): Generator<string | Uint8Array> {
    if (this.tenantCount === 0) return;
    yield ',"ledger":';
    yield* ledgerStateTexts(this, sequence, sha256);
  }

  lateLines(): Generator<() => Uint8Array> {
    return this.reservations.lateLines();
  }

  *lines(): Generator<SnapshotLine> {
    yield* this.#tenants.lines();
    yield* this.reservations.lines();
  }

  restore(part: string, members: SnapshotMembers): void {
    if (part === "grants") this.#tenants.restoreGrants(members);
    else if (part !== "tenants") this.reservations.restore(part, members, this.#tenants.accounts);
    else
      this.#tenants.restoreAccounts(members, (account) => {
        this.cells.ensure(account.index);
        drive(this.cells.credit(account.index, roomOf(account)));
      });
  }

  /** What a closed reservation cost, as far back as it is remembered; `undefined` for one that is open, or none. */
  closedCost(of: number): bigint | undefined {
    return this.reservations.closed(of)?.actualMicrocents;
  }

  /** Whether a cost is held for an operator instead of settled: far beyond what was reserved, or a debt of another's. */
  isOverrun(of: number, actualMicrocents: bigint): boolean {
    const open = this.reservations.open(of);
    return open !== undefined && open.held === undefined && isHeld(open, actualMicrocents);
  }

  /**
   * Why an entry must not be ordered; `undefined` when it may.
   *
   * @param periods - those that begin first.
   */
  refusalOf(
    body: Exclude<LedgerEntry, LimitEntry | PeriodEntry>,
    periods: readonly PeriodEntry[] = [],
  ): CalybrisError | undefined {
    if (body.kind !== "grant") return this.#refusalOfMove(body);
    const account = this.#tenants.get(body.tenant);
    if (account === undefined) return new CalybrisError("CAL_LEDGER_TENANT_UNKNOWN", { tenant: body.tenant });
    if (!account.limit.metered) return new CalybrisError("CAL_LEDGER_TENANT_UNMETERED", { tenant: body.tenant });
    const before = this.#tenants.grantOf(body.id);
    if (before !== undefined)
      return new CalybrisError("CAL_LEDGER_ID_REUSED", { id: body.id, sequence: before.sequence });
    return overflow(afterPeriods(account, periods), body.amountMicrocents, 0n);
  }

  #refusalOfMove(body: ReservationEntry): CalybrisError | undefined {
    const open = this.reservations.open(body.of);
    const closed = this.reservations.closed(body.of);
    const found = open ?? closed;
    if (found === undefined) return new CalybrisError("CAL_LEDGER_RESERVATION_UNKNOWN", { decisionId: `${body.of}` });
    const state = open === undefined ? (closed as Closed).state : open.held === undefined ? "open" : "held";
    if (!mayFollow(state, body.kind)) {
      return new CalybrisError("CAL_LEDGER_RESERVATION_STATE", {
        decisionId: decisionIdOf(found.of, found.identity),
        operation: body.kind,
        state,
        sequence: closed?.sequence ?? open?.held?.sequence ?? body.of,
        actualMicrocents: closed?.actualMicrocents ?? (open as Open).amountMicrocents,
      });
    }
    if (body.kind === "hold") return open === undefined ? undefined : refusalOfKnown(open, body.knownMicrocents);
    if (!("actualMicrocents" in body)) return undefined;
    const more = body.actualMicrocents - (open?.amountMicrocents ?? (closed as Closed).actualMicrocents);
    if (more <= 0n) return undefined;
    for (const { account } of found.parts) {
      const refusal = overflow(account, 0n, more);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #decided(sequence: number, at: number, body: DecisionEntry): void {
    const isAhead = this.#ahead === body;
    this.#ahead = undefined;
    const tenant = this.#tenants.get(body.tenant ?? DEFAULT_TENANT);
    invariant(tenant === undefined || body.tenant !== undefined, "a decision names a tenant that has a limit");
    if (tenant === undefined || body.decision.action === "reject") return;
    const parts = this.metered(tenant);
    if (parts.length === 0) return;
    const amount: bigint = body.decision.costMicrocents;
    invariant(amount >= 0n, "nothing less than nothing is reserved");
    for (const { account } of parts) invariant(roomOf(account) >= amount, "every level has room for what is reserved");
    if (isAhead)
      for (const { account } of parts) {
        reserve(account, amount);
        this.#tenants.touch(account);
      }
    else
      this.#change(
        parts.map(({ account }) => account),
        (account) => reserve(account, amount),
      );
    this.reservations.add({
      of: sequence,
      identity: provenIdentity(body),
      tenant,
      parts,
      amountMicrocents: amount,
      expiresAt: at + (body.reservationSeconds ?? tenant.limit.reservationSeconds) * MICROSECONDS,
    });
  }

  #limited(limit: LimitEntry): void {
    const known = this.#tenants.get(limit.tenant);
    if (known !== undefined) {
      invariant(known.limit.parent === limit.parent, "a tenant keeps the level above it");
      this.#change([known], (account) => {
        account.limit = limit;
      });
      this.#parts.clear();
      return;
    }
    const parent = limit.parent === undefined ? undefined : this.#tenants.get(limit.parent);
    invariant((parent === undefined) === (limit.parent === undefined), "the level above is there first");
    const account = newAccount(this.#tenants.count, limit, parent);
    this.cells.ensure(account.index);
    this.#tenants.add(account);
    this.#parts.clear();
  }

  #granted(sequence: number, body: Extract<LedgerEntry, { kind: "grant" }>): void {
    this.#assertAllowed(body);
    this.#change([this.#tenants.get(body.tenant) as Account], (account) => grant(account, body.amountMicrocents));
    this.#tenants.grant({ id: body.id, sequence, tenant: body.tenant, amount: body.amountMicrocents });
  }

  #began(body: PeriodEntry): void {
    const account = this.#tenants.get(body.tenant);
    invariant(account !== undefined, "a period belongs to a tenant");
    invariant(body.index > (account.period?.index ?? 0), "the index of a period never falls");
    invariant(body.withdrawnMicrocents === unspent(account), "what is unspent is withdrawn");
    this.#change([account], (draft) => begin(draft, body));
    this.#parts.clear();
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
    const actual: bigint = "actualMicrocents" in body ? body.actualMicrocents : body.kind === "expiry" ? reserved : 0n;
    this.#change(accountsOf(open), (account, level) =>
      settleTotal(account, { reserved, known, endedCount: endedCountOf(open, level) }, actual),
    );
    this.#close(open, CLOSED_BY[body.kind], sequence, actual);
  }

  #held(open: Open, sequence: number, { cause, claimedMicrocents, knownMicrocents = NOTHING }: HoldEntry): void {
    invariant(
      claimedMicrocents === undefined || isHeld(open, claimedMicrocents),
      "a cost that is held as an overrun is far beyond its reservation, or what the levels of a tenant can cover",
    );
    this.#change(accountsOf(open), (account) => settleKnown(account, knownMicrocents));
    this.reservations.hold(open.of, { sequence, cause, claimedMicrocents, knownMicrocents });
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
    const { identity, tenant, parts } = of;
    this.reservations.close(of.of, { of: of.of, identity, tenant, parts, state, sequence, actualMicrocents });
  }

  /** Changes accounts, all of them or none, and each one's cell by as much as its room changed. */
  #change(accounts: readonly Account[], change: (draft: Account, level: number) => void): void {
    const drafts = accounts.map((account) => ({ ...account }));
    for (const [level, draft] of drafts.entries()) change(draft, level);
    for (const [level, account] of accounts.entries()) {
      const before = roomOf(account);
      Object.assign(account, drafts[level]);
      this.#tenants.touch(account);
      drive(this.cells.credit(account.index, roomOf(account) - before));
    }
  }

  #assertAllowed(body: Exclude<LedgerEntry, LimitEntry | PeriodEntry>): void {
    const refusal = this.refusalOf(body);
    invariant(refusal === undefined, `an entry of the ledger is one that may be, but ${refusal?.code}`);
  }
}

const NOTHING = microcents(0n);

function accountsOf({ parts }: Open | Closed): readonly Account[] {
  return parts.map(({ account }) => account);
}

function endedCountOf({ parts }: Open | Closed, level: number): number {
  return (parts[level] as Part).endedCount;
}

function overflow(account: Account, granted: bigint, charged: bigint): CalybrisError | undefined {
  const field = overflowOf(account, granted, charged);
  return field === undefined ? undefined : new CalybrisError("CAL_LEDGER_OVERFLOW", { tenant: account.tenant, field });
}
