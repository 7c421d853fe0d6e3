/**
 * The money of a journal, folded from its entries alone and by independent rules. A test compares every balance with the
 * engine's after every entry. If the engine would refuse an entry, this fold reports it, applies the rules instead and
 * continues, so that one fault is one finding where possible.
 *
 * Memory grows with tenants, grants and open reservations. The latest 262,144 closed ones are kept, in 69 to 85 bytes each.
 * @module
 */
import {
  type AttemptEntry,
  DEFAULT_TENANT,
  type DecisionEntry,
  type EntryBody,
  type GrantEntry,
  I64_MAX,
  LEVELS_MAX,
  type LimitEntry,
  type OPEN_RECORDS,
  type OutcomeEntry,
  type PeriodEntry,
  RESERVATION_SECONDS_MAX,
  type ReservationEntry,
  reservedFor,
  runningId,
  type Sha256,
  type SnapshotMembers,
  toUtf8,
  type OnShortfall,
} from "@calybris/kernel";
import { restoredAttempts } from "./attempts.ts";
import { takeAttempt } from "./attempt-check.ts";
import { billMove } from "./claim-bill.ts";
import { STEPS } from "./claim.ts";
import { Claims } from "./claims.ts";
import { periodFaults } from "./period-check.ts";
import { look, lookForPeriod, accountsOf, parentText, quote, reserve } from "./account-check.ts";
import { decisionIdOf, openClaim, restoredAccount } from "./restored-money.ts";
import { ClosedPart } from "./closed-part.ts";
import { callLines, GrantsPart, tenantLines } from "./money-part.ts";
import { checkOverrun } from "./overrun-check.ts";
import { OpenPages } from "./open-pages.ts";
import { type Pocket, Account } from "./account.ts";
import type { Report } from "./report.ts";

const US_PER_SECOND = 1_000_000;

/** The amount that a tenant could reserve now, `undefined` if nothing limits it, and the rule for a request for more. */
export interface Standing {
  readonly headroomMicrocents: bigint | undefined;
  readonly onShortfall: OnShortfall;
}

/** The standing of a tenant without a limit. */
export const UNMETERED: Standing = { headroomMicrocents: undefined, onShortfall: "substitute" };

export class MoneyFold {
  readonly claims: Claims;
  readonly open: OpenPages = new OpenPages();
  readonly #granted: GrantsPart;
  readonly #closed: ClosedPart;
  readonly #accounts = new Map<string, Account>();
  /** The same accounts, in the order in which they were first limited. */
  readonly #list: Account[] = [];
  /** Sequences of grants, by grant id. */
  readonly grants: Map<string, number> = new Map();
  /** The pockets that a tenant's decision reserves from, until a limit or a period changes. */
  readonly #reach = new Map<Account, readonly Pocket[]>();

