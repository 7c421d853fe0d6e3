/** One of eight threads that reserve and settle: by themselves, or by asking the owner of the ledger for each. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { LedgerView } from "../packages/engine/src/ledger/handle.ts";
import { seededBelow } from "./harness.ts";
import type { LedgerWorkerStart } from "./ledger.ts";
import { Bell, Box } from "./ledger-mailbox.ts";

const { buffer, orders, answers, ownerBell, workerBell, tenantCount, amount, seed } = workerData as LedgerWorkerStart;
/** Reservations of one worker that wait to be ordered. */
const WINDOW = 32;
const view = new LedgerView({ buffer });
const [toOwner, fromOwner] = [new Box(orders), new Box(answers)];
const [owner, self] = [new Bell(ownerBell), new Bell(workerBell)];
const below = seededBelow(seed);
const port = parentPort as MessagePort;
const wanted = BigInt(amount);

/** Debits, and goes on; what was ordered meanwhile is settled. */
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

/** Asks for each, and waits for the answer. */
function asking(pairs: number): void {
  for (let pair = 0; pair < pairs; pair++) {
    send(below(tenantCount));
    send(-wait());
    wait();
  }
}

/** The same by `postMessage`, which is what a program without shared memory would do. */
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

/** Debits and gives back, with nothing to be ordered: what the cells alone can do. */
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
