/**
 * Real threads on one tenant: workers reserve ahead and undo, the ordering thread orders what they hand it, settles and
 * grants. Every operation on the cell is written down, and afterwards the whole history is decided.
 * @module
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type LedgerEntry, microcents } from "@calybris/kernel";
import { type Account, headroomOf } from "../../../src/ledger/account.ts";
import type { LedgerHandle } from "../../../src/ledger/handle.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { compileNoWrappers } from "../../../src/thread-wrappers.ts";
import { reservationOf } from "../entries.ts";
import { CREDITED, History } from "./history.ts";
import { type Linearized, linearize } from "./linearizable.ts";
import { Mailbox } from "./mailbox.ts";

export const ORDERED = 1;
const REFUSED_ANSWER = 0;

/** What a worker is given. */
export interface ThreadStart {
  readonly handle: LedgerHandle;
  readonly tickets: SharedArrayBuffer;
  readonly history: SharedArrayBuffer;
  readonly orders: SharedArrayBuffer;
  readonly answers: SharedArrayBuffer;
  /** Whether to begin, and how many workers are at it. */
  readonly gate: SharedArrayBuffer;
  readonly operations: number;
  readonly amountMax: number;
  readonly seed: number;
}

export interface Raced extends Linearized {
  readonly ordered: number;
  readonly refusedByFold: number;
}

const TENANT = "acme";
const AMOUNT_MAX = 50;
/** What is worth about four reservations: most of the time somebody is short. */
const FIRST_GRANT = 100n;
const OPEN_MAX = 3;

/** @throws Error when no order of the operations explains every answer, or a total is not exact. */
export async function raceThreads(options: {
  readonly workers: number;
  readonly operations: number;
  readonly seed: number;
}): Promise<Raced> {
  const tickets = new SharedArrayBuffer(4);
  const ordering = new Ordering(History.withRoomFor(options.operations * 2, tickets));
  const gate = new SharedArrayBuffer(8);
  const operations = Math.ceil(options.operations / options.workers);
  const starts = Array.from({ length: options.workers }, (_, index): ThreadStart => {
    const history = History.withRoomFor(operations * 2 + 1_024, tickets).buffer;
    const boxes = { orders: Mailbox.buffer(), answers: Mailbox.buffer() };
    const seed = options.seed * 97 + index + 1;
    const handle = { buffer: ordering.ledger.cells.buffer };
    return { handle, tickets, history, ...boxes, gate, operations, amountMax: AMOUNT_MAX, seed };
  });
  const initial = Number(ordering.ledger.cells.headroom(0));
  compileNoWrappers();
  const threads = starts.map((workerData) => new Worker(new URL("./worker.ts", import.meta.url), { workerData }));
  try {
    await Promise.all(threads.map((thread) => once(thread, "message")));
    const ended = Promise.all(threads.map((thread) => once(thread, "message")));
    ordering.serve(starts, new Int32Array(gate));
    await ended;
  } finally {
    for (const thread of threads) thread.terminate();
  }
  ordering.checkTotals();
  const histories = [...starts.map((start) => new History(tickets, start.history)), ordering.history];
  const linearized = linearize(histories, initial);
  if (BigInt(linearized.value) !== ordering.ledger.cells.headroom(0))
    throw new Error("the cell is not what the history leaves");
  return { ...linearized, ordered: ordering.ordered, refusedByFold: ordering.refused };
}

class Ordering {
  readonly ledger: Ledger = new Ledger();
  readonly history: History;
  ordered = 0;
  refused = 0;
  readonly #account: Account;
  readonly #open: { readonly of: number; readonly amount: bigint }[] = [];
  #granted = 0n;
  #billed = 0n;
  #sequence = 0;

  constructor(history: History) {
    this.history = history;
    this.ledger.apply(0, 0, {
      kind: "limit",
      tenant: TENANT,
      metered: true,
      onShortfall: "substitute",
      reservationSeconds: 60,
      actor: "system:anna",
    });
    this.#account = this.ledger.account(TENANT) as Account;
    this.#grant(FIRST_GRANT);
  }

  /** Until every worker is done, and nothing is left to be ordered. */
  serve(starts: readonly ThreadStart[], gate: Int32Array): void {
    const boxes = starts.map(({ orders, answers }) => ({ orders: new Mailbox(orders), answers: new Mailbox(answers) }));
    Atomics.store(gate, 1, starts.length);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    let turns = 0;
    while (Atomics.load(gate, 1) > 0) {
      for (const { orders, answers } of boxes) {
        const amount = orders.take();
        if (amount !== undefined) answers.send(this.#order(BigInt(amount)) ? ORDERED : REFUSED_ANSWER);
      }
      turns += 1;
      if (this.#open.length > OPEN_MAX || turns % 4 === 0) this.#settle();
    }
    while (this.#open.length > 0) this.#settle();
  }

  checkTotals(): void {
    const { grantedMicrocents, remainingMicrocents, reservedMicrocents, settledMicrocents, debtMicrocents } =
      this.#account;
    if (
      reservedMicrocents !== 0n ||
      grantedMicrocents !== this.#granted ||
      settledMicrocents + debtMicrocents !== this.#billed
    )
      throw new Error(
        `granted ${grantedMicrocents} of ${this.#granted}, billed ${settledMicrocents + debtMicrocents} of ${this.#billed}, ${reservedMicrocents} reserved`,
      );
    if (remainingMicrocents !== grantedMicrocents - settledMicrocents)
      throw new Error(`${remainingMicrocents} remain of ${grantedMicrocents}, with ${settledMicrocents} settled`);
    if (this.ledger.cells.headroom(0) !== headroomOf(this.#account)) throw new Error("a debit or a credit is lost");
  }

  #order(amount: bigint): boolean {
    if (!this.ledger.admits(this.#account, [0], amount)) {
      this.refused += 1;
      return false;
    }
    const entry = reservationOf(TENANT, amount);
    this.ledger.preDebited(entry);
    this.#sequence += 1;
    this.ledger.apply(this.#sequence, 0, entry);
    this.#open.push({ of: this.#sequence, amount });
    this.ordered += 1;
    return true;
  }

  /** Mostly at less than was reserved, now and then at more; what that takes is granted again. */
  #settle(): void {
    const open = this.#open.shift();
    if (open === undefined) return;
    const actual = this.#sequence % 11 === 0 ? open.amount + 30n : (open.amount * BigInt(this.#sequence % 4)) / 4n;
    this.#billed += actual;
    this.#credit({ kind: "settlement", of: open.of, actualMicrocents: microcents(actual), actor: "system:anna" });
    if (this.#account.grantedMicrocents - this.#account.settledMicrocents < FIRST_GRANT / 2n)
      this.#grant(FIRST_GRANT / 2n);
  }

  #grant(amount: bigint): void {
    this.#granted += amount;
    const id = `grant ${this.#granted}`;
    this.#credit({ kind: "grant", tenant: TENANT, amountMicrocents: microcents(amount), id, actor: "system:anna" });
  }

  #credit(body: LedgerEntry): void {
    const isFirst = this.#account.grantedMicrocents === 0n;
    const before = headroomOf(this.#account);
    this.#sequence += 1;
    const began = isFirst ? 0 : this.history.ticket();
    this.ledger.apply(this.#sequence, 0, body);
    if (!isFirst) this.history.add(began, CREDITED, Number(headroomOf(this.#account) - before));
  }
}
