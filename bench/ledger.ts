/**
 * Pairs of reserve and settle per second: by debiting shared memory and ordering the entry afterwards, compared in one run
 * with requests to the one thread that owns the ledger. Without a journal: ordered entries are only folded.
 * @module
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import {
  costMicrocents,
  type DecisionEntry,
  type LimitEntry,
  microcents,
  prescribe,
  samplePolicy,
  sampleRequest,
} from "@calybris/kernel";
import { drive, Ledger } from "@calybris/engine/internal";
import { markdownTable, median, seededBelow } from "./harness.ts";
import { Bell, Box } from "./ledger-mailbox.ts";

const SEED = 1;
const THREADS = 8;
const MANY_TENANTS = 10_000;
const AMOUNT = 10;
const ROUNDS = 5;

/** Input of a worker. */
export interface LedgerWorkerStart {
  readonly buffer: SharedArrayBuffer;
  readonly orders: SharedArrayBuffer;
  readonly answers: SharedArrayBuffer;
  readonly ownerBell: SharedArrayBuffer;
  readonly workerBell: SharedArrayBuffer;
  readonly tenantCount: number;
  readonly amount: number;
  readonly seed: number;
}

/** A method of reserving, and the number of pairs per worker and round. */
interface Contestant {
  readonly name: string;
  readonly does: "direct" | "ahead" | "asking" | "posting" | "bare";
  readonly threads: 1 | typeof THREADS;
  readonly pairs: number;
  readonly smokePairs: number;
}

const CONTESTANTS: readonly Contestant[] = [
  { name: "debit, then order: in the owner itself", does: "direct", threads: 1, pairs: 400_000, smokePairs: 100 },
  { name: "debit by compare-and-swap, order afterwards", does: "ahead", threads: 8, pairs: 40_000, smokePairs: 20 },
  { name: "ask the owner, through shared memory", does: "asking", threads: 1, pairs: 40_000, smokePairs: 20 },
  { name: "ask the owner, through shared memory", does: "asking", threads: 8, pairs: 10_000, smokePairs: 20 },
  { name: "ask the owner, by `postMessage`", does: "posting", threads: 1, pairs: 20_000, smokePairs: 20 },
  { name: "ask the owner, by `postMessage`", does: "posting", threads: 8, pairs: 5_000, smokePairs: 20 },
  { name: "cells alone: debit and give back", does: "bare", threads: 1, pairs: 400_000, smokePairs: 20 },
  { name: "cells alone: debit and give back", does: "bare", threads: 8, pairs: 100_000, smokePairs: 20 },
];

export async function benchLedger({ full }: { readonly full: boolean }): Promise<string> {
  const owners = [await LedgerOwner.open(1), await LedgerOwner.open(full ? MANY_TENANTS : 10)];
  const rates = CONTESTANTS.map(() => owners.map((): number[] => []));
  try {
    // The first round warms up.
    for (let round = 0; round <= (full ? ROUNDS : 0); round++) {
      for (const [index, contestant] of CONTESTANTS.entries()) {
        for (const [column, owner] of owners.entries()) {
          const rate = await owner.measure(contestant, full ? contestant.pairs : contestant.smokePairs);
          if (round > 0 || !full) rates[index]?.[column]?.push(rate);
        }
      }
    }
    for (const owner of owners) owner.check();
  } finally {
    for (const owner of owners) owner.close();
  }
  const rows = CONTESTANTS.map(({ name, threads }, index) => [
    name,
    String(threads),
    ...(rates[index] ?? []).map((samples) => thousands(median(samples))),
  ]);
  return markdownTable(["pairs of reserve and settle a second", "threads", "one hot tenant", "10,000 tenants"], rows);
}

/** The owner of a ledger, with its workers. */
class LedgerOwner {
  readonly #ledger = new Ledger();
  readonly #tenantCount: number;
  readonly #bell = Bell.buffer();
  readonly #workers: { readonly thread: Worker; readonly orders: Box; readonly answers: Box; readonly bell: Bell }[] =
    [];
  #sequence = 0;
  #settled = 0;

