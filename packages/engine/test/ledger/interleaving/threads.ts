/**
 * The ledger's threads as programs that the explorer can drive: one that orders entries, and workers that debit ahead of it.
 * @module
 */
import { type EntryBody, invariant, type LimitEntry, type Microcents, microcents, OVERRUN } from "@calybris/kernel";
import { headroomOf } from "../../../src/ledger/account.ts";
import { Cells, drive } from "../../../src/ledger/cells.ts";
import { LedgerView } from "../../../src/ledger/handle.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import type { Thread } from "./explorer.ts";
import { reservationOf } from "../entries.ts";

/** Where the ordering thread receives; worker `n` receives in box `n`, counted from 1. */
const ORDERING_BOX = 0;

/** What the checks know of a thread. Lists are by tenant, in the order of the setup. */
export interface Facts {
  readonly doing: "working" | "reserving" | "undoing" | "refused" | "ordering";
  readonly path: readonly number[];
  readonly amount: bigint;
  /** Of a worker: what its reservations take, those ahead of their entry and those ordered. */
  readonly ahead: readonly bigint[];
  readonly ordered: readonly bigint[];
  /** Of a worker: what it has settled. */
  readonly spent: readonly bigint[];
  /** Of the ordering thread: the headroom of its fold, and what was debited ahead and is in the fold by now. */
  readonly rooms: readonly bigint[];
  readonly taken: readonly bigint[];
  readonly balances: readonly { readonly granted: bigint; readonly remaining: bigint; readonly debt: bigint }[];
}

export interface Tenant {
  readonly tenant: string;
  readonly parent?: string;
  readonly grant?: bigint;
  readonly cap?: bigint;
  /** The allotment of each period. */
  readonly allotment?: bigint;
}

/** What a worker is made to do. */
export type Work = (worker: Worker) => void;

export interface LedgerScenario {
  readonly name: string;
  readonly tenants: readonly Tenant[];
  readonly workers: readonly Work[];
  /** Whether the journal takes entry `sequence`. */
  readonly takes?: (sequence: number) => boolean;
  /** Throws when an end is not as promised; facts of the ordering thread, then of the workers. */
  readonly checkEnd?: (ordering: Facts, workers: readonly Facts[]) => void;
}

/** The thread that orders entries: what the engine does between receiving a command and answering it. */
export class Ordering {
  readonly ledger: Ledger = new Ledger();
  readonly #scenario: LedgerScenario;
  readonly #taken: bigint[];
  #sequence = 0;

  constructor(scenario: LedgerScenario) {
    this.#scenario = scenario;
    this.#taken = scenario.tenants.map(() => 0n);
    for (const { tenant, parent, grant, cap, allotment } of scenario.tenants) {
      this.#fold(limit(tenant, parent, cap, allotment));
      if (allotment !== undefined) this.#beginPeriod(tenant);
      if (grant !== undefined) this.#fold(granting(tenant, grant, `first ${tenant}`));
    }
    this.#sequence = 0;
  }