  constructor(sha256: Sha256, closedMax?: number) {
    this.#granted = new GrantsPart(sha256);
    this.#closed = new ClosedPart(sha256, (place) => this.#list[place], closedMax);
    this.claims = new Claims(this.#closed);
  }

  /** SHA-256 of each money line of a snapshot, in order. */
  *snapshotDigests(sha256: Sha256): Generator<Uint8Array> {
    for (const line of tenantLines(this.accounts)) yield sha256(toUtf8(line));
    yield* this.#granted.digests();
    yield* this.open.digests(sha256);
    for (const line of callLines(this.claims.open)) yield sha256(toUtf8(line));
    yield* this.#closed.digests();
  }

  /** In the order in which they were first limited. */
  get accounts(): readonly Account[] {
    return this.#list;
  }

  get isEmpty(): boolean {
    return this.#accounts.size === 0;
  }

  /** The standing of a tenant; `undefined` for an unknown tenant. */
  standing(tenant: string): Standing | undefined {
    const account = this.#accounts.get(tenant);
    if (account === undefined) return undefined;
    let headroomMicrocents: bigint | undefined;
    for (const { account: level } of this.#pockets(account))
      if (headroomMicrocents === undefined || level.headroomMicrocents < headroomMicrocents)
        headroomMicrocents = level.headroomMicrocents;
    return { headroomMicrocents, onShortfall: account.limit.onShortfall };
  }

  /** Takes the next entry; kinds without money change nothing. */
  take(sequence: number, at: number, body: EntryBody, report: Report): void {
    switch (body.kind) {
      case "limit":
        this.#limit(body, report);
        break;
      case "grant":
        this.#grant(sequence, at, body, report);
        break;
      case "period":
        this.#period(at, body, report);
        break;
      case "decision":
        this.#decision(sequence, at, body, report);
        break;
      case "attempt":
        this.#attempt(at, body, report);
        break;
      case "settlement":
      case "release":
      case "hold":
      case "expiry":
      case "reconciliation":
      case "correction":
        this.#move(sequence, at, body, report);
        break;
      case "outcome":
        this.#outcome(sequence, at, body, report);
        break;
      default:
        break;
    }
    this.open.reached(sequence);
  }

  /** Restores a tenant of a snapshot. */
  restoreTenant(row: SnapshotMembers): void {
    const restored = restoredAccount(row, this.#accounts.size, (tenant) => this.#accounts.get(tenant));
    if (this.#accounts.has(restored.tenant)) throw new RangeError("a tenant is in a snapshot twice");
    this.#add(restored);
  }

  restoreGrant(row: SnapshotMembers): void {
    this.grants.set(row.text("id"), row.whole("sequence"));
    this.#granted.restore(row);
  }

  /**
   * Restores an open reservation. Returns whether it is open.
   *
   * @param sequence - of the snapshot.
   */
  restoreOpen(record: ReturnType<typeof OPEN_RECORDS.read>, sequence: number): boolean {
    if (!this.open.restore(record, sequence)) return false;
    this.claims.open.set(record.of, openClaim(record, this.accounts[record.tenant]));
    return true;
  }

  restoreHeld(members: SnapshotMembers): void {
    for (const { of, sequence, knownMicrocents, expiresAt } of this.open.restoreHeld(members)) {
      const claim = this.claims.open.get(of);
      if (claim === undefined) continue;
      Object.assign(claim, { state: "held", since: sequence, knownMicrocents });
      if (expiresAt > 0) claim.expiresAt = expiresAt;
    }
  }

  /** Restores the attempts of a call, after its reservation was restored. */
  restoreCall(row: SnapshotMembers): void {
    const claim = this.claims.open.get(row.whole("of"));
    if (claim === undefined) throw new RangeError("a call has no reservation");
    claim.attempts = restoredAttempts(row, claim);
  }

  /** Restores a line of `closed`. Returns the decisions of its records, in order; 0 for an erased one. */
  restoreClosed(members: SnapshotMembers): readonly number[] {
    return this.#closed.restore(members);
  }

  restoreIdentity(of: number, identity: number): void {
    const claim = this.claims.open.get(of);
    if (claim === undefined) this.#closed.restoreIdentity(of, identity);
    else claim.decisionId = decisionIdOf(of, identity);
  }

  #limit(limit: LimitEntry, report: Report): void {
    const { tenant, parent, metered, reservationSeconds } = limit;
    if (!isReservationTime(reservationSeconds))
      report("tenant", `1 to ${RESERVATION_SECONDS_MAX} seconds for a reservation`, `${reservationSeconds}`);
    if (!metered && (limit.period !== undefined || limit.exposureCapMicrocents !== undefined))
      report("tenant", `no cap and no period for ${quote(tenant)}, which is not metered`, "one");
    this.#reach.clear();
    const known = this.#accounts.get(tenant);
    if (known !== undefined) {
      const before = known.limit.parent;
      if (parent !== before)
        report("tenant", `${parentText(before)} above ${quote(tenant)}, as before`, parentText(parent));
      known.limit = limit;
      return;
    }
    const above = parent === undefined ? undefined : this.#accounts.get(parent);
    if (parent !== undefined && above === undefined)
      report("tenant", `a tenant that stands before it, above ${quote(tenant)}`, quote(parent));
    const account = new Account(limit, above, this.#accounts.size);
    if (account.levels.length > LEVELS_MAX)
      report("tenant", `at most ${LEVELS_MAX} levels`, `${quote(tenant)} on level ${account.levels.length}`);
    this.#add(account);
  }

  #grant(sequence: number, at: number, grant: GrantEntry, report: Report): void {
    const account = this.#known(grant.tenant, report);
    if (account === undefined) return;
    if (!account.limit.metered) {
      report("money", "a grant to a tenant that is metered", quote(grant.tenant));
      return;
    }
    const before = this.grants.get(grant.id);
    if (before !== undefined) {
      report("money", "a grant under an id of its own", `id ${quote(grant.id)}, of entry ${before}`);
      return;
    }
    if (grant.amountMicrocents <= 0n) report("money", "a grant above 0", `${grant.amountMicrocents}`);
    for (const level of account.levels) lookForPeriod(level, at, report);
    this.grants.set(grant.id, sequence);
    this.#granted.take(sequence, grant);
    account.grantedMicrocents += grant.amountMicrocents;
    look([account], report);
  }

  #period(at: number, entry: PeriodEntry, report: Report): void {
    const { tenant, index, startsAt, endsAt } = entry;
    const account = this.#known(tenant, report);
    if (account === undefined) return;
    const rule = account.limit.period;
    const before = account.pocket.period;
    if (rule === undefined) {
      report("money", "a period of a tenant that has periods", quote(tenant));
      return;
    }
    if (index <= (before?.index ?? 0)) {
      report("money", `period ${(before?.index ?? 0) + 1} or later of ${quote(tenant)}`, `period ${index}`);
      return;
    }
    if (before !== undefined && at < before.endsAt)
      report("money", `period ${before.index} of ${quote(tenant)} to last until ${before.endsAt}`, `its end at ${at}`);
    const last = before === undefined ? undefined : { period: before, rule: account.periodRule };
    for (const [expected, found] of periodFaults(entry, rule, last, at)) report("money", expected, found);
    const withdrawn = before === undefined ? 0n : account.remainingMicrocents;
    if (entry.withdrawnMicrocents !== withdrawn)
      report("money", `${withdrawn} microcents withdrawn from ${quote(tenant)}`, `${entry.withdrawnMicrocents}`);
    const most = I64_MAX - (account.grantedMicrocents - withdrawn);
    const allotment = rule.allotmentMicrocents < most ? rule.allotmentMicrocents : most;
    if (entry.allotmentMicrocents !== allotment)
      report("money", `${allotment} microcents allotted to ${quote(tenant)}`, `${entry.allotmentMicrocents}`);
    account.begin({ index, startsAt, endsAt }, withdrawn, allotment);
    this.#reach.clear();
    look([account], report);
  }

  #decision(sequence: number, at: number, entry: DecisionEntry, report: Report): void {
    const { tenant } = entry;
    const account = this.#accounts.get(tenant ?? DEFAULT_TENANT);
    if (account === undefined) {
      // Nothing is reserved for a tenant without a limit.
      if (entry.reservationSeconds !== undefined)
        report("reservation", "no time for a reservation that is not made", `${entry.reservationSeconds} seconds`);
      return;
    }
    if (tenant === undefined)
      report("tenant", `a decision that names ${quote(DEFAULT_TENANT)}, which has a limit`, "one that names none");
    for (const level of account.levels) lookForPeriod(level, at, report);
    const seconds = entry.reservationSeconds ?? account.limit.reservationSeconds;
    if (entry.reservationSeconds !== undefined && !isReservationTime(seconds))
      report("reservation", `1 to ${RESERVATION_SECONDS_MAX} seconds for a reservation`, `${seconds}`);
    const pockets = runningId(entry) === 0 ? [] : this.#pockets(account);
    if (pockets.length === 0) return;
    const amountMicrocents = reservedFor(entry);
    if (entry.acted !== undefined && entry.reservedMicrocents === undefined)
      report("reservation", "what is reserved for the candidate that runs", "nothing stated");
    reserve(pockets, amountMicrocents, report);
    const expiresAt = Math.min(at + seconds * US_PER_SECOND, Number.MAX_SAFE_INTEGER);
    const taken = new Set(accountsOf(pockets));
    const endedCounts = pockets.map((pocket) => pocket.account.endedCount);
    const { index: tenantIndex, levels } = account;
    const reservation = { of: sequence, tenant: tenantIndex, levels, taken, amountMicrocents, expiresAt };
    for (const { account: level } of pockets) level.openCount += 1;
    this.claims.open.set(sequence, {
      levels: this.open.add(reservation),
      decisionId: `${sequence}-${entry.identity.slice(0, 8)}`,
      tenant: account.tenant,
      pockets,
      amountMicrocents,
      knownMicrocents: 0n,
      attempts:
        entry.basis === undefined
          ? undefined
          : [
              {
                reservedMicrocents: amountMicrocents,
                pockets,
                endedCounts,
                hasEnded: false,
                costMicrocents: undefined,
              },
            ],
      expiresAt,
      state: "open",
      since: sequence,
      costMicrocents: amountMicrocents,
    });
    look(accountsOf(pockets), report);
  }

  #attempt(at: number, entry: AttemptEntry, report: Report): void {
    const claim = this.claims.get(entry.of);
    if (claim === undefined) return;
    if (entry.change === "begun")
      for (const level of this.#accounts.get(claim.tenant)?.levels ?? []) lookForPeriod(level, at, report);
    takeAttempt(claim, entry, report);
  }

  /** A settling outcome moves money like a settlement; one beyond the overrun factor, like a hold. */
  #outcome(sequence: number, at: number, entry: OutcomeEntry, report: Report): void {
    const { of, costMicrocents, settledMicrocents, claimedMicrocents, actor } = entry;
    const closed = this.claims.closedCost(of);
    if (costMicrocents !== undefined && closed !== undefined)
      report("reservation", `no cost in an outcome whose reservation is closed at ${closed}`, `${costMicrocents}`);
    if (settledMicrocents !== undefined)
      this.#move(sequence, at, { kind: "settlement", of, actualMicrocents: settledMicrocents, actor }, report);
    if (claimedMicrocents !== undefined)
      this.#move(sequence, at, { kind: "hold", of, cause: "overrun", claimedMicrocents, actor }, report);
  }

