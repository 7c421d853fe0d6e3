/** One of eight threads that reserve and settle: directly in shared memory, or by requests to the owner of the ledger. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { LedgerView } from "../packages/engine/src/ledger/handle.ts";
import { seededBelow } from "./harness.ts";
import type { LedgerWorkerStart } from "./ledger.ts";
import { Bell, Box } from "./ledger-mailbox.ts";

const { buffer, orders, answers, ownerBell, workerBell, tenantCount, amount, seed } = workerData as LedgerWorkerStart;
/** Maximum number of reservations of one worker that wait to be ordered. */
const WINDOW = 32;
const view = new LedgerView({ buffer });
const [toOwner, fromOwner] = [new Box(orders), new Box(answers)];
const [owner, self] = [new Bell(ownerBell), new Bell(workerBell)];
const below = seededBelow(seed);
const port = parentPort as MessagePort;
const wanted = BigInt(amount);

/** Debits without waiting, and settles the reservations that were ordered in the meantime. */
function ahead(pairs: number): void {
  let [reserved, settled] = [0, 0];
  while (settled < pairs) {
    if (reserved < pairs && reserved - settled < WINDOW) {
      const tenant = below(tenantCount);
      if (!view.reserve([tenant], wanted))
        throw new Error("a reservation was refused, but the headroom covers all of them");
      send(tenant);
      reserved += 1;
    }
    let answer = fromOwner.take();
    if (answer === undefined && (reserved === pairs || reserved - settled === WINDOW)) answer = wait();
    for (; answer !== undefined; answer = fromOwner.take()) {
      send(-answer);
      settled += 1;
    }
  }
}

/** Requests each reservation and waits for the answer. */
function asking(pairs: number): void {
  for (let pair = 0; pair < pairs; pair++) {
    send(below(tenantCount));
    send(-wait());
    wait();
  }
}

/** The same with `postMessage`, as in a program without shared memory. */
async function posting(pairs: number): Promise<void> {
  for (let pair = 0; pair < pairs; pair++) {
    const of = await posted(below(tenantCount));
    await posted(-of);
  }
}

function posted(value: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  port.once("message", resolve);
  port.postMessage(value);
  return promise;
}

/** Debits and credits without ordering: the maximum rate of the cells. */
function bare(pairs: number): void {
  for (let pair = 0; pair < pairs; pair++) {
    const levels = [below(tenantCount)];
    if (!view.reserve(levels, wanted))
      throw new Error("a reservation was refused, but the headroom covers all of them");
    view.undo(levels, wanted);
  }
}

function send(value: number): void {
  toOwner.send(value);
  owner.ring();
}

function wait(): number {
  for (;;) {
    const answer = fromOwner.take();
    if (answer !== undefined) return answer;
    self.sleepUnless(() => !fromOwner.isEmpty);
  }
}

const ROUNDS = { ahead, asking, posting, bare };
port.on("message", async (round: { readonly does: keyof typeof ROUNDS; readonly pairs: number } | number) => {
  if (typeof round === "number") return;
  await ROUNDS[round.does](round.pairs);
  port.postMessage("done");
});
port.postMessage("ready");