  serve(steps: Thread<Facts>, nothing: Facts): void {
    for (;;) {
      steps.note({ ...nothing, doing: "ordering", ...this.#shown() });
      const [from, command = "", subject = "", number = "0", levels = ""] = steps.receive(ORDERING_BOX).split(" ");
      const answer = this.#answer(command, subject, BigInt(number), levels);
      steps.note({ ...nothing, doing: "ordering", ...this.#shown() });
      if (answer !== undefined) steps.send(Number(from), answer);
    }
  }

  #answer(command: string, subject: string, number: bigint, levels: string): string | undefined {
    switch (command) {
      case "decide":
        return this.#orderAhead(subject, number, levels.split("/").map(Number));
      case "own":
        return this.#decide(subject, number)
          ? `ordered ${this.ledger.cellsOf(this.#account(subject)).join("/")}`
          : "refused";
      case "settle":
        return this.#settle(Number(subject), microcents(number));
      case "release":
        return this.#order({ kind: "release", of: Number(subject), actor: "system:anna" });
      case "grant":
        return this.#order(granting(subject, number, "more"));
      case "unmeter":
        this.#fold({ ...limit(subject, this.#account(subject).limit.parent), metered: false });
        return undefined;
      case "cap":
        this.#fold({ ...this.#account(subject).limit, exposureCapMicrocents: microcents(number) });
        return undefined;
      default:
        this.#beginPeriod(subject);
        return undefined;
    }
  }

  /** As `Engine` settles: what it must not settle it holds, and here an operator agrees with it at once. */
  #settle(of: number, cost: Microcents): string {
    const entry = { of, actor: "system:anna" } as const;
    if (!this.ledger.isOverrun(of, cost)) return this.#order({ kind: "settlement", ...entry, actualMicrocents: cost });
    this.#order({ kind: "hold", ...entry, cause: OVERRUN, claimedMicrocents: cost });
    return this.#order({ kind: "reconciliation", ...entry, actualMicrocents: cost });
  }

  /** An entry whose debit ran ahead: ordered if the folded headroom covers it too. */
  #orderAhead(tenant: string, amount: bigint, levels: readonly number[]): string {
    if (!this.ledger.admits(this.#account(tenant), levels, amount)) return "refused";
    if (this.#scenario.takes?.(this.#sequence + 1) === false) return "refused";
    for (const index of levels) this.#taken[index] = (this.#taken[index] ?? 0n) + amount;
    const entry = reservationOf(tenant, amount);
    this.ledger.preDebited(entry);
    this.#fold(entry);
    return `ordered ${this.#sequence}`;
  }

  /** A decision of the ordering thread's own, as `Engine` makes it. */
  #decide(tenant: string, amount: bigint): boolean {
    const account = this.#account(tenant);
    const cells = this.ledger.cellsOf(account);
    if (!drive(this.ledger.cells.reserve(cells, amount))) return false;
    if (this.#scenario.takes?.(this.#sequence + 1) === false) {
      drive(this.ledger.cells.undo(cells, amount));
      return false;
    }
    const entry = reservationOf(tenant, amount);
    this.ledger.preDebited(entry);
    this.#fold(entry);
    return true;
  }

  #order(body: Parameters<Ledger["refusalOf"]>[0]): string {
    const refusal = this.ledger.refusalOf(body);
    if (refusal !== undefined) return `refused ${refusal.code}`;
    this.#fold(body);
    return `ordered ${this.#sequence}`;
  }

  #beginPeriod(tenant: string): void {
    const { period, remainingMicrocents, limit } = this.#account(tenant);
    const index = (period?.index ?? 0) + 1;
    this.#fold({
      kind: "period",
      tenant,
      index,
      startsAt: index * 10,
      endsAt: index * 10 + 10,
      withdrawnMicrocents: microcents(period === undefined ? 0n : remainingMicrocents),
      allotmentMicrocents: limit.period?.allotmentMicrocents ?? microcents(0n),
    });
  }

  #fold(body: EntryBody): void {
    this.#sequence += 1;
    this.ledger.apply(this.#sequence, 0, body);
  }

  #account(tenant: string): NonNullable<ReturnType<Ledger["account"]>> {
    const account = this.ledger.account(tenant);
    invariant(account !== undefined, "the scenario names its tenants");
    return account;
  }

  #shown(): Pick<Facts, "rooms" | "taken" | "balances"> {
    const accounts = [...this.ledger.accounts()];
    return {
      rooms: accounts.map(headroomOf),
      taken: [...this.#taken],
      balances: accounts.map(({ grantedMicrocents, remainingMicrocents, debtMicrocents }) => ({
        granted: grantedMicrocents,
        remaining: remainingMicrocents,
        debt: debtMicrocents,
      })),
    };
  }
}

/** A worker thread: what it may do, each of its steps noted. */
export class Worker {
  readonly #steps: Thread<Facts>;
  readonly #box: number;
  readonly #view = new LedgerView({ buffer: new Cells().buffer });
  #facts: Facts;

  constructor(steps: Thread<Facts>, box: number, nothing: Facts) {
    this.#steps = steps;
    this.#box = box;
    this.#facts = nothing;
    steps.note(nothing);
  }

  reserve(path: readonly number[], amount: bigint): boolean {
    this.#note({ doing: "reserving", path, amount });
    const isReserved = this.#view.reserve(path, amount);
    if (isReserved) this.#note({ doing: "working", ahead: this.#moved(this.#facts.ahead, path, amount) });
    else this.#note({ doing: "refused" });
    return isReserved;
  }