  private constructor(tenantCount: number) {
    this.#tenantCount = tenantCount;
    for (let tenant = 0; tenant < tenantCount; tenant++) {
      this.#fold(limit(`tenant ${tenant}`));
      const amountMicrocents = microcents(2n ** 62n);
      this.#fold({
        kind: "grant",
        tenant: `tenant ${tenant}`,
        amountMicrocents,
        id: `grant ${tenant}`,
        actor: "system:anna",
      });
    }
  }

  static async open(tenantCount: number): Promise<LedgerOwner> {
    const owner = new LedgerOwner(tenantCount);
    for (let index = 0; index < THREADS; index++) {
      const boxes = { orders: Box.buffer(), answers: Box.buffer(), workerBell: Bell.buffer() };
      const workerData: LedgerWorkerStart = {
        ...boxes,
        buffer: owner.#ledger.cells.buffer,
        ownerBell: owner.#bell,
        tenantCount,
        amount: AMOUNT,
        seed: SEED + index,
      };
      const thread = new Worker(new URL("./ledger-worker.ts", import.meta.url), { workerData });
      const [orders, answers] = [new Box(boxes.orders), new Box(boxes.answers)];
      owner.#workers.push({ thread, orders, answers, bell: new Bell(boxes.workerBell) });
    }
    await Promise.all(owner.#workers.map(({ thread }) => once(thread, "message")));
    return owner;
  }

  /** Pairs per second of all threads together. */
  async measure({ does, threads }: Contestant, pairs: number): Promise<number> {
    const workers = this.#workers.slice(0, threads);
    const start = performance.now();
    if (does === "direct") this.#direct(pairs);
    else {
      const ended = Promise.all(
        workers.map(({ thread }) => (does === "posting" ? this.#answer(thread) : once(thread, "message"))),
      );
      for (const { thread } of workers) thread.postMessage({ does, pairs });
      if (does === "ahead" || does === "asking") this.#serve(does === "ahead", pairs * threads);
      await ended;
    }
    return (pairs * threads) / ((performance.now() - start) / 1_000);
  }

  /** Checks for every tenant that the spent amount equals the settled amount, and that each cell equals its headroom. */
  check(): void {
    let settled = 0n;
    for (const account of this.#ledger.accounts()) {
      settled += account.settledMicrocents;
      if (
        account.reservedMicrocents !== 0n ||
        this.#ledger.cells.headroom(account.index) !== account.remainingMicrocents
      )
        throw new Error(`the money of ${account.tenant} is not where it should be`);
    }
    if (settled !== BigInt(this.#settled * AMOUNT)) throw new Error("what was settled is not what was reserved");
  }

  close(): void {
    for (const { thread } of this.#workers) thread.terminate();
  }

  #direct(pairs: number): void {
    const below = seededBelow(SEED);
    for (let pair = 0; pair < pairs; pair++) {
      const tenant = below(this.#tenantCount);
      if (!drive(this.#ledger.cells.reserve([tenant], BigInt(AMOUNT))))
        throw new Error("a reservation was refused, but the headroom covers all of them");
      this.#settle(this.#decide(tenant, true));
    }
  }

  /** Orders the workers' messages until `pairs` pairs are settled. */
  #serve(isAhead: boolean, pairs: number): void {
    const bell = new Bell(this.#bell);
    let left = pairs;
    while (left > 0) {
      let isIdle = true;
      for (const { orders, answers, bell: workerBell } of this.#workers) {
        for (let said = orders.take(); said !== undefined; said = orders.take()) {
          isIdle = false;
          if (said >= 0) answers.send(this.#decide(said, isAhead));
          else {
            this.#settle(-said);
            left -= 1;
            if (isAhead) continue;
            answers.send(0);
          }
          workerBell.ring();
        }
      }
      if (isIdle && left > 0) bell.sleepUnless(() => this.#workers.some(({ orders }) => !orders.isEmpty));
    }
  }

  /** Answers a worker's messages until it is done. */
  #answer(thread: Worker): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const answer = (said: number | string): void => {
      if (typeof said === "string") {
        thread.off("message", answer);
        resolve();
      } else if (said >= 0) thread.postMessage(this.#decide(said, false));
      else {
        this.#settle(-said);
        thread.postMessage(0);
      }
    };
    thread.on("message", answer);
    return promise;
  }

  #decide(tenant: number, isAhead: boolean): number {
    const entry: DecisionEntry = { ...TEMPLATE, tenant: `tenant ${tenant}` };
    const account = this.#ledger.account(`tenant ${tenant}`);
    if (account === undefined || !this.#ledger.admits(account, [tenant], BigInt(AMOUNT)))
      throw new Error("a reservation was refused, but the headroom covers all of them");
    if (isAhead) this.#ledger.preDebited(entry);
    return this.#fold(entry);
  }

  #settle(of: number): void {
    this.#fold({ kind: "settlement", of, actualMicrocents: microcents(BigInt(AMOUNT)), actor: "system:anna" });
    this.#settled += 1;
  }

  #fold(body: Parameters<Ledger["apply"]>[2]): number {
    this.#sequence += 1;
    this.#ledger.apply(this.#sequence, 0, body);
    return this.#sequence;
  }
}

const request = sampleRequest();
const { decision } = prescribe(samplePolicy(), request);
const TEMPLATE: DecisionEntry = {
  kind: "decision",
  policyId: 1,
  useCase: "default",
  defaulted: [],
  request,
  decision: { ...decision, costMicrocents: costMicrocents(BigInt(AMOUNT)) },
  identity: "f".repeat(64),
};

function limit(tenant: string): LimitEntry {
  return {
    kind: "limit",
    tenant,
    metered: true,
    onShortfall: "substitute",
    reservationSeconds: 60,
    actor: "system:anna",
  };
}

/** Rounds 1,234,567 to 1,230,000: two runs agree in three digits at most. */
function thousands(rate: number): string {
  return Number(rate.toPrecision(3)).toLocaleString("en-US");
}
