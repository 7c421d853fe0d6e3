/**
 * The ledger's threads as programs that the explorer can drive: one that orders entries, workers that debit ahead of it,
 * and what must hold in every state between them.
 * @module
 */
import { type EntryBody, I64_MAX, invariant, type LimitEntry, microcents } from "@calybris/kernel";
import { Cells, drive } from "../src/ledger/cells.ts";
import { LedgerView } from "../src/ledger/handle.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { roomOf } from "../src/ledger/account.ts";
import type { Place, Program, Scenario, State, Thread } from "./interleaving-explorer.ts";
import { reservationOf } from "./ledger-entries.ts";

/** Where the ordering thread receives; worker `n` receives in box `n + 1`. */
const ORDERING_BOX = 0;
const CELL_STRIDE = 8;
/** Cells below the first tenant's tell of attempts and undoing. */
const cellOf = (tenant: number): number => (tenant + 1) * CELL_STRIDE;

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
  /** Of the ordering thread: the room of its fold, and what was debited ahead and is in the fold by now. */
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

export function ledgerScenario(scenario: LedgerScenario): Scenario<Facts> {
  const { tenants, workers } = scenario;
  const zero = tenants.map(() => 0n);
  const nothing: Facts = {
    doing: "working",
    path: [],
    amount: 0n,
    ahead: zero,
    ordered: zero,
    spent: zero,
    rooms: zero,
    taken: zero,
    balances: [],
  };
  const ordering: Program<Facts> = () => {
    const thread = new Ordering(scenario);
    return (steps) => thread.serve(steps, nothing);
  };
  const { cells } = new Ordering(scenario).ledger;
  const memory = new Map<number, bigint>([
    [0, 0n],
    [1, 0n],
    ...tenants.map((_, index): [number, bigint] => [cellOf(index), cells.room(index)]),
  ]);
  return {
    name: scenario.name,
    memory,
    boxCount: workers.length + 1,
    threads: [
      { name: "ordering", program: ordering, serves: true },
      ...workers.map((work, index) => ({
        name: `worker ${index + 1}`,
        program: (): ((steps: Thread<Facts>) => void) => (steps) => work(new Worker(steps, index + 1, nothing)),
      })),
    ],
    check: checkState,
    checkEnd: (state) => {
      const [first, ...others] = state.places.map(({ facts }) => facts ?? nothing);
      checkRest(first as Facts, others);
      scenario.checkEnd?.(first as Facts, others);
    },
    remember: rememberRefusals,
  };
}

/** The thread that orders entries: what the engine does between receiving a command and answering it. */
class Ordering {
  readonly ledger = new Ledger();
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
      const [from, command = "", tenant = "", number = "0"] = steps.receive(ORDERING_BOX).split(" ");
      const answer = this.#answer(command, tenant, BigInt(number));
      steps.note({ ...nothing, doing: "ordering", ...this.#shown() });
      if (answer !== undefined) steps.send(Number(from), answer);
    }
  }