  #move(sequence: number, at: number, entry: ReservationEntry, report: Report): void {
    const { kind, of } = entry;
    const claim = this.claims.get(of);
    if (claim === undefined) {
      report("reservation", `${kind} of a decision that reserved`, `of entry ${of}, which holds no reservation`);
      return;
    }
    const { from, to } = STEPS[kind];
    if (!from.includes(claim.state)) {
      const found = `${claim.decisionId}, which is ${claim.state} since entry ${claim.since} at ${claim.costMicrocents}`;
      report("reservation", `${kind} of a reservation that is ${from.join(" or ")}`, found);
      return;
    }
    if (kind === "expiry" && at < claim.expiresAt)
      report("reservation", `expiry of ${claim.decisionId} at ${claim.expiresAt} or later`, `at ${at}`);
    if (kind === "release" && claim.attempts?.some(({ hasEnded, costMicrocents }) => hasEnded && costMicrocents !== 0n))
      report("reservation", `no release of ${claim.decisionId}, of which an attempt may have cost something`, "one");
    checkOverrun(claim, entry, this.#accounts.get(claim.tenant)?.limit, report);
    billMove(claim, entry, report);
    claim.state = to;
    claim.since = sequence;
    if (kind === "hold") this.open.hold(of, sequence, entry);
    else {
      if (this.claims.open.has(of)) for (const { account } of claim.pockets) account.openCount -= 1;
      this.open.close(of);
      this.claims.close(of, claim, this.#accounts.get(claim.tenant)?.index ?? 0);
    }
    look(accountsOf(claim.pockets), report);
  }

  #add(account: Account): void {
    this.#accounts.set(account.tenant, account);
    this.#list.push(account);
  }

  #known(tenant: string, report: Report): Account | undefined {
    const account = this.#accounts.get(tenant);
    if (account === undefined) report("tenant", "a tenant that has a limit", quote(tenant));
    return account;
  }

  #pockets(account: Account): readonly Pocket[] {
    let pockets = this.#reach.get(account);
    if (pockets === undefined) {
      pockets = account.levels.filter((level) => level.limit.metered).map((level) => level.pocket);
      this.#reach.set(account, pockets);
    }
    return pockets;
  }
}

function isReservationTime(seconds: number): boolean {
  return seconds >= 1 && seconds <= RESERVATION_SECONDS_MAX;
}
