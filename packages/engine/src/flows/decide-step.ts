/**
 * One decision in one synchronous step of the journal:
 *
 *     regimes that are due → plan (pure) → room for all of it → periods → reserve → table → decision
 *
 * A plan holds every entry that the decision needs. Room for all of them is established before the first is ordered, so a
 * step orders all or none.
 * @module
 */
import {
  type DecisionEntry,
  DEFAULT_TENANT,
  type EntryBody,
  type PeriodEntry,
  type PolicySnapshot,
  REGIME_COUNT,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { ShadowDecider } from "./shadow.ts";
import type { ResolvedRequest } from "../intake/client-request.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { WaiterOrdering } from "../journal/journal.ts";
import type { RecordEntry } from "../journal/record-entry.ts";
import { RecordShelf } from "../journal/record-shelf.ts";
import type { EntryWaiter } from "../journal/waiting-list.ts";
import type { Account } from "../ledger/account.ts";
import { drive } from "../ledger/cells.ts";
import { periodsDue } from "../ledger/due-periods.ts";
import type { Draws } from "../router/draws.ts";
import type { EngineState } from "../state/state.ts";
import type { CallPlan } from "./call-plan.ts";
import { DecidePlan, type TenantHeadroom } from "./decide.ts";
import type { Learner } from "./recommend.ts";
import type { Writable } from "./writable.ts";

/** The parts of the engine that the step uses. */
interface StepPorts {
  readonly state: EngineState;
  readonly journal: WaiterOrdering;
  readonly failStop: FailStop;
  /** Defined once a policy learns. */
  readonly draws: () => Draws | undefined;
  readonly unknownTenants: () => UnknownTenants;
  /** Most open or held reservations of a tenant. */
  readonly openReservationsMax: number;
}

/** The treatment of a request that names a tenant without a limit: refused, or decided without a reservation. */
export type UnknownTenants = "refuse" | "unmetered";

/** Waits for a decision; it gets the entry before that is ordered. */
export interface RecordWaiter extends EntryWaiter {
  entry: RecordEntry | undefined;
}

export class DecideStep {
  readonly #ports: StepPorts;
  readonly #shadows: ShadowDecider;
  readonly #shelf: RecordShelf = new RecordShelf();
  readonly #plan: DecidePlan = new DecidePlan();
  /** Arguments of the running step: one step runs at a time, and fields avoid a closure per decision. */
  #resolved: ResolvedRequest | undefined;
  #waiter: RecordWaiter | undefined;
  #call: CallPlan | undefined;
  readonly #work = (at: number): number => this.#run(at);
  /** Reused for each decision. */
  readonly #headroom: Writable<TenantHeadroom> = { account: undefined, headroomMicrocents: undefined };
  #learns: Writable<Learner> | undefined;

  constructor(ports: StepPorts) {
    this.#ports = ports;
    this.#shadows = new ShadowDecider(ports.state.policies, ports.state.shadowTime);
  }

  /**
   * Decides, and orders the decision. Returns its sequence.
   *
   * @param call - for a call: the bounds of its candidates. Afterwards it holds the plan.
   * @throws CalybrisError `CAL_JOURNAL_OVERLOADED`, `CAL_LEDGER_TENANT_UNKNOWN`, `CAL_LEDGER_RESERVATIONS_FULL`, or as
   *   `Ordering.step`; nothing was ordered.
   */
  run(resolved: ResolvedRequest, waiter: RecordWaiter, call?: CallPlan): number {
    this.#resolved = resolved;
    this.#waiter = waiter;
    this.#call = call;
    return this.#ports.journal.step(this.#work);
  }

  /** The most entries that deciding these requests in one step may order. */
  entriesMax(requests: readonly ResolvedRequest[], at: number): number {
    const { ledger, router, current } = this.#ports.state;
    const due = new Set<string>();
    for (const account of new Set(requests.map(({ tenant = DEFAULT_TENANT }) => ledger.account(tenant))))
      for (const { tenant } of account === undefined ? [] : periodsDue(account, at)) due.add(tenant);
    const count = due.size + requests.length;
    if (current.snapshot.learning === undefined) return count;
    const floorless = requests.filter(({ defaulted }) => defaulted.includes("floor")).length;
    const tables = (REGIME_COUNT + 1) * (2 ** router.tierFloors.length - 1);
    return count + Math.min(floorless, tables) + (router.boundaries === undefined ? 1 : 0);
  }

  #run(at: number): number {
    const resolved = this.#resolved as ResolvedRequest;
    const account = this.#accountOf(resolved.tenant);
    this.#refuseWhenFull(account);
    this.#freezeWhenDue(account, at);
    return this.#reserveAndOrder(resolved, account, at, this.#waiter as RecordWaiter, this.#call);
  }

  /** Freezes the regimes when the warm-up is over: the plan depends on them. */
  #freezeWhenDue(account: Account | undefined, at: number): void {
    const { state, journal } = this.#ports;
    const regimes = state.router.regimesDue();
    if (regimes === undefined) return;
    const periodCount = account === undefined ? 0 : periodsDue(account, at).length;
    journal.establishRoom(REGIMES_TABLE_DECISION + periodCount);
    journal.order(regimes);
  }

  /**
   * If another thread takes the planned headroom, plans again with the rest. If the headroom was too small and another
   * thread may have been about to return some, plans again once.
   */
  #reserveAndOrder(
    resolved: ResolvedRequest,
    account: Account | undefined,
    at: number,
    waiter: RecordWaiter,
    call: CallPlan | undefined,
  ): number {
    const { state, journal, failStop } = this.#ports;
    const { cells } = state.ledger;
    const undoneBefore = cells.undoneCount();
    let wasShort = false;
    for (;;) {
      const periods = account === undefined ? NO_PERIODS : periodsDue(account, at);
      try {
        this.#decide(resolved, account, periods, call);
      } catch (error) {
        throw failStop.stop(error);
      }
      if (this.#plan.exceededHeadroomMicrocents !== undefined && !wasShort) {
        wasShort = true;
        if (drive(cells.mayBeFalse(undoneBefore))) continue;
      }
      journal.establishRoom(periods.length + (this.#plan.table === undefined ? 0 : 1) + 1);
      const sequence = this.#order(account, periods, waiter, call);
      if (sequence !== undefined) return sequence;
    }
  }

  /** Plans the decision. Changes nothing, and refuses nothing: a request that cannot run is rejected. */
  #decide(
    resolved: ResolvedRequest,
    account: Account | undefined,
    periods: readonly PeriodEntry[],
    call: CallPlan | undefined,
  ): void {
    const { ledger, policies } = this.#ports.state;
    const deciding = policies.deciding(resolved.tenant);
    const canaryId = deciding === policies.active ? undefined : deciding.id;
    const headroom = this.#headroom;
    headroom.account = account;
    // A call reserves more than its expected cost, so its own plan checks the headroom.
    const own = account === undefined ? undefined : ledger.headroom(account, periods);
    headroom.headroomMicrocents = call === undefined ? own : undefined;
    const { prepared, snapshot } = deciding;
    this.#plan.decide(prepared, resolved, this.#learner(snapshot, periods.length), headroom, canaryId);
    if (call === undefined) return;
    headroom.headroomMicrocents = own;
    call.complete(this.#plan, headroom, snapshot);
  }

  /** Orders the plan; `undefined` if another thread has taken its headroom. Periods that began stay. */
  #order(
    account: Account | undefined,
    periods: readonly PeriodEntry[],
    waiter: RecordWaiter,
    call: CallPlan | undefined,
  ): number | undefined {
    const { state, journal } = this.#ports;
    const { ledger } = state;
    const { table } = this.#plan;
    const { isRejected, costMicrocents } = call ?? this.#plan;
    for (const period of periods) journal.order(period);
    const cells = account === undefined || isRejected ? NO_CELLS : ledger.cellsOf(account);
    if (cells.length > 0 && !ledger.cells.take(cells, costMicrocents)) return undefined;
    try {
      if (table !== undefined) journal.order(table as EntryBody);
      const entry = this.#plan.layInto(this.#shelf);
      waiter.entry = entry;
      if (call !== undefined) {
        const body: Writable<DecisionEntry> = call.entryOf(entry);
        const shadow = this.#shadows.of(body);
        if (shadow !== undefined) body.shadow = shadow;
        ledger.preDebited(body);
        return journal.orderFor(body, waiter);
      }
      if (state.policies.staged !== undefined) this.#layShadow(entry);
      ledger.preDebited(entry.entry);
      return journal.orderFor(entry.entry, waiter, entry);
    } catch (error) {
      if (cells.length > 0) drive(ledger.cells.undo(cells, costMicrocents));
      throw error;
    }
  }

  /** The staged policy's decision is recorded only in the entry. */
  #layShadow(entry: RecordEntry): void {
    const shadow = this.#shadows.of(entry.entry);
    if (shadow !== undefined) entry.layShadow(shadow);
  }

  /** The learner of a policy that learns. A canary uses the learner of the active policy. */
  #learner(snapshot: PolicySnapshot, periodCount: number): Learner | undefined {
    const { state, journal, draws } = this.#ports;
    const drawing = snapshot.learning === undefined ? undefined : draws();
    if (drawing === undefined) return undefined;
    const { candidateTiers } = snapshot;
    this.#learns ??= { router: state.router, draws: drawing, candidateTiers, tableSequence: 0 };
    this.#learns.draws = drawing;
    this.#learns.candidateTiers = candidateTiers;
    this.#learns.tableSequence = journal.nextSequence + periodCount;
    return this.#learns;
  }

  /** The account that pays; `undefined` for a tenant without a limit, from which nothing is reserved. */
  #accountOf(tenant: string = DEFAULT_TENANT): Account | undefined {
    const { state, unknownTenants } = this.#ports;
    const account = state.ledger.account(tenant);
    if (account === undefined && tenant !== DEFAULT_TENANT && unknownTenants() === "refuse")
      throw new EngineError("CAL_LEDGER_TENANT_UNKNOWN", { tenant });
    return account;
  }

  /** Every open reservation uses memory, even one of amount 0. */
  #refuseWhenFull(account: Account | undefined): void {
    if (account === undefined || account.openCount < this.#ports.openReservationsMax) return;
    throw new EngineError("CAL_LEDGER_RESERVATIONS_FULL", { tenant: account.tenant, open: account.openCount });
  }
}

const NO_PERIODS: readonly PeriodEntry[] = [];
const NO_CELLS: readonly number[] = [];
/** Entries of a step, besides periods, when it freezes the regimes. */
const REGIMES_TABLE_DECISION = 3;
