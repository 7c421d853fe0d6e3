/**
 * One decision in one synchronous step of the journal:
 *
 *     regimes that are due → plan (pure) → room for all of it → periods → reserve → table → decision
 *
 * A plan holds every entry that the decision needs. Room for all of them is established before the first is ordered, so a
 * step orders all of them or none.
 * @module
 */
import {
  CalybrisError,
  DEFAULT_TENANT,
  type DecisionEntry,
  type EntryBody,
  type Kernel,
  type PeriodEntry,
  type Policy,
  REGIME_COUNT,
} from "@calybris/kernel";
import { type Deciding, decide, type Planned } from "./decide.ts";
import type { ResolvedRequest } from "../intake/client-request.ts";
import type { DecisionRecord } from "../journal/decision-record.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { WaiterOrdering } from "../journal/journal.ts";
import { layRecord } from "../journal/lay-record.ts";
import { RecordShelf } from "../journal/record-shelf.ts";
import type { EntryWaiter } from "../journal/waiting-list.ts";
import type { Account } from "../ledger/account.ts";
import { drive } from "../ledger/cells.ts";
import { periodsDue } from "../ledger/due-periods.ts";
import type { Draws } from "../router/draws.ts";
import type { EngineState } from "../state/state.ts";

/** What the step needs of the engine. */
interface StepPorts {
  readonly state: EngineState;
  readonly journal: WaiterOrdering;
  readonly failStop: FailStop;
  readonly kernelFor: (policy: Policy) => Kernel;
  /** Once a policy learns. */
  readonly draws: () => Draws | undefined;
  readonly unknownTenants: () => UnknownTenants;
  /** The most reservations that a tenant may have open or held. */
  readonly openReservationsMax: number;
}

/** What becomes of a request that names a tenant without a limit: refused, or decided without a reservation. */
export type UnknownTenants = "refuse" | "unmetered";

/** Waits for a decision; it is given its record, and its entry without the identity, before that is ordered. */
export interface RecordWaiter extends EntryWaiter {
  record: DecisionRecord | undefined;
  entry: DecisionEntry | undefined;
}

interface Plan {
  readonly account: Account | undefined;
  readonly periods: readonly PeriodEntry[];
  readonly planned: Planned;
  readonly entryCount: number;
}

export class DecideStep {
  readonly #ports: StepPorts;
  readonly #shelf: RecordShelf = new RecordShelf();
  #kernel: { readonly policyId: number; readonly kernel: Kernel } | undefined;

  constructor(ports: StepPorts) {
    this.#ports = ports;
  }