  undo(path: readonly number[], amount: bigint): void {
    this.#note({ doing: "undoing", path, amount });
    this.#view.undo(path, amount);
    this.#note({ doing: "working", ahead: this.#moved(this.#facts.ahead, path, -amount) });
  }

  /** Has a reservation ordered, or undoes it. Returns the sequence of its entry. */
  order(tenant: string, path: readonly number[], amount: bigint): string | undefined {
    const [answer, sequence] = this.ask(`decide ${tenant} ${amount} ${path.join("/")}`).split(" ");
    if (answer === "refused") {
      this.undo(path, amount);
      return undefined;
    }
    this.#note({
      ahead: this.#moved(this.#facts.ahead, path, -amount),
      ordered: this.#moved(this.#facts.ordered, path, amount),
    });
    return sequence;
  }

  /** Settles at what it cost. What no longer is this worker's does not count from here on, an overrun once it is ordered. */
  settle(sequence: string, path: readonly number[], amount: bigint, actual: bigint): string {
    const covered = actual < amount ? actual : amount;
    const ordered = this.#moved(this.#facts.ordered, path, -amount);
    this.#note({ ordered, spent: this.#moved(this.#facts.spent, path, covered) });
    const answer = this.ask(`settle ${sequence} ${actual}`);
    this.#note({ spent: this.#moved(this.#facts.spent, path, actual - covered) });
    return answer;
  }

  /** Has the ordering thread reserve by itself. */
  own(tenant: string, amount: bigint): void {
    const [answer, levels = ""] = this.ask(`own ${tenant} ${amount}`).split(" ");
    if (answer !== "ordered" || levels === "") return;
    this.#note({ ordered: this.#moved(this.#facts.ordered, levels.split("/").map(Number), amount) });
  }

  /** From here on it counts as nobody's. */
  release(sequence: string, path: readonly number[], amount: bigint): string {
    this.#note({ ordered: this.#moved(this.#facts.ordered, path, -amount) });
    return this.ask(`release ${sequence}`);
  }

  /** Lets another worker have a part in what becomes of a reservation; from here on nobody counts it as theirs. */
  share(sequence: string, path: readonly number[], amount: bigint, worker: number): void {
    this.#note({ ordered: this.#moved(this.#facts.ordered, path, -amount) });
    this.#steps.send(worker, sequence);
  }

  settleShared(sequence: string, path: readonly number[], actual: bigint): void {
    const isFirst = this.ask(`settle ${sequence} ${actual}`).startsWith("ordered");
    if (isFirst) this.#note({ spent: this.#moved(this.#facts.spent, path, actual) });
  }

  ask(command: string): string {
    this.tell(command);
    return this.receive();
  }

  receive(): string {
    return this.#steps.receive(this.#box);
  }

  /** Without waiting for an answer; for commands that have none. */
  tell(command: string): void {
    this.#steps.send(ORDERING_BOX, `${this.#box} ${command}`);
  }

  /** What the whole of a decision's life is to a worker. */
  reserveAndSettle(tenant: string, path: readonly number[], amount: bigint, actual: bigint): void {
    if (!this.reserve(path, amount)) return;
    const sequence = this.order(tenant, path, amount);
    if (sequence !== undefined) this.settle(sequence, path, amount, actual);
  }

  #moved(list: readonly bigint[], path: readonly number[], amount: bigint): readonly bigint[] {
    return list.map((held, index) => (path.includes(index) ? held + amount : held));
  }

  #note(facts: Partial<Facts>): void {
    this.#facts = { ...this.#facts, ...facts };
    this.#steps.note(this.#facts);
  }
}

function limit(tenant: string, parent?: string, cap?: bigint, allotment?: bigint): LimitEntry {
  return {
    kind: "limit",
    tenant,
    ...(parent === undefined ? {} : { parent }),
    metered: true,
    ...(cap === undefined ? {} : { exposureCapMicrocents: microcents(cap) }),
    ...(allotment === undefined
      ? {}
      : { period: { every: "day", timeZone: "UTC", allotmentMicrocents: microcents(allotment) } }),
    onShortfall: "substitute",
    reservationSeconds: 60,
    actor: "system:anna",
  };
}

function granting(tenant: string, amount: bigint, id: string): Parameters<Ledger["refusalOf"]>[0] {
  return { kind: "grant", tenant, amountMicrocents: microcents(amount), id, actor: "system:anna" };
}
