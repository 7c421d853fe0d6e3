import { parentPort, workerData } from "node:worker_threads";
import { LedgerView } from "../../../src/ledger/handle.ts";
import { History, REFUSED, RESERVED, UNDONE } from "./history.ts";
import { Mailbox } from "./mailbox.ts";
import { ORDERED, type ThreadStart } from "./threads.ts";

// One of eight: reserves ahead, hands most of it to the ordering thread, and undoes what was refused there.
const start = workerData as ThreadStart;
const view = new LedgerView(start.handle);
const history = new History(start.tickets, start.history);
const orders = new Mailbox(start.orders);
const answers = new Mailbox(start.answers);
const gate = new Int32Array(start.gate);
/** Amounts that the ordering thread has yet to answer, in order. */
const asked: number[] = [];
let random = start.seed;
let refusedInARow = 0;
const PATIENCE = 4;

parentPort?.postMessage("ready");
Atomics.wait(gate, 0, 0);
while (history.count < start.operations) {
  const amount = 1 + below(start.amountMax);
  if (reserve(amount) && (below(4) === 0 || !hand(amount))) undo(amount);
  hear();
  // Where there are fewer cores than threads, those who are refused would keep the one who could help from running.
  if (refusedInARow > PATIENCE) Atomics.wait(gate, 0, 1, 0.05);
}
while (asked.length > 0) hear();
Atomics.sub(gate, 1, 1);
parentPort?.postMessage("done");

function reserve(amount: number): boolean {
  const began = history.ticket();
  const isReserved = view.reserve([0], BigInt(amount));
  history.add(began, isReserved ? RESERVED : REFUSED, amount);
  refusedInARow = isReserved ? 0 : refusedInARow + 1;
  return isReserved;
}

function undo(amount: number): void {
  const began = history.ticket();
  view.undo([0], BigInt(amount));
  history.add(began, UNDONE, amount);
}

function hand(amount: number): boolean {
  if (!orders.send(amount)) return false;
  asked.push(amount);
  return true;
}

function hear(): void {
  for (let answer = answers.take(); answer !== undefined; answer = answers.take()) {
    const amount = asked.shift() ?? 0;
    if (answer !== ORDERED) undo(amount);
  }
}

/** xorshift32: the order of threads is not reproducible anyway. */
function below(limit: number): number {
  random ^= random << 13;
  random ^= random >>> 17;
  random ^= random << 5;
  return (random >>> 0) % limit;
}