  /**
   * Decides, and orders the decision. Returns its sequence.
   *
   * @throws CalybrisError `CAL_JOURNAL_OVERLOADED`, `CAL_LEDGER_TENANT_UNKNOWN`, `CAL_LEDGER_RESERVATIONS_FULL`, or as
   *   `Ordering.step`; nothing was ordered.
   */
  run(resolved: ResolvedRequest, waiter: RecordWaiter): number {
    return this.#ports.journal.step((at) => {
      const account = this.#accountOf(resolved.tenant);
      this.#refuseWhenFull(account);
      this.#freezeWhenDue(account, at);
      return this.#reserveAndOrder(resolved, account, at, waiter);
    });
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

  /** Freezes the regimes when the warm-up is over: the plan follows from them. */
  #freezeWhenDue(account: Account | undefined, at: number): void {
    const { state, journal } = this.#ports;
    const regimes = state.router.regimesDue();
    if (regimes === undefined) return;
    const periodCount = account === undefined ? 0 : periodsDue(account, at).length;
    journal.establishRoom(REGIMES_TABLE_DECISION + periodCount);
    journal.order(regimes);
  }

  /**
   * Another thread may take the room that was planned with; then it is planned again with what is left. So it is, once,
   * when there was too little and another thread may have been about to give some back.
   */
  #reserveAndOrder(resolved: ResolvedRequest, account: Account | undefined, at: number, waiter: RecordWaiter): number {
    const { state, journal, failStop } = this.#ports;
    const { cells } = state.ledger;
    const undoneBefore = cells.undoneCount();
    let wasShort = false;
    for (;;) {
      const plan = failStop.stopOnError(() => this.#plan(resolved, account, at));
      if (plan.planned.entry.roomMicrocents !== undefined && !wasShort) {
        wasShort = true;
        if (drive(cells.mayBeFalse(undoneBefore))) continue;
      }
      journal.establishRoom(plan.entryCount);
      const sequence = this.#order(plan, waiter);
      if (sequence !== undefined) return sequence;
    }
  }

  /** Every entry that the decision needs. Changes nothing, and refuses nothing: a request that cannot run is rejected. */
  #plan(resolved: ResolvedRequest, account: Account | undefined, at: number): Plan {
    const { ledger } = this.#ports.state;
    const periods = account === undefined ? [] : periodsDue(account, at);
    const room =
      account === undefined
        ? undefined
        : {
            tenant: account.tenant,
            roomMicrocents: ledger.room(account, periods),
            whenShort: account.limit.whenShort,
          };
    const planned = decide(this.#deciding(periods.length), resolved, room);
    return { account, periods, planned, entryCount: periods.length + (planned.table === undefined ? 0 : 1) + 1 };
  }

  /** Orders a plan; `undefined` when another thread has taken its room. Periods that began stay. */
  #order({ account, periods, planned }: Plan, waiter: RecordWaiter): number | undefined {
    const { state, journal } = this.#ports;
    const { ledger } = state;
    const { entry, table } = planned;
    for (const period of periods) journal.order(period);
    const cells = account === undefined || entry.decision.action === "reject" ? [] : ledger.cellsOf(account);
    const amount: bigint = entry.decision.costMicrocents;
    if (cells.length > 0 && !drive(ledger.cells.reserve(cells, amount))) return undefined;
    try {
      if (table !== undefined) journal.order(table as EntryBody);
      ledger.ranAhead(entry);
      waiter.entry = entry;
      waiter.record = layRecord(this.#shelf, planned);
      return journal.orderFor(entry, waiter, waiter.record);
    } catch (error) {
      if (cells.length > 0) drive(ledger.cells.undo(cells, amount));
      throw error;
    }
  }

  #deciding(periodCount: number): Deciding {
    const { state, journal, draws } = this.#ports;
    const policy = state.current;
    const drawing = policy.snapshot.learning === undefined ? undefined : draws();
    if (drawing === undefined) return { policy, kernel: this.#currentKernel() };
    const learner = {
      router: state.router,
      draws: drawing,
      candidateTiers: policy.snapshot.candidateTiers,
      tableSequence: journal.nextSequence + periodCount,
    };
    return { policy, kernel: this.#currentKernel(), learner };
  }

  /** The account that pays; `undefined` for a tenant without a limit, from which nothing is reserved. */
  #accountOf(tenant: string = DEFAULT_TENANT): Account | undefined {
    const { state, unknownTenants } = this.#ports;
    const account = state.ledger.account(tenant);
    if (account === undefined && tenant !== DEFAULT_TENANT && unknownTenants() === "refuse")
      throw new CalybrisError("CAL_LEDGER_TENANT_UNKNOWN", { tenant });
    return account;
  }

  /** A reservation costs memory until it is closed, also one of nothing. */
  #refuseWhenFull(account: Account | undefined): void {
    if (account === undefined || account.openCount < this.#ports.openReservationsMax) return;
    throw new CalybrisError("CAL_LEDGER_RESERVATIONS_FULL", { tenant: account.tenant, open: account.openCount });
  }

  #currentKernel(): Kernel {
    const { id, snapshot } = this.#ports.state.current;
    if (this.#kernel?.policyId !== id) this.#kernel = { policyId: id, kernel: this.#ports.kernelFor(snapshot.policy) };
    return this.#kernel.kernel;
  }
}

/** What a step orders beside periods when it freezes the regimes. */
const REGIMES_TABLE_DECISION = 3;