  #answer(command: string, subject: string, number: bigint): string | undefined {
    switch (command) {
      case "decide":
        return this.#orderAhead(subject, number);
      case "own":
        return this.#decide(subject, number) ? `ordered ${this.#sequence}` : "refused";
      case "settle":
        return this.#order({ kind: "settlement", of: Number(subject), actualMicrocents: microcents(number) });
      case "release":
        return this.#order({ kind: "release", of: Number(subject) });
      case "grant":
        return this.#order(granting(subject, number, "more"));
      case "cap":
        this.#fold({ ...this.#account(subject).limit, exposureCapMicrocents: microcents(number) });
        return undefined;
      default:
        this.#beginPeriod(subject);
        return undefined;
    }
  }

  /** An entry whose debit ran ahead: ordered if the fold has room for it too. */
  #orderAhead(tenant: string, amount: bigint): string {
    const account = this.#account(tenant);
    if (!this.ledger.admits(account, this.ledger.cellsOf(account), amount)) return "refused";
    if (this.#scenario.takes?.(this.#sequence + 1) === false) return "refused";
    for (const index of this.ledger.cellsOf(account)) this.#taken[index] = (this.#taken[index] ?? 0n) + amount;
    const entry = reservationOf(tenant, amount);
    this.ledger.ranAhead(entry);
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
    this.ledger.ranAhead(entry);
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
    const { period, remaining, limit } = this.#account(tenant);
    const index = (period?.index ?? 0) + 1;
    this.#fold({
      kind: "period",
      tenant,
      index,
      startsAt: index * 10,
      endsAt: index * 10 + 10,
      withdrawnMicrocents: microcents(period === undefined ? 0n : remaining),
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
      rooms: accounts.map(roomOf),
      taken: [...this.#taken],
      balances: accounts.map(({ granted, remaining, debt }) => ({ granted, remaining, debt })),
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
    const [answer, sequence] = this.ask(`decide ${tenant} ${amount}`).split(" ");
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

  /** Settles at what it cost; from here on no more than that counts as this worker's. */
  settle(sequence: string, path: readonly number[], amount: bigint, actual: bigint): string {
    const ordered = this.#moved(this.#facts.ordered, path, -amount);
    this.#note({ ordered, spent: this.#moved(this.#facts.spent, path, actual) });
    return this.ask(`settle ${sequence} ${actual}`);
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

/** In every state: nobody holds what is not there, and each cell is what the fold leaves less what ran ahead of it. */
function checkState(state: State<Facts>): void {
  const [ordering, ...workers] = state.places;
  const fold = ordering?.facts;
  if (fold === undefined || ordering === undefined) return;
  const isResting = ordering.next?.name === "receive" || ordering.next?.name === "send";
  for (const [tenant, room] of fold.rooms.entries()) {
    const ahead = workers.reduce((sum, { added }) => sum - (added.get(cellOf(tenant)) ?? 0n), 0n);
    const stillAhead = ahead - (fold.taken[tenant] as bigint);
    const cell = state.memory.get(cellOf(tenant)) as bigint;
    if (isResting && cell !== room - stillAhead)
      throw new Error(`cell ${tenant} holds ${cell}; the room is ${room} and ${stillAhead} ran ahead`);
    const { granted, debt } = fold.balances[tenant] as Facts["balances"][number];
    const held = workers.reduce((sum, place) => sum + heldBy(place, tenant), 0n);
    if (held > granted + debt) throw new Error(`${held} of tenant ${tenant} is held or spent, of ${granted}`);
  }
}

function heldBy({ facts }: Place<Facts>, tenant: number): bigint {
  return facts === undefined ? 0n : (facts.ordered[tenant] as bigint) + (facts.spent[tenant] as bigint);
}

/** At an end nothing runs ahead, and no credit is missing. */
function checkRest(ordering: Facts, workers: readonly Facts[]): void {
  for (const [tenant, { granted, remaining, debt }] of ordering.balances.entries()) {
    for (const { ahead } of workers) if (ahead[tenant] !== 0n) throw new Error("a debit ran ahead of no entry");
    const used = workers.reduce((sum, { ordered, spent }) => sum + (ordered[tenant] ?? 0n) + (spent[tenant] ?? 0n), 0n);
    if (remaining - debt !== granted - used)
      throw new Error(`${remaining} less a debt of ${debt} remains of ${granted}, with ${used} used`);
  }
}

/**
 * For each worker: how it stands with the refusal it may be about to see. `1` once, at some moment since it began to
 * reserve, a level had less room than it wants, everything given back that an attempt under way may still give back.
 */
function rememberRefusals(before: State<Facts> | undefined, after: Omit<State<Facts>, "memo">): string {
  let memo = "";
  for (const [index, place] of after.places.entries()) {
    const facts = place.facts;
    const wasTrue = before?.memo[index] === "1" && before.places[index]?.facts?.doing === "reserving";
    if (
      facts?.doing === "refused" &&
      before?.places[index]?.facts?.doing === "reserving" &&
      !wasTrue &&
      triesOf(place) < 2
    )
      throw new Error(`a refusal was false, and was not tried again`);
    memo += facts?.doing === "reserving" && (wasTrue || isShort(facts, after)) ? "1" : "0";
  }
  return memo;
}

function isShort({ path, amount }: Facts, { places, memory }: Omit<State<Facts>, "memo">): boolean {
  return path.some((tenant) => {
    const midway = places.reduce((sum, place) => sum + takenMidway(place, tenant), 0n);
    return (memory.get(cellOf(tenant)) as bigint) + midway < amount;
  });
}

/** What a thread has taken from a cell for an attempt that may yet be undone, or that it is undoing. */
function takenMidway({ facts, added, sinceNoted }: Place<Facts>, tenant: number): bigint {
  if (facts === undefined || (facts.doing !== "reserving" && facts.doing !== "undoing")) return 0n;
  const isUndoing = facts.doing === "undoing" && sinceNoted > 0 && facts.path.includes(tenant);
  const whole = (facts.ahead[tenant] as bigint) + (facts.ordered[tenant] as bigint) - (isUndoing ? facts.amount : 0n);
  return -(added.get(cellOf(tenant)) ?? 0n) - whole;
}

/** How often a worker tried: each time it looked at the counters, then at room. */
function triesOf(place: Place<Facts>): number {
  let tries = 0;
  let later: string | undefined;
  for (let step = place.from; step !== undefined; step = step.place.from) {
    const isLook = step.access.name === "load" && step.access.at < CELL_STRIDE;
    if (isLook && later === "other") tries += 1;
    later = isLook ? "look" : "other";
  }
  return tries;
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
    whenShort: "substitute",
    reservationSeconds: 60,
    by: "anna",
  };
}

function granting(tenant: string, amount: bigint, id: string): Parameters<Ledger["refusalOf"]>[0] {
  invariant(amount <= I64_MAX, "an amount");
  return { kind: "grant", tenant, amountMicrocents: microcents(amount), id, by: "anna" };
}
